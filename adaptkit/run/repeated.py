"""How many trainings the confirmation takes, before the trials have scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.run.confirmation import CANDIDATES_WHERE_ASKED
from adaptkit.run.resolve import strategy_of
from adaptkit.search.confirmation import MOST_CANDIDATES, MOST_RUNS, runs_for
from adaptkit.study.confirmation import FEWEST_TRIALS

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig


@dataclass(frozen=True)
class Repeated:
    """So many configurations are trained again, each so many times."""

    candidates: int
    runs: int
    kept: int
    """The runs whose weights are kept."""

    @property
    def total(self) -> int:
        """All trainings."""
        return self.candidates * self.runs


def repeated(config: StudyConfig, trainings: int, *, averages: bool = False) -> Repeated:
    """What is trained again after a search that took as much as so many complete trainings.

    Where the weights of the winner's runs are averaged, those of all its runs are kept.
    """
    asked, trials = config.search.confirm, config.search.trials
    if asked == 0 or trials < 2 or (asked is None and trials < FEWEST_TRIALS):
        return Repeated(0, 0, 0)
    if strategy_of(config).trains_encoder:
        most, runs = runs_for(trainings) if asked is None else (CANDIDATES_WHERE_ASKED, asked)
    else:
        most, runs = MOST_CANDIDATES, MOST_RUNS if asked is None else asked
    candidates = min(most, trials)
    return Repeated(candidates, runs, candidates + (runs - 1 if averages else 0))
