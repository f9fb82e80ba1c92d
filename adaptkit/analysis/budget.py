"""Whether a study had enough trials: what the best of so many of them scores on average.

The mean over all choices of k of the study's n trials is the unbiased estimate of the expected best of k
(Tang et al. 2020, https://aclanthology.org/2020.acl-main.246, on Dodge et al. 2019,
https://aclanthology.org/D19-1224). It takes trials as draws that do not depend on one another. Later trials
of a search do, so a search may gain somewhat more.
"""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

from adaptkit.study.record import TrialRecord

FEWEST_TRIALS = 6
"""The gain of a doubling is not estimated from fewer trials with a score."""

DRAWS, MOST_NUMBERS = 1000, 1_000_000
"""Resamples of the trials, and the most numbers that are drawn for them."""

LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What the last doubling of the trials gained, on average over which trials came first."""

    trials: int
    """Those with a score."""

    half: int
    """Half as many."""

    best_of_half: float
    """The expected best score of ``half`` trials."""

    best: float
    """The best score of all."""

    gain: float
    """How much better ``best`` is; at least 0."""

    low: float
    high: float
    """The ends of the 95% interval of the gain, from resamples of the trials."""

    curve: Sequence[tuple[int, float]]
    """The number of trials → the expected best score of so many: 1, 2, 4 and so on, and all."""


def budget_of(trials: Sequence[TrialRecord], direction: str) -> Budget | None:
    """What the last doubling of a study's trials gained; None for few trials.

    Args:
        trials: all trials. A pruned one counts with the rung that it keeps.
        direction: "maximize" or "minimize".
    """
    sign = 1.0 if direction == "maximize" else -1.0
    found = [sign * one.score for one in trials if one.score is not None and math.isfinite(one.score)]
    count = len(found)
    if count < FEWEST_TRIALS:
        return None
    ordered = sorted(found)  # the worst first
    half = count // 2
    expected = {number: _mean(weights(count, number), ordered) for number in (*_doubled(count), half)}
    low, *_, high = quantiles(_resampled_gains(ordered, half), n=round(2 / (1 - LEVEL)), method="inclusive")
    return Budget(
        trials=count, half=half, best_of_half=sign * expected[half], best=sign * expected[count],
        gain=max(0.0, expected[count] - expected[half]), low=low, high=high,
        curve=[(number, sign * expected[number]) for number in _doubled(count)],
    )  # fmt: skip


def weights(count: int, chosen: int) -> list[float]:
    """The probability that each of ``count`` ordered trials is the best of ``chosen`` random ones.

    That of the trial at rank i, from 1, is C(i - 1, chosen - 1) / C(count, chosen).
    """
    all_choices = _log_choices(count, chosen)
    below = range(chosen - 1, count)  # how many trials are worse than one that can be the best
    return [0.0] * (chosen - 1) + [math.exp(_log_choices(worse, chosen - 1) - all_choices) for worse in below]


def _log_choices(total: int, chosen: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)


def _mean(weight: Sequence[float], values: Sequence[float]) -> float:
    return math.fsum(map(operator.mul, weight, values))


def _doubled(count: int) -> list[int]:
    """1, 2, 4 and so on below ``count``, and ``count``."""
    return [*(2**power for power in range((count - 1).bit_length())), count]


def _resampled_gains(ordered: Sequence[float], half: int) -> list[float]:
    """The gain of the last doubling in each resample of the trials."""
    count = len(ordered)
    draws = max(100, min(DRAWS, MOST_NUMBERS // count))
    draw, weight = random.Random(0), weights(count, half)  # noqa: S311
    samples = (sorted(draw.choices(ordered, k=count)) for _ in range(draws))
    return [max(0.0, sample[-1] - _mean(weight, sample)) for sample in samples]
