"""Rules of pruning, compared on studies that are replayed on the learning curves.

    python -m benchmarks.curves.pruning                    # all rules, over all groups of rows
    python -m benchmarks.curves.pruning --by-group         # adaptkit's rule, for each group
    python -m benchmarks.curves.pruning --every-study      # adaptkit's rule, each study

Times are rungs of training; they are compared with the same studies without pruning. Both have the patience
of a study at default options. Losses are those of the winner, in points.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.baselines.data_sets import READERS
from benchmarks.curves.collect import table
from benchmarks.curves.rules import RULES, adaptkits, none
from benchmarks.curves.studies import Curve, Key, Rule, drawn, pools, replay, searches
from benchmarks.curves.table import Configuration, default_configuration

SLOTS = {8: 4, 16: 8}
"""Trials of a study → its slots at default options on a CPU."""

CLEAR = 1.5
"""Losses of more points are counted."""


@dataclass(frozen=True)
class Loss:
    """A study with pruning, compared with the same one without."""

    key: Key
    seed: int
    share: float
    """The rungs that were trained, as a share of those without pruning."""

    dev: float
    test: float


def main(arguments: Sequence[str]) -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves.pruning")
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--trials", type=int, default=8, choices=sorted(SLOTS))
    parser.add_argument("--by-group", action="store_true")
    parser.add_argument("--every-study", action="store_true")
    options = parser.parse_args(arguments)
    found = {**pools(table()), **searches()}
    if options.every_study:
        print(every_study(list(losses(found, adaptkits, options.trials, options.studies))))
    elif options.by_group:
        print(by_group(list(losses(found, adaptkits, options.trials, options.studies))))
    else:
        print(compared(found, RULES, options.trials, options.studies))


def losses(found: Mapping[Key, Sequence[Curve]], rule: Rule, trials: int, studies: int) -> Iterator[Loss]:
    """What a rule does to so many studies of each group."""
    for key, curves in found.items():
        default = default_of(key, curves)
        for seed in range(studies):
            its = drawn(curves, default, trials, seed)
            without, pruned = (replay(its, one, slots=SLOTS[trials]) for one in (none, rule))
            yield Loss(
                key,
                seed,
                pruned.rungs / without.rungs,
                100 * (without.dev - pruned.dev),
                100 * (without.test - pruned.test),
            )


def default_of(key: Key, curves: Sequence[Curve]) -> Configuration:
    """The default of a group of rows; of a study of `benchmarks/speed`, its first trial."""
    if key[0] in READERS:
        return default_configuration(name=key[0], strategy=key[2])
    return curves[0].configuration


def compared(
    found: Mapping[Key, Sequence[Curve]], rules: Mapping[str, Rule], trials: int, studies: int
) -> str:
    """Each rule over all groups, as Markdown."""
    lines = [
        "| rule | time | loss on dev: median | mean | most | over 1.5 | loss on test |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, rule in rules.items():
        its = list(losses(found, rule, trials, studies))
        lines.append(f"| {name} | {_figures(its)} |")
    return "\n".join(lines)


def by_group(its: Sequence[Loss]) -> str:
    """Each data set and strategy, as Markdown."""
    lines = [
        "| data set | strategy | studies | time | loss on dev: median | mean | most | over 1.5 | on test |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, strategy in dict.fromkeys((one.key[0], one.key[2]) for one in its):
        of = [one for one in its if (one.key[0], one.key[2]) == (name, strategy)]
        lines.append(f"| {name} | {strategy} | {len(of)} | {_figures(of)} |")
    return "\n".join(lines)


def every_study(its: Sequence[Loss]) -> str:
    """Each study, as CSV."""
    lines = ["set,rows,strategy,rows_seed,study_seed,share,dev_loss,test_loss"]
    lines += [f"{','.join(one.key)},{one.seed},{one.share:.2f},{one.dev:.2f},{one.test:.2f}" for one in its]
    return "\n".join(lines)


def _figures(its: Sequence[Loss]) -> str:
    dev = [one.dev for one in its]
    over = sum(loss > CLEAR + 1e-9 for loss in dev) / len(dev)
    return (
        f"{statistics.fmean(one.share for one in its):.0%} | {statistics.median(dev):.2f} "
        f"| {statistics.fmean(dev):.2f} | {max(dev):.2f} | {over:.0%} | {_on_test(its)}"
    )


def _on_test(its: Sequence[Loss]) -> str:
    """The mean over the groups that have test scores, with its standard error."""
    keys = dict.fromkeys(one.key for one in its if not math.isnan(one.test))
    means = [statistics.fmean(one.test for one in its if one.key == key) for key in keys]
    error = f" ± {statistics.stdev(means) / len(means) ** 0.5:.2f}" if len(means) > 1 else ""
    return f"{statistics.fmean(means):.2f}{error}" if means else ""


if __name__ == "__main__":
    main(sys.argv[1:])
