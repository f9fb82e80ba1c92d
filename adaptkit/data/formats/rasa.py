"""Rasa NLU's training data, in YAML and JSON: texts with an intent and with entities."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from adaptkit.data.rows import RawRow, shortened
from adaptkit.data.text import whole_text
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

TOOL = "Rasa NLU"
JSON_KEY = "rasa_nlu_data"

_ENTITY = re.compile(r"\[(?P<text>[^\]]+)\](?:\((?P<name>[^)]+)\)|(?P<more>\{[^}]+\}))")
"""``[Berlin](city)`` and ``[Berlin]{"entity": "city", "value": "berlin"}``."""


def is_yaml(path: Path) -> bool:
    """Whether the suffix is one of YAML's."""
    return path.suffix.lower() in (".yml", ".yaml")


def yaml_rows(path: Path) -> Iterator[RawRow]:
    """The examples of the intents in a YAML file; synonyms, lookup tables and expressions are left out."""
    document = _loaded(path)
    sections = document.get("nlu") if isinstance(document, dict) else None
    if not isinstance(sections, list):
        raise DataError(
            f"{path}: no list under the key 'nlu'"
            + (f"; its keys are {', '.join(map(str, document))}" if isinstance(document, dict) else ""),
            expected="training data of Rasa NLU: nlu: with intents and their examples",
            next_step="Choose the file with the NLU examples, or save the rows as JSON Lines or CSV",
            code="not-rasa",
        )
    intents = (one for one in sections if isinstance(one, dict) and "intent" in one)
    for intent in intents:
        for number, example in enumerate(_examples(intent.get("examples")), start=1):
            yield _row(
                f"{path} intent {shortened(intent['intent'])} example {number}", intent["intent"], example
            )


def json_examples(document: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The examples of a document in Rasa's JSON; None for another document."""
    data = document.get(JSON_KEY)
    examples = data.get("common_examples") if isinstance(data, Mapping) else None
    if not isinstance(examples, list):
        return None
    return [_json_row(one) if isinstance(one, Mapping) else one for one in examples]


def _json_row(example: Mapping[str, Any]) -> dict[str, Any]:
    entities = example.get("entities") or []
    row: dict[str, Any] = {**example, "entities": entities}
    return (
        {**row, "label": example["intent"], "labels": [example["intent"]]} if example.get("intent") else row
    )


def _loaded(path: Path) -> Any:
    try:
        import yaml
    except ImportError:
        raise DataError(
            f"{path}: a YAML file is read by PyYAML, which is not installed",
            expected="PyYAML, or the same data as JSON Lines or CSV",
            next_step="Install it: pip install pyyaml",
            code="extra-missing",
        ) from None
    try:
        return yaml.safe_load(whole_text(path))
    except (yaml.YAMLError, RecursionError) as error:
        raise DataError(
            f"{path}: not YAML: {' '.join(str(error).split())}",
            expected="training data of Rasa NLU",
            next_step="Correct the file at this place",
            code="bad-yaml",
        ) from None


def _examples(examples: object) -> Iterator[str]:
    """The texts of an intent: lines that start with a dash, or a list."""
    if isinstance(examples, str):
        for line in examples.splitlines():
            if text := line.strip().removeprefix("-").strip():
                yield text
    elif isinstance(examples, list):
        for one in examples:
            given = one.get("text") if isinstance(one, dict) else one
            if isinstance(given, str) and given.strip():
                yield given.strip().removeprefix("- ")


def _row(origin: str, intent: object, example: str) -> RawRow:
    text, end = "", 0
    marks: list[dict[str, Any]] = []
    for match in _ENTITY.finditer(example):
        text += example[end : match.start()]
        name = str(match["name"] or _entity_name(match["more"]))
        if not name:
            return RawRow(origin, {}, f"{shortened(match[0])} is not an entity of Rasa")
        marks.append({"start": len(text), "end": len(text) + len(match["text"]), "label": name})
        text += match["text"]
        end = match.end()
    text += example[end:]
    row = {"text": text, "intent": intent, "label": intent, "labels": [intent], "entities": marks}
    return RawRow(origin, row, notes=(TOOL,))


def _entity_name(more: str) -> str:
    """The type of an entity in the long form; empty if it is malformed."""
    try:
        return str(json.loads(more)["entity"])
    except (ValueError, KeyError, TypeError):
        return ""
