"""How much of a search is trained, before its scores are known: most trials end early."""

from __future__ import annotations

import random

from adaptkit.search.pruning import trials_to_prune

NOISE = 0.3
"""How much a score after a rung differs from what the trial is worth, in units of what sets trials apart."""


SPARED_BY_PATIENCE = 0.13
"""The share of its rungs that a trial is spared, if it ends after half of them without a better score: the
mean of the 52 trials of 6 rungs in benchmarks/curves."""


def rungs_with_patience(rungs: int, patience: int) -> float:
    """The rungs of a trial that is not pruned, on average.

    What is measured is a patience of half of the rungs; others are in proportion.

    Args:
        rungs: the rungs of a complete trial.
        patience: after so many rungs in a row without a better score a trial ends; 0 for no such end.
    """
    if not patience or patience >= rungs:
        return float(rungs)
    return rungs * (1 - SPARED_BY_PATIENCE * 2 * (1 - patience / rungs))


def expected_rungs(trials: int, rungs: int, *, together: int, pruning: bool, patience: int = 0) -> float:
    """The rungs that all trials together are trained for, if their scores are as random numbers.

    Each trial is worth a random number, and a score is that number with noise. The pruning rule is the
    search's own.

    Args:
        trials: the trials of the search.
        rungs: the rungs of a complete trial.
        together: how many are trained at the same time.
        pruning: whether trials are pruned.
        patience: as in `rungs_with_patience`.
    """
    complete = rungs_with_patience(rungs, patience)
    counts = _simulated(trials, rungs, together) if pruning else [rungs] * trials
    return sum(complete if count == rungs else count for count in counts)


def _simulated(trials: int, rungs: int, together: int) -> list[int]:
    """The rungs of each trial with pruning."""
    draw = random.Random(0)  # noqa: S311 (no secret)
    ended: dict[int, list[float]] = {}
    running: dict[int, list[float]] = {}
    pruned: set[int] = set()
    worth = [draw.gauss(0, 1) for _ in range(trials)]
    following = iter(range(trials))
    while len(ended) < trials:
        while len(running) < together and (number := next(following, None)) is not None:
            running[number] = []
        for number, scores in running.items():
            scores.append(draw.gauss(worth[number], NOISE))
        done = [number for number, scores in running.items() if len(scores) == rungs]
        ended |= {number: running.pop(number) for number in done}
        new = trials_to_prune(
            running, ended, metric="", direction="maximize", rungs=rungs, epochs=1, protected={0},
            pruned=pruned,
        )  # fmt: skip
        pruned |= new.keys()
        ended |= {number: running.pop(number) for number in new}
    return [len(scores) for scores in ended.values()]
