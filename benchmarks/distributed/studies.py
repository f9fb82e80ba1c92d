"""The study that faults are injected into, and what has to be true of it afterwards.

Its four configurations are the default and points that every search tries first. They do not depend on
scores, so a disturbed study has to have the same trials as an undisturbed one.
"""

from __future__ import annotations

import csv
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

TRIALS = 4
WORDS = {"glad": ("bright", "merry", "kind"), "sad": ("grey", "bleak", "cold"), "calm": ("still", "mild")}
OTHERS = ("the", "river", "has", "seen", "old", "boats", "near", "a", "bridge", "today")


def inputs(folder: Path, rows: int = 48) -> tuple[Path, Path]:
    """A tiny model with random weights, and a data set, in this folder."""
    from adaptkit.testing.tiny import write_encoder

    model, data = folder / "model", folder / "data"
    if not data.exists():
        data.mkdir(parents=True)
        for split, count, seed in (("train", rows, 1), ("dev", 24, 2)):
            write_rows(data / f"{split}.csv", count, seed)
        write_encoder(model, [" ".join((*OTHERS, *words)) for words in WORDS.values()])
    return model, data


def write_rows(path: Path, count: int, seed: int) -> None:
    """Texts with a word of their class in each."""
    draw = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(("text", "label"))
        for number in range(count):
            label = sorted(WORDS)[number % len(WORDS)]
            words = [*draw.choices(OTHERS, k=6), draw.choice(WORDS[label])]
            out.writerow((" ".join(draw.sample(words, len(words))), label))


def command(model: Path, data: Path, *more: object) -> list[str]:
    """The command of the study."""
    options = {
        "task": "text-classification", "data": data, "model": model, "strategy": "lora", "trials": TRIALS,
        "epochs": 20, "batch-size": 4, "parallel-trials": 2, "precision": "fp32", "patience": 0, "confirm": 0,
        "study": "one",
    }  # fmt: skip
    named = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "adaptkit", "tune", *map(str, (*named, "--no-pruning", *more))]


class Run:
    """A study in a process of its own."""

    def __init__(self, arguments: Sequence[str], cwd: Path) -> None:
        cwd.mkdir(parents=True, exist_ok=True)
        self.study, self.log = cwd / "studies" / "one", cwd / "output.txt"
        changes = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "ADAPTKIT_CACHE": str(cwd / "cache")}
        self.begun = time.monotonic()
        with self.log.open("a", encoding="utf-8") as log:
            self.before = self.log.stat().st_size
            self.process = subprocess.Popen(
                arguments, cwd=cwd, stdout=log, stderr=log, env={**os.environ, **changes}
            )

    def output(self) -> str:
        """What it has printed."""
        return self.log.read_bytes()[self.before :].decode()

    def wait_for(self, pattern: str, seconds: float = 300) -> bool:
        """Wait until it prints this; whether it has."""
        until = time.monotonic() + seconds
        while not re.search(pattern, self.output()):
            if self.process.poll() is not None or time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def workers(self) -> list[psutil.Process]:
        """The processes of its workers, as it shows them, that still run."""
        pids = {int(pid) for pid in re.findall(r"worker \d+ \(cpu\), process (\d+)", self.output())}
        return [psutil.Process(pid) for pid in sorted(pids) if is_alive(pid)]

    def end(self, seconds: float = 600) -> int:
        """Wait for its end; its exit code."""
        return self.process.wait(timeout=seconds)


def is_alive(pid: int) -> bool:
    """Whether this process runs."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def trials(study: Path) -> list[dict[str, Any]]:
    """The trial records."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in study.glob("trials/[0-9]*.json")]
    return sorted(found, key=lambda one: one["number"])


def counting(study: Path) -> dict[int, dict[str, Any]]:
    """The place of a configuration → its trial, of those that were not interrupted."""
    firsts: dict[int, list[dict[str, Any]]] = {}
    for one in trials(study):
        retry = re.fullmatch(r"retry of trial (\d+)", one["origin"])
        ended = [one] if not one["reason"].startswith("interrupted") else []
        firsts.setdefault(int(retry[1]) if retry else one["number"], []).extend(ended)
    found = [firsts[first] for first in sorted(firsts)]
    return {place: ends[0] for place, ends in enumerate(found) if ends}


def duplicates(study: Path) -> int:
    """The trials that count, beyond one of each configuration."""
    ended = [one for one in trials(study) if not one["reason"].startswith("interrupted")]
    return len(ended) - len(counting(study))


def results(study: Path) -> dict[int, tuple[Any, ...]]:
    """The place of a configuration → its hyperparameters, its seed and its scores."""
    return {
        place: (one["state"], one["hyperparameters"], one["seed"], [rung["score"] for rung in one["rungs"]])
        for place, one in counting(study).items()
    }


def winner(study: Path) -> int | None:
    """The place of the configuration with the best score."""
    scored = {
        place: one["rungs"][one["best_rung"]]["score"]
        for place, one in counting(study).items()
        if one["state"] == "complete"
    }
    return max(scored, key=lambda place: (scored[place], -place)) if scored else None


def compared(run: Run, undisturbed: Path) -> dict[str, Any]:
    """What has to be true after a fault."""
    summary = json.loads((run.study / "summary.json").read_text(encoding="utf-8"))
    return {
        "code": run.process.returncode, "state": summary["state"], "counted": len(counting(run.study)),
        "duplicates": duplicates(run.study), "interrupted": len(trials(run.study)) - len(counting(run.study)),
        "same trials": results(run.study) == results(undisturbed),
        "same winner": winner(run.study) == winner(undisturbed),
        "traceback": "Traceback" in run.output(),
    }  # fmt: skip
