"""Sets one list of trials before Trainer's own search and before adaptkit, in turn, and compares them.

    python -m benchmarks.speed.against_search --train train.csv --rows 1000 --strategies full,lora --pairs 3

README.md beside this file says what is timed, what is alike, and how to read the outcome.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.speed.counting import work_of
from benchmarks.speed.figures import ADAPTKIT, PRUNED, SIDES, TRAINER, figures_of
from benchmarks.speed.options import (
    Names,
    add_options,
    data_of,
    file_name,
    model_of,
    names_of,
    numbers,
    setting_of,
    strategies,
)
from benchmarks.speed.outcome import Outcome
from benchmarks.speed.peak import Device, measured
from benchmarks.speed.results import circumstances, say, write_result
from benchmarks.speed.search_table import in_words
from benchmarks.speed.setting import Setting
from benchmarks.speed.side import in_own_process


def compare(
    setting: Setting, names: Names, device: Device, sides: Sequence[str], pairs: int, path: tuple[Path, str]
) -> dict[str, Any]:
    """Runs the sides in turn, pair by pair; the record is written after each pair, at folder and name."""
    record: dict[str, Any] = {
        "name": path[1],
        **circumstances(),
        "device": asdict(device),
        **asdict(names),
        "setting": setting.to_be_told(),
        "work": asdict(work_of(setting)),
        "pairs": [],
    }
    for pair in range(pairs):
        of_pair = setting.with_seed(setting.seed + pair)
        found = {side: one_side(side, of_pair) for side in in_turn(sides, pair)}
        record["pairs"].append(
            {"seed": of_pair.seed, "sides": {side: found[side].as_values() for side in sides}}
        )
        record["figures"] = figures_of(record)
        write_result(path[0], path[1], record)
    return record


def in_turn(sides: Sequence[str], pair: int) -> list[str]:
    """The sides in the order in which a pair runs them: Trainer begins the even pairs, adaptkit the odd."""
    first = [side for side in (TRAINER, ADAPTKIT) if side in sides]
    return [*(first if pair % 2 == 0 else reversed(first)), *(side for side in sides if side == PRUNED)]


def one_side(side: str, setting: Setting) -> Outcome:
    """What the side makes of the setting; raises RuntimeError if it did not train the list."""
    own = replace(setting, pruning=True, rungs_per_epoch=None) if side == PRUNED else setting
    outcome = in_own_process(ADAPTKIT if side == PRUNED else side, own)
    refuse_others(side, own, outcome)
    say(f"{side}, {setting.strategy}, seed {setting.seed}: {outcome.seconds:.1f} s, best {outcome.best}")
    return outcome


def refuse_others(side: str, setting: Setting, outcome: Outcome) -> None:
    """Raises RuntimeError unless the list was trained, each trial to its end but those that were pruned."""
    wanted = [(trial["learning_rate"], int(trial["batch_size"])) for trial in setting.trials]
    trained = [(trial.learning_rate, trial.batch_size) for trial in outcome.trials]
    if trained != wanted:
        raise RuntimeError(f"{side} trained {trained}, not the list {wanted}")
    short = [
        trial
        for trial in outcome.trials
        if (trial.state, trial.epochs) != ("complete", setting.epochs)
        and not (setting.pruning and trial.state == "pruned")
    ]
    if short:
        raise RuntimeError(f"{side} trained not all of {setting.epochs} epochs: {short}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Compares as the command line says, prints the outcome, and writes it down."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.against_search", description=(__doc__ or "").partition("\n")[0]
    )
    add_options(parser)
    parser.add_argument("--strategies", type=strategies, default=["full", "lora", "frozen"])
    parser.add_argument("--batch-sizes", type=numbers, help="such as 16,32 (default: the strategy's own)")
    parser.add_argument("--pairs", type=int, default=3, help="how often both sides run (default %(default)s)")
    parser.add_argument("--workers", type=int, default=0, help="processes that collate for Trainer")
    parser.add_argument("--without", action="append", default=[], choices=SIDES, help="leave this side out")
    options = parser.parse_args(arguments)
    if TRAINER not in options.without and find_spec("accelerate") is None:
        parser.error("Trainer needs accelerate, which adaptkit does not: pip install accelerate")
    sides = [side for side in SIDES if side not in options.without]
    names, device = names_of(options), measured(options.device, options.precision)
    with TemporaryDirectory() as temporary:
        model, data = model_of(options, Path(temporary)), data_of(options, Path(temporary))
        for strategy in options.strategies:
            setting = setting_of(options, strategy, model, data, batch_sizes=options.batch_sizes)
            setting = replace(setting, workers=options.workers)
            path = options.results / "search", file_name(options, strategy)
            print(in_words(compare(setting, names, device, sides, options.pairs, path)), flush=True)


if __name__ == "__main__":
    main()
