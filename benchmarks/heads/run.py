"""The default trial with heads that read texts, and start, in different ways.

    python -m benchmarks.heads.run --data FOLDER --sets banking77 --head-inits solved,random

A run is `adaptkit tune --trials 1 --confirm 0` with a pooling and a start, and with a rate and epochs unless
they are "default"; in a process of its own on one thread. A line of JSON for each run; runs that the results
already hold are skipped.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.baselines.data_sets import READERS, subset
from benchmarks.baselines.run import study
from benchmarks.records import add_missing

RESULTS = Path(__file__).parent / "results.jsonl"
DEFAULT = "default"
MOST_TEST_ROWS = 6_000
"""More than in other benchmarks, as the differences are small: the standard error of an accuracy of 70% is
0.6 points."""


def main(arguments: Sequence[str]) -> None:
    """Does all runs that were asked for and are not in the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.heads.run")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--sets", default="snli,stsb")
    parser.add_argument("--rows", default="1500")
    parser.add_argument("--strategies", default="full")
    parser.add_argument("--poolings", default="pair,mean,checkpoint")
    parser.add_argument("--head-inits", default="solved")
    parser.add_argument("--rates", default=DEFAULT)
    parser.add_argument("--epochs", default=DEFAULT)
    parser.add_argument("--refits", default="no", help="with yes, the winner is trained on all rows at last")
    options = vars(parser.parse_args(arguments))
    names = {
        "seeds": "seed", "sets": "set", "rows": "rows", "strategies": "strategy", "poolings": "pooling",
        "head_inits": "head_init", "rates": "rate", "epochs": "epochs",
        "refits": "refit",
    }  # fmt: skip
    values = [options[plural].split(",") for plural in names]
    wanted = [dict(zip(names.values(), one, strict=True)) for one in itertools.product(*values)]
    add_missing(RESULTS, wanted, partial(run, options["data"]))


def run(folder: Path, what: Mapping[str, str]) -> dict[str, Any]:
    """The scores of one default trial, or its error, under "error"."""
    task, columns, reader = READERS[what["set"]]
    train = subset(reader(folder, "train"), what["rows"], int(what["seed"]))
    test = reader(folder, "test")
    test = subset(test, str(min(len(test), MOST_TEST_ROWS)), 0)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    options = [
        "--strategy", what["strategy"], "--seed", what["seed"], "--pooling", what["pooling"],
        "--head-init", what["head_init"],
        "--trials", "1", "--confirm", "0", "--batch-size", "16",
        *(["--lr", what["rate"], what["rate"]] if what["rate"] != DEFAULT else []),
        *(["--epochs", what["epochs"]] if what["epochs"] != DEFAULT else []),
        *(["--refit"] if what["refit"] == "yes" else []),
    ]  # fmt: skip
    scores = study(task, columns, train, test, options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**what, "cpu": round(cpu, 1), **scores}


if __name__ == "__main__":
    main(sys.argv[1:])
