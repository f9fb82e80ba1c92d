"""Trials per hour of one process against two and four Ray workers, each with one thread.

python benchmarks/distributed/against_one_process.py MODEL DATA RESULT.json [--trials N] [--workers 0,2,4]

Every study has the same trials, in a new folder. The times are those of training alone: of the trials in one
process, and with workers from the first trial's start to the end of the last, so without the start of Ray,
which is reported beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import adaptkit


class Times(adaptkit.Callback):
    """When the first trial began, and when the last one ended."""

    def __init__(self) -> None:
        self.first = self.last = 0.0

    def on_trial_start(self, study: Any, trial: Any) -> None:
        """Note when the first one began."""
        self.first = self.first or time.monotonic()

    def on_trial_end(self, study: Any, trial: Any) -> None:
        """Note when the last one ended."""
        self.last = time.monotonic()


def measured(model: str, data: str, trials: int, workers: int) -> dict[str, Any]:
    """The times of one study; 0 workers is one process without Ray."""
    times, begun = Times(), time.monotonic()
    with tempfile.TemporaryDirectory() as studies:
        study = adaptkit.tune(
            "text-classification", data=data, model=model, strategy="lora", trials=trials, epochs=10,
            batch_sizes=8, parallel_trials=2, pruning=False, patience=0, confirm=0, precision="fp32",
            evals_per_epoch=1, head_init="random", studies=studies, progress=False, callbacks=times,
            device="auto" if workers else "cpu", devices=["cpu"] * workers if workers else None,
        )  # fmt: skip
        scores = {one.number: one.score for one in study.trials}
    seconds = times.last - times.first
    return {
        "workers": workers, "trials": len(scores), "seconds": round(seconds, 2),
        "before the first trial": round(times.first - begun, 2),
        "trials per hour": round(3600 * len(scores) / seconds), "load": round(os.getloadavg()[0], 2),
    }  # fmt: skip


def main() -> None:
    """Measure, and write after each study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("result", type=Path)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--workers", default="0,2,4,0,2,4", help="0: one process without Ray")
    given = parser.parse_args()
    found = []
    for workers in map(int, given.workers.split(",")):
        found.append(measured(given.model, given.data, given.trials, workers))
        print(found[-1], flush=True)
        given.result.write_text(json.dumps({"cores": os.cpu_count(), "studies": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
