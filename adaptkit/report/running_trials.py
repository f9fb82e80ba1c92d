"""The trials that are being trained, and the best scores so far, as a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from adaptkit.report import formatting
from adaptkit.study.record import TrialRecord

MOST_SHOWN = 8
IN_STEPS = ("lr", "batch", "epoch")
SOLVED = ("L2 penalty",)
"""The columns of trials that are trained in steps, and of those whose heads are solved."""


@dataclass
class _Running:
    hyperparameters: Mapping[str, float]
    epoch: float = 0.0
    scores: list[float] = field(default_factory=list)


class RunningTrials:
    """The trials that are being trained, and the scores of all: the best so far, or that at the end."""

    def __init__(self, direction: str) -> None:
        """No trial has started; ``direction`` is "maximize" or "minimize"."""
        self._better = max if direction == "maximize" else min
        self._running: dict[int, _Running] = {}
        self._best_of: dict[int, float] = {}
        self._complete: set[int] = set()

    def __len__(self) -> int:
        return len(self._running)

    def started(self, number: int, hyperparameters: Mapping[str, float]) -> None:
        """A trial has started to train."""
        self._running[number] = _Running(hyperparameters)

    def scored(self, number: int, epoch: float, score: float) -> None:
        """A trial was scored after ``epoch`` epochs."""
        trial = self._running.setdefault(number, _Running({}))
        trial.epoch = epoch
        if math.isfinite(score):
            trial.scores.append(score)
            self._best_of[number] = self._better(score, self._best_of.get(number, score))

    def ended(self, record: TrialRecord) -> None:
        """A trial has ended, in this run or in an earlier one."""
        self._running.pop(record.number, None)
        self._best_of.pop(record.number, None)
        if record.state != "fail" and record.score is not None and math.isfinite(record.score):
            self._best_of[record.number] = record.score
        if record.state == "complete":
            self._complete.add(record.number)

    def best(self) -> tuple[int, float] | None:
        """The number and the score of the best trial; None without any score."""
        return self._best_among(self._best_of)

    def best_complete(self) -> tuple[int, float] | None:
        """The same of the complete trials, of which one will win; a pruned trial cannot."""
        return self._best_among(self._complete & self._best_of.keys())

    def _best_among(self, numbers: Iterable[int]) -> tuple[int, float] | None:
        # In order of the numbers: of equal trials the earlier one wins.
        number = self._better(sorted(numbers), key=self._best_of.__getitem__, default=None)
        return None if number is None else (number, self._best_of[number])

    def table(self, metric: str, text: Callable[[str], Text]) -> RenderableType:
        """The best of the trials that are being trained, with their scores so far.

        Args:
            metric: the name of the score.
            text: makes any text safe to show.
        """
        table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
        solved = any("l2" in trial.hyperparameters for trial in self._running.values())
        for name in ("trial", *(SOLVED if solved else IN_STEPS), f"best {metric}"):
            table.add_column(text(name), justify="right", no_wrap=True, overflow="crop")
        if not solved:
            table.add_column(text("rungs"), style="cyan", no_wrap=True, overflow="crop")
        order = sorted(self._running, key=lambda number: -self._rank(number))
        for number in order[:MOST_SHOWN]:
            table.add_row(*map(text, self._solved(number) if solved else self._cells(number)))
        left = len(order) - MOST_SHOWN
        if left <= 0:
            return table
        more = text(f"and {left} more")
        more.stylize("dim")
        return Group(table, more)

    def _cells(self, number: int) -> list[str]:
        trial, all_scores = self._running[number], [s for one in self._running.values() for s in one.scores]
        spark = formatting.spark(trial.scores, min(all_scores), max(all_scores), 16) if all_scores else ""
        values = self._values(number, ("learning_rate", "batch_size"))
        return [str(number), *values, f"{trial.epoch:.2f}", self._best_score(number), spark]

    def _solved(self, number: int) -> list[str]:
        return [str(number), *self._values(number, ("l2",)), self._best_score(number)]

    def _values(self, number: int, names: Iterable[str]) -> list[str]:
        given = self._running[number].hyperparameters
        return [formatting.hyperparameter(name, given.get(name)) for name in names]

    def _best_score(self, number: int) -> str:
        return formatting.score(self._best_of.get(number))

    def _rank(self, number: int) -> float:
        sign = 1.0 if self._better is max else -1.0
        return sign * self._best_of[number] if number in self._best_of else -math.inf
