"""Writes ``predict.py``: a short program beside ``model.onnx`` that predicts without adaptkit and torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from adaptkit.task import Task

SCRIPT = "predict.py"
TEMPLATE = "predict.py.jinja"

USAGE = {
    "choice": '"a question ||| a choice ||| another choice" ...',
    "answer": '"a question ||| a context" ...',
}
NOTES = {
    "tags": "The words are those between spaces.",
    "token-labels": "The words are those between spaces.",
    "outputs": "It prints the outputs of the head; what they mean is up to the task's plugin.",
    "answer": "It reads the first window of a context only.",
}


def script(
    task: Task,
    labels: Sequence[str],
    options: Mapping[str, Any],
    tokenizer: PreTrainedTokenizerBase,
    *,
    pooling: str,
) -> str:
    """The program's text.

    Args:
        task: the task as its plugin makes it, with its own head.
        labels: the names of the head's outputs.
        options: the task's options.
        tokenizer: the model's tokenizer.
        pooling: how the model's head pools.
    """
    import jinja2

    kind = _kind(task, labels, options)
    pair = bool(task.text_pair)
    usage = USAGE.get(kind, '"a text ||| another text" ...' if pair else '"a text" "another text" ...')
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)  # noqa: S701 (Python)
    template = environment.from_string(Path(__file__).with_name(TEMPLATE).read_text(encoding="utf-8"))
    return template.render(
        kind=kind, pair=pair, apart=pooling == "pair", usage=usage, note=NOTES.get(kind, ""),
        pad_id=tokenizer.pad_token_id, pad_token=json.dumps(str(tokenizer.pad_token)),
        sequences=options.get("decoding") == "viterbi" and any(label.startswith("I-") for label in labels),
    )  # fmt: skip


def _kind(task: Task, labels: Sequence[str], options: Mapping[str, Any]) -> str:
    """What the program prints, from the head that the task names and its settings."""
    several = task.config_overrides.get("problem_type") == "multi_label_classification"
    if task.head == "token-classification" and several:
        return "token-labels"
    if task.head == "sequence-classification":
        if several:
            return "labels"
        scaled = {"lowest", "highest"} <= options.keys()
        return "class" if labels else "scale" if scaled else "number"
    kinds = {"token-classification": "tags", "multiple-choice": "choice", "question-answering": "answer"}
    return kinds.get(task.head, "outputs") if isinstance(task.head, str) else "outputs"
