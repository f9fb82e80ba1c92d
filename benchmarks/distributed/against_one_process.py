"""Trials per hour of one process against two and four Ray workers, each with one thread.

OMP_NUM_THREADS=1 python -m benchmarks.distributed.against_one_process RESULT.json

Every study has the same 16 LoRA trials of a tiny model, all of them in training at the same time: 16 together
in one process, 8 in each of two workers, 4 in each of four. The sides take turns. The times are those of
training alone, from the first trial's start to the end of the last; the start of Ray is reported beside them.
The CPU seconds are those of the program and of all processes that it started, in the same time.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import psutil

import adaptkit
from benchmarks.distributed.studies import inputs

SIDES = (0, 2, 4)
"""Workers; 0 is one process without Ray."""


class Times(adaptkit.Callback):
    """When the first trial began and the last one ended, and the CPU seconds at both times."""

    def __init__(self) -> None:
        self.first = self.last = self.cpu_first = self.cpu_last = 0.0

    def on_trial_start(self, study: Any, trial: Any) -> None:
        """Note when the first one began."""
        if not self.first:
            self.first, self.cpu_first = time.monotonic(), cpu_seconds()

    def on_trial_end(self, study: Any, trial: Any) -> None:
        """Note when the last one ended."""
        self.last, self.cpu_last = time.monotonic(), cpu_seconds()


def cpu_seconds() -> float:
    """The CPU seconds so far of this process and of those below it that run, Ray's and the workers'."""
    here, total = psutil.Process(), 0.0
    for process in (here, *here.children(recursive=True)):
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def measured(model: Path, data: Path, given: argparse.Namespace, workers: int) -> dict[str, Any]:
    """One study: its times, and its scores."""
    times, begun = Times(), time.monotonic()
    with tempfile.TemporaryDirectory() as studies:
        study = adaptkit.tune(
            "text-classification", data=data, model=model, strategy="lora", trials=given.trials,
            epochs=given.epochs, batch_sizes=8, parallel_trials=-(-given.trials // max(1, workers)),
            pruning=False, patience=0, confirm=0, precision="fp32", evals_per_epoch=1, head_init="random",
            studies=studies, progress=False, callbacks=times,
            device="auto" if workers else "cpu", devices=["cpu"] * workers if workers else None,
        )  # fmt: skip
        scores = [[rung.score for rung in one.rungs] for one in study.trials]
    seconds = times.last - times.first
    return {
        "workers": workers, "trials": len(scores), "seconds": round(seconds, 2),
        "CPU seconds": round(times.cpu_last - times.cpu_first, 2),
        "before the first trial": round(times.first - begun, 2),
        "trials per hour": round(3600 * len(scores) / seconds), "load": round(os.getloadavg()[0], 2),
        "scores": scores,
    }  # fmt: skip


def figures(studies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """For each side the medians; the ratio to one process, turn by turn; whether all scores are equal."""
    sides = {side: [one for one in studies if one["workers"] == side] for side in SIDES}
    found: dict[str, Any] = {}
    for side, its in sides.items():
        pairs = zip(its, sides[0], strict=False)
        ratios = [one["trials per hour"] / alone["trials per hour"] for one, alone in pairs]
        found[f"{side} workers" if side else "one process"] = {
            "trials per hour": median(one["trials per hour"] for one in its),
            "times one process": [round(ratio, 2) for ratio in ratios],
            "CPU seconds": median(one["CPU seconds"] for one in its),
            "before the first trial": median(one["before the first trial"] for one in its),
        } if its else {}  # fmt: skip
    return {**found, "equal scores": all(one["scores"] == studies[0]["scores"] for one in studies)}


def main() -> None:
    """Measure, and write after each study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("result", type=Path)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--rows", type=int, default=480)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--turns", type=int, default=2)
    given = parser.parse_args()
    about = {"cores": os.cpu_count(), "setting": {name: getattr(given, name) for name in ("rows", "epochs")}}
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        model, data = inputs(Path(folder), given.rows)
        for workers in SIDES * given.turns:
            found.append(measured(model, data, given, workers))
            result = {**about, "figures": figures(found), "studies": found}
            given.result.write_text(json.dumps(result, indent=1) + "\n")
            print({name: value for name, value in found[-1].items() if name != "scores"}, flush=True)
    print(json.dumps(figures(found), indent=1))


if __name__ == "__main__":
    main()
