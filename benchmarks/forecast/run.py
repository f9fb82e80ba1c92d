"""What `adaptkit tune --dry-run` forecasts against what the same study then takes, on real rows.

    python -m benchmarks.forecast.run --data FOLDER [--results FILE] [--repeats 1]

Forecast and study take turns, each in a process of its own. Each is measured by two clocks: the wall clock,
and the processor seconds of the process, which other programs on the machine change less. The studies that
the results already hold are skipped, so that the script can be stopped and continued.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.baselines.data_sets import READERS, subset, write
from benchmarks.records import add, read

RESULTS = Path(__file__).parent / "results.jsonl"
TEST_ROWS = 200

BY_PROCESSOR_SECONDS = """
import runpy, sys, time
time.monotonic = time.perf_counter = time.process_time
sys.argv[0] = "adaptkit"
runpy.run_module("adaptkit", run_name="__main__")
"""
"""A program that measures its steps in processor seconds."""


@dataclass(frozen=True)
class Setting:
    """A study."""

    rows_of: str
    strategy: str
    rows: int
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the results call it."""
        return " ".join((self.rows_of, str(self.rows), self.strategy, *self.options))


SETTINGS = (
    Setting("banking77", "frozen", 300),
    Setting("wnut17", "lora", 250, ("--trials", "4", "--epochs", "3")),
    Setting("snli", "full", 200, ("--trials", "4", "--epochs", "2", "--confirm", "1")),
    Setting("stsb", "frozen", 300, ("--trials", "16")),
    Setting("banking77", "lora", 250, ("--trials", "6", "--epochs", "2", "--confirm", "0")),
    Setting("goemotions", "full", 200, ("--trials", "3", "--epochs", "2", "--no-pruning", "--patience", "0")),
)


def main(arguments: Sequence[str]) -> None:
    """Measure the studies that the results do not hold yet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast.run")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--repeats", type=int, default=1)
    given = parser.parse_args(arguments)
    for repeat in range(given.repeats):
        done = {(one["name"], one["repeat"]) for one in read(given.results)}
        for setting in SETTINGS:
            if (setting.name, repeat) not in done:
                add(given.results, {"name": setting.name, "repeat": repeat, **measured(setting, given.data)})


def measured(setting: Setting, data: Path) -> dict[str, Any]:
    """The forecasts by both clocks, and what the study takes."""
    task, columns, reader = READERS[setting.rows_of]
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        train = write(place / "train", columns, subset(reader(data, "train"), str(setting.rows), 0))
        known = {row[-1] for row in subset(reader(data, "train"), str(setting.rows), 0)}
        rows = [row for row in reader(data, "test") if task != "text-classification" or row[-1] in known]
        test = write(place / "test", columns, rows[:TEST_ROWS])
        command = [
            "tune", "--task", task, "--train", str(train), "--test", str(test),
            "--strategy", setting.strategy, *setting.options, "--device", "cpu",
            "--studies", str(place / "studies"), "--study", "forecast", "--json",
        ]  # fmt: skip
        load = os.getloadavg()[0]
        dry = finished([sys.executable, "-m", "adaptkit", *command, "--dry-run"], place)
        study = finished([sys.executable, "-m", "adaptkit", *command], place)
        by_processor = finished([sys.executable, "-c", BY_PROCESSOR_SECONDS, *command, "--dry-run"], place)
        summary = json.loads((place / "studies" / "forecast" / "summary.json").read_text())
        return {
            "load": round(load, 1),
            "forecast": dry["answer"], "forecast by processor seconds": by_processor["answer"],
            "taken to forecast": {"wall": dry["wall"], "processor": dry["processor"]},
            "study": {
                "wall": study["wall"], "processor": study["processor"], "peak MiB": study["peak MiB"],
                "disk MiB": size_of(place / "studies" / "forecast"), "seconds": summary["seconds"],
                "cache MiB": size_of(place / "cache"),
                "rungs": [len(trial["rungs"]) for trial in study["answer"]["trials"]],
            },
        }  # fmt: skip


def finished(command: Sequence[str], place: Path) -> dict[str, Any]:
    """The JSON that a process prints, and its seconds and memory."""
    environment = {**os.environ, "ADAPTKIT_CACHE": str(place / "cache")}
    out, err = place / "out", place / "err"
    begun = time.monotonic()
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(list(command), stdout=stdout, stderr=stderr, env=environment)
        _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    if status:
        raise SystemExit(err.read_text(encoding="utf-8"))
    return {
        "answer": json.loads(out.read_text(encoding="utf-8")), "wall": round(wall, 2),
        "processor": round(used.ru_utime + used.ru_stime, 2), "peak MiB": round(used.ru_maxrss / 1024, 1),
    }  # fmt: skip


def size_of(folder: Path) -> float:
    """The size of the files in a folder in MiB."""
    return round(sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) / (1 << 20), 1)


if __name__ == "__main__":
    main(sys.argv[1:])
