"""Rows per second of reading and tokenising a CSV file: adaptkit against `datasets.map` in two processes.

python -m benchmarks.rows.reading RESULT.json [--rows 100000] [--repeats 3]

adaptkit also checks each row, splits dev rows off, and looks for copies; its warnings need all of that. The
tokenisers of both use the machine's cores. Both sides take turns. Rows per processor second count the seconds
of all threads and processes of a side: other programs on the machine change them less.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from benchmarks.rows.run import write_model, write_rows


def by_adaptkit(data: Path, tokenizer: Any) -> tuple[float, float]:
    """The seconds of reading the rows, with all checks, and of encoding them."""
    from adaptkit.config import DataConfig
    from adaptkit.data.encode import encode_in_columns
    from adaptkit.data.load import load
    from adaptkit.tasks.registry import load as load_task

    task = load_task("text-classification", {})
    begun = time.monotonic()
    rows = load(task, DataConfig(data=str(data)), 0)
    read = time.monotonic()
    for split in (rows.train, rows.dev):
        encode_in_columns(task, split.values, tokenizer, rows.labels, 64)
    return read - begun, time.monotonic() - read


def by_datasets(data: Path, tokenizer: Any) -> tuple[float, float]:
    """The seconds of reading the rows, and of mapping the tokeniser over them in two processes."""
    import datasets

    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        begun = time.monotonic()
        rows = datasets.load_dataset("csv", data_files=str(data), cache_dir=cache)["train"]
        read = time.monotonic()
        rows.map(
            lambda batch: tokenizer(batch["text"], truncation=True, max_length=64), batched=True, num_proc=2
        )
        return read - begun, time.monotonic() - read


def processor_seconds() -> float:
    """Of this process and of those that it has waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def main() -> None:
    """Measure both sides by turns, and write after each turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    turns: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_model(folder / "model")
        write_rows(folder / "rows.csv", given.rows)
        tokenizer = AutoTokenizer.from_pretrained(folder / "model")
        for _ in range(given.repeats):
            turn: dict[str, Any] = {"load": round(os.getloadavg()[0], 1)}
            for name, side in (("adaptkit", by_adaptkit), ("datasets", by_datasets)):
                before = processor_seconds()
                read, encoded = side(folder / "rows.csv", tokenizer)
                turn[name] = {
                    "read": round(given.rows / read), "tokenised": round(given.rows / encoded),
                    "both": round(given.rows / (read + encoded)),
                    "both, per processor second": round(given.rows / (processor_seconds() - before)),
                }  # fmt: skip
            turns.append(turn)
            print(turn, flush=True)
            found = {"rows": given.rows, "rows per second": turns}
            given.result.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
