"""Rules of pruning that `benchmarks.curves.pruning` compares. More is better in all of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence

from adaptkit.search.pruning import trials_to_prune
from benchmarks.curves.studies import Rule, Scores

FEWEST = 4
"""The trials that must have reached a rung before any is pruned there."""

Summary = Callable[[Sequence[float]], float]
"""A trial's scores so far → what it is compared by."""


def none(running: Scores, ended: Scores, rungs: int) -> set[int]:
    """No pruning."""
    return set()


def adaptkits(running: Scores, ended: Scores, rungs: int) -> set[int]:
    """The rule of adaptkit."""
    return set(
        trials_to_prune(
            running,
            ended,
            metric="dev",
            direction="maximize",
            rungs=rungs,
            epochs=math.nan,
            protected=(),
            pruned={number for number, scores in ended.items() if len(scores) < rungs},
        )
    )


def last_two(scores: Sequence[float]) -> float:
    """The mean of the last two scores."""
    return statistics.fmean(scores[-2:])


def best_two(scores: Sequence[float]) -> float:
    """The mean of the best two scores."""
    return statistics.fmean(sorted(scores)[-2:])


def halving(factors: Mapping[float, float], by: Summary = max, margin: float = 0.0) -> Rule:
    """Successive halving: at a share of the training, one of so many trials continues.

    Args:
        factors: share of the training → one of how many trials continues after it.
        by: what trials are compared by.
        margin: trials that are worse by less continue, too.
    """

    def rule(running: Scores, ended: Scores, rungs: int) -> set[int]:
        at = {math.ceil(rungs * share) - 1: factor for share, factor in factors.items()}
        pruned = set()
        for number, scores in running.items():
            rung = len(scores) - 1
            known = _at(rung, running, ended, by)
            if rung in at and rung < rungs - 1 and len(known) >= FEWEST:
                last = sorted(known, reverse=True)[max(1, math.ceil(len(known) / at[rung])) - 1]
                if by(scores) < last - margin:
                    pruned.add(number)
        return pruned

    return rule


def within(margin: float, shares: Sequence[float], by: Summary = max) -> Rule:
    """Trials continue that are worse than the best by at most a margin."""
    return halving(dict.fromkeys(shares, math.inf), by, margin)


def median_stopping(start: float) -> Rule:
    """The median stopping rule (Golovin et al. 2017), after a share of the training."""

    def rule(running: Scores, ended: Scores, rungs: int) -> set[int]:
        pruned = set()
        for number, scores in running.items():
            known = _at(len(scores) - 1, running, ended, statistics.fmean)
            late = start * rungs <= len(scores) < rungs
            if late and len(known) >= FEWEST and max(scores) < statistics.median(known):
                pruned.add(number)
        return pruned

    return rule


def _at(rung: int, running: Scores, ended: Scores, by: Summary) -> list[float]:
    """What all trials that have reached a rung are compared by there."""
    return [by(its[: rung + 1]) for its in (*running.values(), *ended.values()) if len(its) > rung]


def of_all(factors: Mapping[float, float], by: Summary = statistics.fmean, *, leader: bool = True) -> Rule:
    """Successive halving where the share that continues is one of all trials compared so far.

    Args:
        factors: share of the training → one of how many of all trials continues after it.
        by: what trials are compared by.
        leader: whether a trial with the best score so far continues, whatever it is compared by.
    """

    def rule(running: Scores, ended: Scores, rungs: int) -> set[int]:
        at = {math.ceil(rungs * share) - 1: factor for share, factor in factors.items()}
        pruned = set()
        for number, scores in running.items():
            rung = len(scores) - 1
            known = _at(rung, running, ended, by)
            total = len(known) + sum(0 < len(its) <= rung for its in ended.values())
            if rung in at and rung < rungs - 1 and total >= FEWEST:
                last = sorted(known, reverse=True)[: max(1, math.ceil(total / at[rung]))][-1]
                leads = leader and max(scores) == max(_at(rung, running, ended, max))
                if by(scores) < last and not leads:
                    pruned.add(number)
        return pruned

    return rule


EVERY_LATER = tuple(tenths / 10 for tenths in range(3, 10))
RULES: dict[str, Rule] = {
    "adaptkit's": adaptkits,
    "best third at 1/8, 1/4, 1/2": halving({1 / 8: 3, 1 / 4: 3, 1 / 2: 3}),
    "the same, by the mean": halving({1 / 8: 3, 1 / 4: 3, 1 / 2: 3}, statistics.fmean),
    "the same, by the last two": halving({1 / 8: 3, 1 / 4: 3, 1 / 2: 3}, last_two),
    "the same, by the best two": halving({1 / 8: 3, 1 / 4: 3, 1 / 2: 3}, best_two),
    "the same, within 1 point": halving({1 / 8: 3, 1 / 4: 3, 1 / 2: 3}, margin=0.01),
    "best half at 1/8, 1/4, 1/2": halving({1 / 8: 2, 1 / 4: 2, 1 / 2: 2}),
    "best third at 1/4, 1/2": halving({1 / 4: 3, 1 / 2: 3}),
    "best half at 1/4, 1/2": halving({1 / 4: 2, 1 / 2: 2}),
    "best third at 3/8": halving({3 / 8: 3}),
    "best third at 1/2": halving({1 / 2: 3}),
    "best at 1/2": halving({1 / 2: math.inf}),
    "best half at 1/4, best at 1/2": halving({1 / 4: 2, 1 / 2: math.inf}),
    "within 1 point of the best at 1/4, 1/2": within(0.01, (1 / 4, 1 / 2)),
    "within 2 points of the best at 1/4, 1/2": within(0.02, (1 / 4, 1 / 2)),
    "within 2 points of the best at each rung from 1/4": within(0.02, EVERY_LATER),
    "median stopping from 1/4": median_stopping(1 / 4),
    "of all: 1/3, 1/3, 1/4 at 1/8, 1/4, 1/2, by the best": of_all({1 / 8: 3, 1 / 4: 3, 1 / 2: 4}, max),
    "the same, by the mean, without the leader": of_all({1 / 8: 3, 1 / 4: 3, 1 / 2: 4}, leader=False),
    "of all: 1/2, 1/3, 1/4, by the mean, with the leader": of_all({1 / 8: 2, 1 / 4: 3, 1 / 2: 4}),
    "of all: 1/2, 1/4, 1/4, by the mean, with the leader": of_all({1 / 8: 2, 1 / 4: 4, 1 / 2: 4}),
    "of all: 1/3, 1/4, 1/8, by the mean, with the leader": of_all({1 / 8: 3, 1 / 4: 4, 1 / 2: 8}),
    "of all: 1/2, 1/3, 1/8, by the mean, with the leader": of_all({1 / 8: 2, 1 / 4: 3, 1 / 2: 8}),
    "of all: 1/4 at 1/4, by the mean, with the leader": of_all({1 / 4: 4}),
}
"""What is compared, by name."""
