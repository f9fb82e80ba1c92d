"""The transformers class of an encoder with a task's head, from the tag that the task names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.errors import TaskError

if TYPE_CHECKING:
    from adaptkit.task import Task

MASKED_LM = "masked-lm"
"""The head that predicts masked tokens. Its model is an encoder for other tasks, and is saved complete."""

AUTO_HEADS = {
    "token-classification": "AutoModelForTokenClassification",
    "sequence-classification": "AutoModelForSequenceClassification",
    "question-answering": "AutoModelForQuestionAnswering",
    "multiple-choice": "AutoModelForMultipleChoice",
    MASKED_LM: "AutoModelForMaskedLM",
}
"""Name of a head → the transformers class of an encoder with this head."""


def head_class_of(task: Task) -> str:
    """The class for the task's head; `adaptkit.models.custom_head.OWN_HEAD` for a head of its own.

    Raises:
        TaskError: the task names an unknown head.
    """
    from adaptkit.models.custom_head import OWN_HEAD

    if not isinstance(task.head, str):
        return OWN_HEAD
    if task.head not in AUTO_HEADS:
        raise TaskError(
            f"task {task.name!r} asks for the unknown head {task.head!r}",
            expected=f"one of {', '.join(AUTO_HEADS)}, or a function that returns a head",
            next_step="Change the head in the task's plugin, or report this to its author.",
            code="unknown-head",
        )
    return AUTO_HEADS[task.head]
