"""The memory of `adaptkit predict` while it reads a long file: written every few seconds.

python -m benchmarks.inference.memory FOLDER --lines 1000000 --out FILE
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

WORDS = [
    "the",
    "old",
    "river",
    "has",
    "seen",
    "many",
    "boats",
    "near",
    "this",
    "bridge",
    "today",
    "some",
    "ducks",
]
SECONDS = 10.0
"""Between two measurements."""


def write_lines(path: Path, count: int) -> None:
    """Write a text of 1 to 12 words in each line."""
    draw = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(count):
            file.write(" ".join(draw.choices(WORDS, k=draw.randrange(1, 13))) + "\n")


def lines_in(path: Path) -> int:
    """The lines in a file."""
    with path.open("rb") as file:
        return sum(part.count(b"\n") for part in iter(lambda: file.read(2**20), b""))


def main() -> None:
    """Predict the file in another process, and write what was measured of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    result: dict[str, Any] = {"lines": chosen.lines, "seconds_resident_mib_written_mib": []}
    with tempfile.TemporaryDirectory() as temporary:
        texts, predictions = Path(temporary) / "texts.txt", Path(temporary) / "predictions.jsonl"
        write_lines(texts, chosen.lines)
        command = [sys.executable, "-m", "adaptkit", "predict", chosen.model, "--file", str(texts), "--json"]
        begun = time.perf_counter()
        with (
            predictions.open("wb") as out,
            subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL) as process,
        ):
            watched = psutil.Process(process.pid)
            while process.poll() is None:
                memory, cpu = watched.memory_info().rss, sum(watched.cpu_times()[:2])
                seconds = round(time.perf_counter() - begun)
                result["cpu_seconds"] = round(cpu)
                result["seconds_resident_mib_written_mib"].append(
                    [seconds, round(memory / 2**20), round(predictions.stat().st_size / 2**20)]
                )
                chosen.out.write_text(json.dumps(result) + "\n", encoding="utf-8")
                time.sleep(SECONDS)
        result |= {"exit_code": process.returncode, "predictions": lines_in(predictions)}
    chosen.out.write_text(json.dumps(result) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
