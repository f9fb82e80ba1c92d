"""What pruning saves and costs: adaptkit's own search with it and without, seed by seed.

    python -m benchmarks.speed.time_to_best --train train.csv --rows 1000 --strategies frozen --seeds 5

Both sides are whole searches that begin with the same draws and score as often; README.md says more.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.speed.counting import work_of
from benchmarks.speed.figures import pruning
from benchmarks.speed.options import (
    Names,
    add_options,
    data_of,
    file_name,
    model_of,
    names_of,
    setting_of,
    strategies,
)
from benchmarks.speed.outcome import Outcome, outcome_of
from benchmarks.speed.peak import Device, measured
from benchmarks.speed.pruning_table import in_words
from benchmarks.speed.results import circumstances, say, write_result
from benchmarks.speed.setting import Setting
from benchmarks.speed.side import in_own_process

SIDES = {"without": False, "with": True}
"""Side → whether it prunes."""


def compare(
    setting: Setting, names: Names, device: Device, seeds: int, path: tuple[Path, str]
) -> dict[str, Any]:
    """Searches with and without pruning, seed by seed; the record is written after each one."""
    record: dict[str, Any] = {
        "name": path[1],
        **circumstances(),
        "device": asdict(device),
        **asdict(names),
        "setting": setting.to_be_told(),
        "work": asdict(work_of(setting)),
        "pairs": [],
    }
    for number in range(seeds):
        seed = setting.seed + number
        order = list(SIDES) if number % 2 == 0 else list(reversed(SIDES))
        found = {side: one_side(side, replace(setting, seed=seed)) for side in order}
        record["pairs"].append({"seed": seed, "sides": {side: found[side].as_values() for side in SIDES}})
        record["figures"] = figures_of(record)
        write_result(path[0], path[1], record)
    return record


def one_side(side: str, setting: Setting) -> Outcome:
    """A whole search of adaptkit's own."""
    outcome = in_own_process("adaptkit", replace(setting, pruning=SIDES[side]))
    say(f"{side} pruning, seed {setting.seed}: {outcome.seconds:.1f} s, best {outcome.best}")
    return outcome


def figures_of(record: dict[str, Any]) -> dict[str, Any]:
    """What pruning saves and costs, as the medians over the seeds."""
    without, pruned = (
        [outcome_of(pair["sides"][side]) for pair in record["pairs"]] for side in ("without", "with")
    )
    return pruning(without, pruned)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compares as the command line says, prints the outcome, and writes it down."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.time_to_best", description=(__doc__ or "").partition("\n")[0]
    )
    add_options(parser)
    parser.add_argument("--strategies", type=strategies, default=["frozen"])
    parser.add_argument("--seeds", type=int, default=5, help="how many (default %(default)s)")
    options = parser.parse_args(arguments)
    names, device = names_of(options), measured(options.device, options.precision)
    with TemporaryDirectory() as temporary:
        model, data = model_of(options, Path(temporary)), data_of(options, Path(temporary))
        for strategy in options.strategies:
            setting = setting_of(options, strategy, model, data)
            setting = replace(setting, searched=True, rungs_per_epoch=None)
            path = options.results / "pruning", file_name(options, strategy)
            print(in_words(compare(setting, names, device, options.seeds, path)), flush=True)


if __name__ == "__main__":
    main()
