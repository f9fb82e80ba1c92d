"""Which trials go on after a rung: successive halving among all that have got as far.

After an eighth, a quarter and a half of its training (`decision_rungs`), a trial goes on if its best
score so far is in the best third of what all trials of the study, living or ended, had reached by
the same rung of their own: successive halving (Jamieson and Talwalkar 2016,
https://arxiv.org/abs/1502.07943) in its asynchronous form (Li et al. 2018,
https://arxiv.org/abs/1810.05934), which needs no bracket to be full, with a rate of 3. Why this one:

- Sixteen trials of three epochs that start together come to some five whole ones by count of rungs, the
  default's included, which is never pruned; a rate of 2 to some six. `benchmarks/speed` can measure it.
- A third is rounded up, so that two of the first four go on: a low learning rate that is still
  climbing looks just like a bad one after a fraction of an epoch.
- The median stopping rule (Golovin et al. 2017, https://doi.org/10.1145/3097983.3098043) looks at every
  rung. Deciding at rungs that double costs less and waits until scores have come apart.
- No decision falls before an eighth of the training, for until the warm-up (a tenth) is over a score
  tells the size of the learning rate and not much else.

Pure functions of the scores: no Optuna, no files, no state. The order of trials does not matter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

RATE = 3
"""One of so many trials goes on after a decision."""

MINIMUM_SCORED = 4
"""How many trials must have got to a rung before anything is pruned there."""


def decision_rungs(rungs: int) -> tuple[int, ...]:
    """The positions, out of ``rungs``, after which trials may be pruned; never the last one.

    An eighth, a quarter and a half of the training, each rounded up: (1, 2, 5) of 12, (0, 1) of 4.
    """
    seen = {-(-rungs * eighths // 8) for eighths in (1, 2, 4)}
    return tuple(sorted(count - 1 for count in seen if count < rungs))


def trials_to_prune(
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
    a living trial is judged at its last one. One that ends with this rung has ended. A trial trains
    ``rungs`` rungs, ``epochs`` epochs in all.
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
        last, own = _last_of_the_best(known, direction), _best(scores, direction)
        if len(known) >= MINIMUM_SCORED and _worse(own, last, direction):
            reasons[number] = (
                f"pruned after epoch {epochs * (rung + 1) / rungs:.2f}: {metric} {own:.3f},"
                f" the best third had {last:.3f}"
            )
    return reasons


def _last_of_the_best(scores: Sequence[float], direction: str) -> float:
    """The last score that is in the best ``1 / RATE`` of these, rounded up."""
    return sorted(scores, reverse=direction == "maximize")[-(-len(scores) // RATE) - 1]


def _best(scores: Sequence[float], direction: str) -> float:
    return max(scores) if direction == "maximize" else min(scores)


def _worse(score: float, other: float, direction: str) -> bool:
    return score < other if direction == "maximize" else score > other
