"""Which trials continue after a rung: successive halving by the mean of a trial's scores so far.

After an eighth and a quarter of its training, a trial continues if the mean of its scores so far is in the
best third of all trials of the study, and after a half if it is in the best quarter (`CONTINUING`). This is
successive halving (Jamieson and Talwalkar 2016, https://arxiv.org/abs/1502.07943) in its asynchronous form
(Li et al. 2018, https://arxiv.org/abs/1810.05934), which does not wait for a bracket to fill. It differs in
three ways, chosen by replaying studies on learning curves (`benchmarks/curves`):

- Trials are compared by the mean of their scores, not by the best or the last one. A single score on a few
  dev rows is noisy, and the best of several is the luckiest.
- A share is one of all trials that were compared so far, those that were pruned before included.
- The trial with the best score of all so far continues, whatever its mean, because it is the most likely to
  win. Of equal ones that is the first.

No decision is made before an eighth of the training, because the warm-up takes a tenth. Until it ends, a
score mostly reflects the size of the learning rate.

These are pure functions of the scores. The order of the trials does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

CONTINUING: Mapping[float, int] = {1 / 8: 3, 1 / 4: 3, 1 / 2: 4}
"""Share of the training → one of how many of all trials continues after it."""

WORDS = {3: "third", 4: "quarter"}
"""How reasons name the share that continues."""

MINIMUM_SCORED = 4
"""The trials that must have been compared before any is pruned."""


def decision_rungs(rungs: int) -> dict[int, int]:
    """Rung, counted from 0 → one of how many trials continues after it; never the last of the ``rungs``.

    The rungs are at an eighth, a quarter and a half of the training, rounded up: 1, 2 and 5 of 12, 0 and 1
    of 4. Where two of them are one rung, the later share counts.
    """
    found = {math.ceil(rungs * share) - 1: one_of for share, one_of in CONTINUING.items()}
    return {rung: one_of for rung, one_of in found.items() if rung + 1 < rungs}


def trials_to_prune(
    running: Mapping[int, Sequence[float]],
    others: Mapping[int, Sequence[float]],
    *,
    metric: str,
    direction: str,
    rungs: int,
    epochs: float,
    protected: Collection[int],
    pruned: Collection[int] = (),
) -> dict[int, str]:
    """The trials to prune, each with the reason; empty if all continue.

    Args:
        running: trial number → its finite scores so far, one per rung. It is compared at its last rung.
        others: the same of trials that have ended, including those that end with this rung, and of trials
            that run elsewhere.
        metric: the name of the score, for the reason.
        direction: "maximize" or "minimize".
        rungs: the rungs that a complete trial trains for.
        epochs: the epochs that a complete trial trains for.
        protected: trials that are never pruned; they are still compared.
        pruned: the numbers of those in ``others`` that were pruned.
    """
    everyone = {**others, **running}
    deciding = decision_rungs(rungs)
    reasons: dict[int, str] = {}
    for number, scores in running.items():
        rung = len(scores) - 1
        if number in protected or rung not in deciding:
            continue
        known = [its[: rung + 1] for its in everyone.values() if len(its) > rung]
        before = sum(len(everyone[other]) <= rung for other in pruned)  # pruned before this rung
        total, one_of = len(known) + before, deciding[rung]
        last = _sorted(map(fmean, known), direction)[: math.ceil(total / one_of)][-1]
        leads = number == _leader(everyone, rung, direction)
        own = fmean(scores)
        if total >= MINIMUM_SCORED and not leads and _worse(own, last, direction):
            reasons[number] = (
                f"pruned after epoch {epochs * (rung + 1) / rungs:.2f}: mean {metric} {own:.3f},"
                f" the best {WORDS[one_of]} had {last:.3f}"
            )
    return reasons


def _leader(trials: Mapping[int, Sequence[float]], rung: int, direction: str) -> int:
    """The trial with the best score up to a rung; of equal ones the first, which a study prefers, too."""
    best = {number: _best(its[: rung + 1], direction) for number, its in trials.items() if len(its) > rung}
    top = _best(list(best.values()), direction)
    return min(number for number, score in best.items() if score == top)


def _sorted(scores: Collection[float] | map[float], direction: str) -> list[float]:
    """The best first."""
    return sorted(scores, reverse=direction == "maximize")


def _best(scores: Sequence[float], direction: str) -> float:
    return max(scores) if direction == "maximize" else min(scores)


def _worse(score: float, other: float, direction: str) -> bool:
    return score < other if direction == "maximize" else score > other
