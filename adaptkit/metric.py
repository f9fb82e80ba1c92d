"""The contract of metrics: of each task, and of plugins in the group ``adaptkit.metrics``.

A plugin's entry point is a factory that returns a `Metric`; its keyword arguments are the metric's options
(``--metric-option KEY=VALUE``). The metric receives predictions and rows in the task's own form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Direction = Literal["maximize", "minimize"]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The result of a metric."""

    values: Mapping[str, float]
    """Each reported number by its name, including the optimised one."""

    groups: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """The same or other numbers per class, entity type, ...; shown as a table in the report."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """How predictions are scored. One number is optimised; several may be reported."""

    name: str
    """The number that is optimised unless ``--metric`` names another."""

    direction: Direction

    compute: Callable[[Sequence[Any], Sequence[Mapping[str, Any]]], Scores]
    """``(predictions, rows)``: one prediction per row, in the rows' order."""

    others: Mapping[str, Direction] = field(default_factory=dict)
    """The other reported numbers that ``--metric`` may name, each with its direction."""

    description: str = ""
    """What the number ``name`` is, in a few words, if the name alone does not say it."""

    groups_title: str = "class"
    """What one line of `Scores.groups` stands for: "class", "entity type", ..."""
