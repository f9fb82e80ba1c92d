"""How long trials may go without a better score: studies that are replayed on the learning curves.

    python -m benchmarks.curves.patience

Times are rungs of training, as a share of the same study without pruning and without patience; losses are
those of the winner, in points.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

from benchmarks.curves.collect import table
from benchmarks.curves.pruning import CLEAR, SLOTS, default_of
from benchmarks.curves.rules import adaptkits, none
from benchmarks.curves.studies import Curve, Key, Rule, drawn, patience, pools, replay, searches

STUDIES, TRIALS = 30, 8


def endless(rungs: int) -> int:
    """No patience: trials are trained to their end."""
    return rungs


def at_least_three(share: float) -> Callable[[int], int]:
    """A share of the rungs, and three at least."""
    return lambda rungs: max(3, math.ceil(share * rungs))


PATIENCES: dict[str, Callable[[int], int]] = {
    "none": endless,
    "half, three at least (adaptkit's)": patience,
    "a third, three at least": at_least_three(1 / 3),
    "a quarter, three at least": at_least_three(1 / 4),
    "two": lambda rungs: 2,
}


def main() -> None:
    """Prints a table."""
    found = {**pools(table()), **searches()}
    print("| pruning | patience in rungs | time | loss on dev: mean | most | over 1.5 | on test |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for words, rule in (("no", none), ("yes", adaptkits)):
        for name, its in PATIENCES.items():
            print(f"| {words} | {name} | {compared(found, rule, its)} |")


def compared(found: dict[Key, list[Curve]], rule: Rule, its: Callable[[int], int]) -> str:
    """The figures of a patience over all groups."""
    shares, dev, test = [], [], []
    for key, curves in found.items():
        for seed in range(STUDIES):
            trials = drawn(curves, default_of(key, curves), TRIALS, seed)
            whole = replay(trials, none, slots=SLOTS[TRIALS], patience=endless)
            part = replay(trials, rule, slots=SLOTS[TRIALS], patience=its)
            shares.append(part.rungs / whole.rungs)
            dev.append(100 * (whole.dev - part.dev))
            test.append(100 * (whole.test - part.test))
    known = [one for one in test if not math.isnan(one)]
    over = sum(one > CLEAR + 1e-9 for one in dev) / len(dev)
    return (
        f"{statistics.fmean(shares):.0%} | {statistics.fmean(dev):.2f} | {max(dev):.2f} | {over:.0%}"
        f" | {statistics.fmean(known):.2f}"
    )


if __name__ == "__main__":
    main()
