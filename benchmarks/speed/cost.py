"""What a study costs as it grows: seconds and memory against trials, rows, and tokens of a row.

    python -m benchmarks.speed.cost --strategies frozen,full

One of the three grows at a time, the other two stay. Made rows and random weights, for only their number and
size matter here; README.md says more.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from adaptkit.tasks import registry
from benchmarks.speed.cost_table import AXES, in_words
from benchmarks.speed.options import numbers, strategies
from benchmarks.speed.outcome import Outcome
from benchmarks.speed.peak import measured
from benchmarks.speed.random_models import SIZES, random_model
from benchmarks.speed.results import RESULTS, circumstances, say, write_result
from benchmarks.speed.rows import made_rows
from benchmarks.speed.setting import Setting, trial_list
from benchmarks.speed.side import in_own_process

TASK = "text-classification"
BATCH_SIZES = (16, 32)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a study is."""

    trials: int
    rows: int
    tokens: int


def sizes(base: Size, grown: dict[str, Sequence[int]]) -> list[tuple[str, Size]]:
    """What is to be measured: each axis' values in turn, the other two as in ``base``."""
    return [(axis, replace(base, **{axis: value})) for axis in AXES for value in grown[axis]]


def setting_for(size: Size, strategy: str, options: argparse.Namespace, model: Path, folder: Path) -> Setting:
    """A study of this size, its rows written to ``folder``."""
    data = made_rows(TASK, folder, train=size.rows, dev=options.dev_rows, length=size.tokens, seed=0)
    task = registry.load(TASK)
    return Setting(
        task=TASK,
        model=str(model),
        strategy=strategy,
        train=str(data.train),
        dev=str(data.dev),
        max_length=size.tokens,
        epochs=options.epochs,
        trials=trial_list(task, strategy, size.trials, rows=size.rows, seed=0, batch_sizes=BATCH_SIZES),
        device=options.device,
        precision=options.precision,
    )


def point(axis: str, size: Size, outcome: Outcome) -> dict[str, Any]:
    """What one study cost, as JSON-ready values."""
    return {
        "axis": axis,
        **asdict(size),
        "seconds": outcome.seconds,
        "before_training": outcome.before_training,
        "training": outcome.training,
        "memory_imported": outcome.memory_imported,
        "peak_memory": outcome.peak_memory,
        "peak_device_memory": outcome.peak_device_memory,
        "about": outcome.about,
    }


def measure(strategy: str, options: argparse.Namespace, model: Path) -> dict[str, Any]:
    """All points of a strategy; the record is written after each."""
    base = Size(trials=options.base_trials, rows=options.base_rows, tokens=options.base_tokens)
    name = f"{options.device}-{options.random_model}-{strategy}-{options.precision}"
    record: dict[str, Any] = {
        "name": name,
        **circumstances(),
        "device": asdict(measured(options.device, options.precision)),
        "model": f"{options.random_model}, random weights",
        "setting": {
            "strategy": strategy, "epochs": options.epochs, "precision": options.precision,
            "dev_rows": options.dev_rows, "batch_sizes": BATCH_SIZES,
        },
        "base": asdict(base),
        "points": [],
    }  # fmt: skip
    for axis, size in sizes(base, {axis: getattr(options, axis) for axis in AXES}):
        with TemporaryDirectory() as folder:
            outcome = in_own_process("adaptkit", setting_for(size, strategy, options, model, Path(folder)))
        say(f"{strategy}, {size}: {outcome.seconds:.1f} s")
        record["points"].append(point(axis, size, outcome))
        write_result(options.results / "cost", name, record)
    return record


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures as the command line says, prints the outcome, and writes it down."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.cost", description=(__doc__ or "").partition("\n")[0]
    )
    add = parser.add_argument
    add("--strategies", type=strategies, default=["frozen"])
    add("--random-model", choices=list(SIZES), default="bert-tiny")
    add("--trials", type=numbers, default=(1, 2, 4, 8, 16, 32, 64), help="numbers of trials, such as 1,8,64")
    add("--rows", type=numbers, default=(1000, 10_000, 100_000), help="numbers of training rows")
    add("--tokens", type=numbers, default=(32, 64, 128, 256, 512), help="numbers of tokens of a row")
    add("--base-trials", type=int, default=4, help="while others grow (default %(default)s)")
    add("--base-rows", type=int, default=1000, help="while others grow (default %(default)s)")
    add("--base-tokens", type=int, default=32, help="while others grow (default %(default)s)")
    add("--dev-rows", type=int, default=200, help="always (default %(default)s)")
    add("--epochs", type=int, default=1)
    add("--device", default="cpu", choices=["cpu", "cuda"])
    add("--precision", default="fp32", choices=["fp32", "bf16"])
    add("--results", type=Path, default=RESULTS, help="where the JSON goes (default: beside this file)")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as temporary:
        model = random_model(options.random_model, Path(temporary) / "model")
        for strategy in options.strategies:
            print(in_words(measure(strategy, options, model)), flush=True)


if __name__ == "__main__":
    main()
