"""Which trials go on after a rung: successive halving among all that have got as far.

After an eighth, a quarter and a half of its training (`decision_rungs`), a trial goes on if its best
score so far is in the better half of what all trials of the study, living or ended, had reached by
the same rung of their own: successive halving (Jamieson and Talwalkar 2016,
https://arxiv.org/abs/1502.07943) in its asynchronous form (Li et al. 2018,
https://arxiv.org/abs/1810.05934), which needs no bracket to be full, with a halving rate of 2.
Why this one, for 4 to 20 trials and 2 to 12 rungs:

- Halving keeps 1 of 2; the usual third would leave 1 of 4 after a look at a fraction of an epoch, and
  a low learning rate that is still climbing looks just like a bad one then.
- The median stopping rule (Golovin et al. 2017, https://doi.org/10.1145/3097983.3098043) looks at every
  rung. Among trials that train together that is a halving at every rung, 8 to 2 in two of twelve.
  Deciding at rungs that double costs about as little and waits until scores have come apart.
- No decision falls before an eighth of the training, for until the warm-up (a tenth) is over a score
  tells the size of the learning rate and not much else.

Pure functions of the scores: no Optuna, no files, no state. The order of trials does not matter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import median

MINIMUM_SCORED = 4
"""How many trials must have got to a rung before anything is pruned there."""


def decision_rungs(rungs: int) -> tuple[int, ...]:
    """The positions, out of ``rungs``, after which trials may be pruned; never the last one.

    They are 1, 2 and 4 times an eighth of the training, rounded up: (1, 3, 7) of 12, (0, 1) of 4.
    """
    first = -(-rungs // 8)
    seen = [first * 2**doubling for doubling in range(3)]
    return tuple(count - 1 for count in seen if count < rungs)


def verdicts(
    living: Mapping[int, Sequence[float]],
    ended: Mapping[int, Sequence[float]],
    *,
    metric: str,
    direction: str,
    rungs: int,
    epochs: float,
    protected: Collection[int],
) -> dict[int, str]:
    """The trials that end here, each with the reason: ``{}`` if all go on.

    ``living`` and ``ended`` give each trial's finite scores, one a rung, counted from its own start;
    a living trial is judged at its last one. A trial trains ``rungs`` rungs, ``epochs`` epochs in all.
    The ``protected`` ones are never pruned, but the others are measured by them, too.
    """
    everyone = [*living.values(), *ended.values()]
    deciding = decision_rungs(rungs)
    reasons: dict[int, str] = {}
    for number, scores in living.items():
        rung = len(scores) - 1
        if number in protected or rung not in deciding:
            continue
        known = [_best(others[: rung + 1], direction) for others in everyone if len(others) > rung]
        middle, own = median(known), _best(scores, direction)
        if len(known) >= MINIMUM_SCORED and _worse(own, middle, direction):
            side = "below" if direction == "maximize" else "above"
            reasons[number] = (
                f"pruned after epoch {epochs * (rung + 1) / rungs:.2f}: {metric} {own:.3f},"
                f" {side} the median {middle:.3f} of {len(known)} trials"
            )
    return reasons


def _best(scores: Sequence[float], direction: str) -> float:
    return max(scores) if direction == "maximize" else min(scores)


def _worse(score: float, other: float, direction: str) -> bool:
    return score < other if direction == "maximize" else score > other
