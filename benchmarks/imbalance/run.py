"""Macro-F1 and accuracy with and without class weights, on ten classes of very different sizes.

    python -m benchmarks.imbalance.run --data FOLDER

The training rows are drawn from banking77: its first ten classes in alphabetical order, with 100 rows of the
first and a third less of each next one, at least 4. The test rows are all of these classes. A study runs at
default options but for ``--class-weights`` and ``--metric macro_f1``. Runs that the results hold are skipped.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.baselines.data_sets import Row, banking77, write

RESULTS = Path(__file__).parent / "results.jsonl"
CLASSES, LARGEST, FACTOR, SMALLEST = 10, 100, 2 / 3, 4
SIDES = {"none": [], "balanced": ["--class-weights", "balanced"]}
MEASURES = ("macro_f1", "accuracy")


def main(arguments: Sequence[str]) -> None:
    """Does all runs that are not in the results, and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imbalance.run")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args(arguments)
    if options.data:
        done = {(record["seed"], record["weights"]) for record in records()}
        for seed in range(options.seeds):
            for weights in SIDES:
                if (seed, weights) not in done:
                    record = {"seed": seed, "weights": weights, **run(options.data, seed, weights)}
                    with RESULTS.open("a", encoding="utf-8") as stream:
                        stream.write(json.dumps(record) + "\n")
    print(table(records()))


def records() -> list[dict[str, Any]]:
    """The results so far."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Mean and standard deviation over the seeds, as Markdown."""
    lines = ["| class weights | seeds | macro-F1 | accuracy |", "|---|---|---|---|"]
    for weights in SIDES:
        chosen = [one for one in runs if one["weights"] == weights]
        if len(chosen) > 1:
            cells = (_mean_and_deviation([one[measure] for one in chosen]) for measure in MEASURES)
            lines.append(f"| {weights} | {len(chosen)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _mean_and_deviation(values: Sequence[float]) -> str:
    return f"{100 * statistics.mean(values):.1f} ± {100 * statistics.stdev(values):.1f}"


def rows(folder: Path, seed: int) -> tuple[list[Row], list[Row]]:
    """The training rows, and the test rows of the same classes."""
    train, test = banking77(folder, "train"), banking77(folder, "test")
    classes = sorted({label for _, label in train})[:CLASSES]
    chosen: list[Row] = []
    for place, label in enumerate(classes):
        members = [row for row in train if row[1] == label]
        size = min(len(members), max(SMALLEST, round(LARGEST * FACTOR**place)))
        chosen += random.Random(1000 * seed + place).sample(members, size)
    return chosen, [row for row in test if row[1] in classes]


def run(folder: Path, seed: int, weights: str) -> dict[str, float]:
    """The test scores of one study."""
    train, test = rows(folder, seed)
    with tempfile.TemporaryDirectory() as place:
        files = [
            write(Path(place, name), ("text", "label"), part) for name, part in (("a", train), ("b", test))
        ]
        answer = subprocess.run(
            [
                sys.executable, "-m", "adaptkit", "tune", "--task", "text-classification",
                "--strategy", "frozen", "--metric", "macro_f1", "--seed", str(seed), "--json",
                "--train", files[0], "--test", files[1], "--studies", place, *SIDES[weights],
            ],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    scores = json.loads(answer.stdout)["study"]["test"]
    return {measure: float(scores[measure]) for measure in MEASURES}


if __name__ == "__main__":
    main(sys.argv[1:])
