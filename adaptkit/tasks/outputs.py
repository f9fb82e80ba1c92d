"""What the logits of a task's head say, so that code without adaptkit can turn them into labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptkit.tasks.calls import Guarded
from adaptkit.tasks.classification import most_probable_class

if TYPE_CHECKING:
    from adaptkit.task import Task

SEVERAL = "multi_label_classification"
"""The ``problem_type`` of transformers' configuration in which each label has a probability of its own."""


def gives(task: Task) -> str:
    """What the logits of a text say.

    Returns:
        "label" for the most probable class, "labels" for all that are probable enough, "pair" for the head of
        a task on two texts, and "other" for a head whose outputs only the task can read.
    """
    if task.text_pair:
        return "pair"
    if task.head != "sequence-classification":
        return "other"
    if task.config_overrides.get("problem_type") == SEVERAL and task.calibrate is not None:
        return "labels"
    return "label" if _own(task.decode) is most_probable_class and task.calibrate is None else "other"


def _own(part: Any) -> Any:
    """A part as the plugin has it, without the guard of its calls."""
    return part.part if isinstance(part, Guarded) else part
