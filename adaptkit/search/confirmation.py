"""Which configurations are confirmed, and with how many runs."""

from __future__ import annotations

from collections.abc import Sequence

from adaptkit.study.record import TrialRecord, best_trial

MOST_CANDIDATES, MOST_RUNS, FEWEST_RUNS = 4, 5, 2


def candidates(records: Sequence[TrialRecord], direction: str, most: int) -> list[int]:
    """The trials to confirm: the best ones with different configurations, and the default, which comes last.

    Args:
        records: all trials.
        direction: "maximize" or "minimize".
        most: the number of candidates, with the default.

    Returns:
        The numbers of the trials; empty if no other configuration than the default has a score. A default
        that failed is one of them, too: it may have failed by its seed alone.
    """
    default = next((one for one in records if one.is_default and not one.interrupted), None)
    if default is None:
        return []
    seen, left = [default.hyperparameters], list(records)
    chosen: list[int] = []
    while len(chosen) < most - 1 and (best := best_trial(left, direction)) is not None:
        left.remove(best)
        if best.hyperparameters not in seen:
            seen.append(best.hyperparameters)
            chosen.append(best.number)
    return [*chosen, default.number] if chosen else []


def affordable(records: Sequence[TrialRecord], rungs: int) -> tuple[int, int]:
    """The candidates and the runs of each that take about as much training as the search did.

    More candidates than two only with three runs of each at least. At the least it is two candidates with
    two runs.

    Args:
        records: all trials.
        rungs: the rungs of a complete trial.
    """
    return runs_for(sum(len(record.rungs) for record in records) // max(rungs, 1))


def runs_for(trainings: int) -> tuple[int, int]:
    """The candidates and the runs of each after a search that took as much as so many complete trainings."""
    for count in range(MOST_CANDIDATES, 2, -1):
        if trainings // count > FEWEST_RUNS:
            return count, min(MOST_RUNS, trainings // count)
    return 2, min(MOST_RUNS, max(FEWEST_RUNS, trainings // 2))
