"""Prodigy's JSON Lines: spans, a label or chosen options, and whether the annotator accepted the example."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from adaptkit.data.formats.annotations import Annotations

TOOL = "Prodigy"
ANSWERS = ("accept", "reject", "ignore")
OWN_KEYS = frozenset({"_input_hash", "_task_hash", "_view_id", "_session_id", "_annotator_id", "_timestamp"})
LIKELY_KEYS = frozenset({"spans", "accept", "tokens", "label", "text", *OWN_KEYS})


def example_of(row: Mapping[str, Any], columns: Collection[str]) -> Annotations | None:
    """The annotations of an example; None for a row of another form.

    Args:
        row: the row.
        columns: the task's own columns; one of them may be named "answer".
    """
    answer = row.get("answer")
    own = OWN_KEYS & row.keys()
    if not own and (answer not in ANSWERS or not LIKELY_KEYS & row.keys()):
        return None
    if "answer" in columns and not own and "accept" not in row:
        return None
    rejected = answer in ANSWERS and answer != "accept"
    values = {name: value for name, value in row.items() if name != "answer" or answer not in ANSWERS}
    if _are_objects(values.get("tokens")):
        values["tokens"] = [token["text"] for token in values["tokens"]]
        if isinstance(values.get("text"), str):
            del values["tokens"]  # the spans are characters of the text
    values |= _options(row)
    return Annotations(
        tool=TOOL,
        values=values,
        marks=_marks(row),
        choices=_choices(row),
        left_out=f"its answer in Prodigy is {answer!r}" if rejected else "",
    )


def _are_objects(tokens: object) -> bool:
    return isinstance(tokens, list) and all(isinstance(one, Mapping) and "text" in one for one in tokens)


def _marks(row: Mapping[str, Any]) -> list[Any] | None:
    spans = row.get("spans")
    if spans is None:
        return None if {"label", "accept", "options"} & row.keys() else []
    return list(spans) if isinstance(spans, list) else None


def _choices(row: Mapping[str, Any]) -> list[str] | None:
    """The accepted options, or the label that was accepted as it is."""
    accepted = row.get("accept")
    if isinstance(accepted, list):
        return list(accepted)
    label = row.get("label")
    return [label] if isinstance(label, str) and "spans" not in row else None


def _options(row: Mapping[str, Any]) -> dict[str, Any]:
    """The options as the choices of a question, each with its id as label."""
    options = row.get("options")
    if not isinstance(options, list) or not all(isinstance(one, Mapping) and "id" in one for one in options):
        return {}
    return {"options": [{"label": one["id"], "text": one.get("text", str(one["id"]))} for one in options]}
