"""Real studies with pruning and without, in pairs.

    python -m benchmarks.curves.pairs --data FOLDER --studies banking77:full,banking77:lora,wnut17:lora
    python -m benchmarks.curves.pairs --table

A study is `adaptkit.tune` at default options, but for the confirmation, which is the same on both sides. It
has 200 rows, from which it splits its dev rows, and 300 test rows. Studies that the results hold are skipped.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import adaptkit
from benchmarks import records
from benchmarks.baselines.data_sets import READERS, subset, write

RESULTS = Path(__file__).parent / "pairs.jsonl"
ROWS, TEST_ROWS = 200, 300
SIDES = {"without": False, "with": True}


def main(arguments: Sequence[str]) -> None:
    """Runs the studies that are not in the results, or prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves.pairs")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--studies", default="banking77:full,banking77:lora,wnut17:lora")
    parser.add_argument("--sides", default=",".join(SIDES))
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args(arguments)
    if options.table:
        print(table(records.read(RESULTS)))
        return
    if options.data is None:
        parser.error("--data FOLDER is needed")
    done = {(one["set"], one["strategy"], one["seed"], one["side"]) for one in records.read(RESULTS)}
    for side in options.sides.split(","):
        for seed in map(int, options.seeds.split(",")):
            for name, strategy in (one.split(":") for one in options.studies.split(",")):
                if (name, strategy, seed, side) not in done:
                    records.add(RESULTS, run(options.data, name, strategy, seed, side))


def run(folder: Path, name: str, strategy: str, seed: int, side: str) -> dict[str, Any]:
    """One study."""
    task, columns, reader = READERS[name]
    rows = {
        "train": subset(reader(folder, "train"), str(ROWS), seed),
        "test": subset(reader(folder, "test"), str(TEST_ROWS), 0),
    }
    with tempfile.TemporaryDirectory() as place:
        files: dict[str, Any] = {
            split: str(write(Path(place, split), columns, its)) for split, its in rows.items()
        }
        started = time.process_time()
        study = adaptkit.tune(
            task, **files, strategy=strategy, seed=seed, confirm=0, pruning=SIDES[side],
            studies=Path(place, "studies"),
        )  # fmt: skip
        seconds = time.process_time() - started
    metric = study.summary.metric
    return {
        "set": name, "strategy": strategy, "seed": seed, "side": side, "metric": metric,
        "cpu": round(seconds, 1),
        "rungs": sum(len(trial.rungs) for trial in study.trials),
        "pruned": sum(trial.state == "pruned" for trial in study.trials),
        "dev": study.best_value,
        "test": study.summary.test[metric],
        "trials": [
            {**trial.hyperparameters, "state": trial.state, "scores": [rung.score for rung in trial.rungs]}
            for trial in study.trials
        ],
    }  # fmt: skip


def table(found: Sequence[Mapping[str, Any]]) -> str:
    """The pairs as Markdown."""
    lines = [
        "| data set | strategy | seed | rungs, without | with | CPU seconds, without | with | pruned "
        "| dev, without | with | test, without | with |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    sides = {(one["set"], one["strategy"], one["seed"], one["side"]): one for one in found}
    for name, strategy, seed in dict.fromkeys(key[:3] for key in sides):
        one, other = (sides.get((name, strategy, seed, side)) for side in SIDES)
        if one and other:
            whole = [f"{both[what]:.0f}" for what in ("rungs", "cpu") for both in (one, other)]
            scores = [f"{100 * both[what]:.1f}" for what in ("dev", "test") for both in (one, other)]
            cells = [name, strategy, str(seed), *whole, str(other["pruned"]), *scores]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
