"""How much of a search is trained before its scores are known: pruning ends most trials early."""

from __future__ import annotations

import random

from adaptkit.search.pruning import trials_to_prune

NOISE = 0.3
"""How much a score after a rung differs from what the trial is worth, in units of what sets trials apart."""


def expected_rungs(trials: int, rungs: int, *, together: int, pruning: bool) -> int:
    """The rungs that all trials together are trained for, if their scores are as random numbers.

    Each trial is worth a random number, and a score is that number with noise. The pruning rule is the
    search's own. Patience ends trials earlier still, by how much nobody knows before.

    Args:
        trials: the trials of the search.
        rungs: the rungs of a complete trial.
        together: how many are trained at the same time.
        pruning: whether trials are pruned.
    """
    if not pruning:
        return trials * rungs
    draw = random.Random(0)  # noqa: S311 (no secret)
    ended: dict[int, list[float]] = {}
    running: dict[int, list[float]] = {}
    worth = [draw.gauss(0, 1) for _ in range(trials)]
    following = iter(range(trials))
    while len(ended) < trials:
        while len(running) < together and (number := next(following, None)) is not None:
            running[number] = []
        for number, scores in running.items():
            scores.append(draw.gauss(worth[number], NOISE))
        done = [number for number, scores in running.items() if len(scores) == rungs]
        ended |= {number: running.pop(number) for number in done}
        pruned = trials_to_prune(
            running, ended, metric="", direction="maximize", rungs=rungs, epochs=1, protected={0}
        )
        ended |= {number: running.pop(number) for number in pruned}
    return sum(map(len, ended.values()))
