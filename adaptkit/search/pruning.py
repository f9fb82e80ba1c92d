"""Which trials continue after a rung: asynchronous successive halving.

After an eighth, a quarter and a half of its training (`decision_rungs`), a trial continues if its best score
so far is in the best third of the scores that all trials of the study, running or ended, had reached by the
same rung. This is successive halving (Jamieson and Talwalkar 2016, https://arxiv.org/abs/1502.07943) in its
asynchronous form (Li et al. 2018, https://arxiv.org/abs/1810.05934) with a reduction factor of 3. The
asynchronous form does not wait for a bracket to fill. The reasons for this choice:

- Sixteen trials of three epochs that start together take about as many rungs as five complete trials. This
  includes the default, which is never pruned. A reduction factor of 2 takes about as many as six.
  `benchmarks/speed` measures it.
- The third is rounded up, so two of the first four trials continue. After a fraction of an epoch, a low
  learning rate whose score still rises looks the same as a bad one.
- The median stopping rule (Golovin et al. 2017, https://doi.org/10.1145/3097983.3098043) decides at every
  rung. Deciding at rungs that double costs less, and gives the scores time to differ.
- No decision is made before an eighth of the training, because the warm-up takes a tenth. Until it ends, a
  score mostly reflects the size of the learning rate.

These are pure functions of the scores. The order of the trials does not matter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

REDUCTION_FACTOR = 3
"""One of this many trials continues after a decision."""

MINIMUM_SCORED = 4
"""The trials that must have reached a rung before any is pruned there."""


def decision_rungs(rungs: int) -> tuple[int, ...]:
    """The rungs, counted from 0, after which trials may be pruned; never the last of the ``rungs``.

    They are at an eighth, a quarter and a half of the training, rounded up: (1, 2, 5) of 12, (0, 1) of 4.
    """
    seen = {-(-rungs * eighths // 8) for eighths in (1, 2, 4)}
    return tuple(sorted(count - 1 for count in seen if count < rungs))


def trials_to_prune(
    running: Mapping[int, Sequence[float]],
    ended: Mapping[int, Sequence[float]],
    *,
    metric: str,
    direction: str,
    rungs: int,
    epochs: float,
    protected: Collection[int],
) -> dict[int, str]:
    """The trials to prune, each with the reason; empty if all continue.

    Args:
        running: trial number → its finite scores so far, one per rung. It is compared at its last rung.
        ended: the same of trials that have ended, including those that end with this rung.
        metric: the name of the score, for the reason.
        direction: "maximize" or "minimize".
        rungs: the rungs that a complete trial trains for.
        epochs: the epochs that a complete trial trains for.
        protected: trials that are never pruned; the others are still compared with them.
    """
    everyone = [*running.values(), *ended.values()]
    deciding = decision_rungs(rungs)
    reasons: dict[int, str] = {}
    for number, scores in running.items():
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
    """The worst score of the best ``1 / REDUCTION_FACTOR``, rounded up."""
    return sorted(scores, reverse=direction == "maximize")[-(-len(scores) // REDUCTION_FACTOR) - 1]


def _best(scores: Sequence[float], direction: str) -> float:
    return max(scores) if direction == "maximize" else min(scores)


def _worse(score: float, other: float, direction: str) -> bool:
    return score < other if direction == "maximize" else score > other
