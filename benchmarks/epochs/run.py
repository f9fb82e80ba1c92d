"""The default trial with different numbers of epochs; a line of JSON for each run.

    python -m benchmarks.epochs.run --data FOLDER --sets wnut17 --epochs 3,8 --seeds 0,1

A run is `adaptkit tune --trials 1 --confirm 0 --epochs E` in a process of its own on one thread. All else is
default, but the rate with `--rates`. Runs that the results already hold are skipped.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.baselines.data_sets import MOST_TEST_ROWS, READERS, subset
from benchmarks.baselines.run import study
from benchmarks.records import add_missing

RESULTS = Path(__file__).parent / "results.jsonl"
DEFAULT = "default"


def main(arguments: Sequence[str]) -> None:
    """Does all runs that were asked for and are not in the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.epochs.run")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default="wnut17,ncbi_disease,snli,stsb,banking77")
    parser.add_argument("--rows", default="1500")
    parser.add_argument("--strategies", default="full,lora")
    parser.add_argument("--epochs", default="3,8")
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--pooling", default="auto")
    parser.add_argument("--rates", default=DEFAULT)
    options = parser.parse_args(arguments)
    wanted = [
        {
            "set": name, "rows": rows, "strategy": strategy, "epochs": epochs, "pooling": options.pooling,
            "seed": int(seed), "rate": rate,
        }
        for seed in options.seeds.split(",")
        for name in options.sets.split(",")
        for rows in options.rows.split(",")
        for strategy in options.strategies.split(",")
        for epochs in options.epochs.split(",")
        for rate in options.rates.split(",")
    ]  # fmt: skip
    add_missing(RESULTS, wanted, partial(run, options.data))


def run(folder: Path, what: Mapping[str, Any]) -> dict[str, Any]:
    """The scores of one default trial, or its error, under "error"."""
    task, columns, reader = READERS[what["set"]]
    train = subset(reader(folder, "train"), what["rows"], what["seed"])
    test = subset(reader(folder, "test"), str(MOST_TEST_ROWS), 0)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    options = [
        "--strategy", what["strategy"], "--seed", str(what["seed"]), "--pooling", what["pooling"],
        "--trials", "1", "--confirm", "0", "--epochs", what["epochs"],
        *(["--lr", what["rate"], what["rate"]] if what["rate"] != DEFAULT else []),
    ]  # fmt: skip
    scores = study(task, columns, train, test, options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**what, "cpu": round(cpu, 1), **scores}


if __name__ == "__main__":
    main(sys.argv[1:])
