"""How often the 95% interval of a test score covers the exported model's score on many other rows.

    python -m benchmarks.confirmation.coverage --data FOLDER --seeds 14

Each run is one study at default options under ``frozen``, on 200 training rows of banking77, SNLI or STS-B.
Its test score and the interval come from 300 of the set's test rows. ``adaptkit evaluate`` then scores the
exported model on up to 1,500 of the others. Rows whose class is not among the training rows are left out. A
run appends one line of JSON to ``coverage.jsonl``. Runs that the file holds are skipped, so that the script
can be stopped and continued. Without ``--data`` it only prints the table.

The score on the other rows has a standard error of its own: it is not the true score. The interval counts as
covering it if both intervals together explain the difference: if the distance of the two scores is at most
the root of the sum of the squares of two half-widths, each on the side of the other score (Zou and Donner
2008, https://doi.org/10.1002/sim.3095). If the intervals hold what they say, that is so in 95% of the runs.
The table also has the plain share, in which the interval of the test score itself contains the other score.
With 300 rows against 1,500 it is then about 93%, and less with fewer other rows.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.baselines.data_sets import READERS, Row, subset, write

RESULTS = Path(__file__).parent / "coverage.jsonl"
SETS = ("banking77", "snli", "stsb")
TRAIN, TEST, MOST_OTHERS = 200, 300, 1_500
WITHOUT_CLASSES = ("similarity",)


def main(arguments: Sequence[str]) -> None:
    """Does all runs that are not in the results, and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.confirmation.coverage")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", type=int, default=14)
    options = parser.parse_args(arguments)
    if options.data:
        done = {(record["set"], record["seed"]) for record in records()}
        for seed in range(options.seeds):
            for name in options.sets.split(","):
                if (name, seed) not in done:
                    record = run(options.data, name, seed)
                    with RESULTS.open("a", encoding="utf-8") as stream:
                        stream.write(json.dumps(record) + "\n")
                    print(record, flush=True)
    print(table(records()))


def records() -> list[dict[str, Any]]:
    """The results so far."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]


def run(folder: Path, name: str, seed: int) -> dict[str, Any]:
    """One study, and its exported model on the other rows."""
    task, columns, reader = READERS[name]
    train = subset(reader(folder, "train"), str(TRAIN), seed)
    test, others = split_rows(reader(folder, "test"), classes(task, train), seed)
    with tempfile.TemporaryDirectory() as place:
        splits = {"train": train, "test": test, "others": others}
        files = {split: write(Path(place, split), columns, rows) for split, rows in splits.items()}
        study = _adaptkit(
            "tune", "--task", task, "--strategy", "frozen", "--seed", str(seed), "--studies", place,
            "--train", files["train"], "--test", files["test"],
        )["study"]  # fmt: skip
        elsewhere = _adaptkit("evaluate", study["model_folder"], "--data", files["others"])
    return {
        "set": name,
        "seed": seed,
        "metric": study["metric"],
        "test_rows": study["data"]["test"]["rows"],
        "other_rows": elsewhere["rows"],
        "test": study["test"],
        "intervals": study["test_intervals"],
        "others": elsewhere["values"],
        "other_intervals": elsewhere["intervals"],
    }


def classes(task: str, train: Sequence[Row]) -> set[str] | None:
    """The classes of the training rows; None if the task has none."""
    return None if task in WITHOUT_CLASSES else {row[-1] for row in train}


def split_rows(rows: Sequence[Row], known: set[str] | None, seed: int) -> tuple[list[Row], list[Row]]:
    """The test rows and the other rows, drawn at random and disjoint, of the known classes alone."""
    usable = [row for row in rows if known is None or row[-1] in known]
    shuffled = random.Random(1000 + seed).sample(usable, len(usable))
    return shuffled[:TEST], shuffled[TEST : TEST + MOST_OTHERS]


def covers(score: float, ends: Sequence[float], other: float, other_ends: Sequence[float]) -> bool:
    """Whether the difference of two scores is within what both intervals explain together."""
    if other < score:
        return score - other <= math.hypot(score - ends[0], other_ends[1] - other)
    return other - score <= math.hypot(ends[1] - score, other - other_ends[0])


def outcome(record: dict[str, Any], measure: str) -> tuple[bool, bool] | None:
    """Whether a number's interval covers the other score, with its standard error and without.

    None if the number has no interval.
    """
    ends, other_ends = record["intervals"].get(measure), record["other_intervals"].get(measure)
    if ends is None or other_ends is None:
        return None
    other = record["others"][measure]
    return covers(record["test"][measure], ends, other, other_ends), ends[0] <= other <= ends[1]


def table(runs: Sequence[dict[str, Any]]) -> str:
    """The share of runs in which the interval covers the other score, as Markdown."""
    lines = [
        "| set | number | studies | covered | contained | without interval |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for name in dict.fromkeys(one["set"] for one in runs):
        its = [one for one in runs if one["set"] == name]
        lines += [_line(name, measure, [outcome(one, measure) for one in its]) for measure in its[0]["test"]]
    if runs:
        lines.append(_line("all", "optimised", [outcome(one, one["metric"]) for one in runs]))
    return "\n".join(lines)


def _line(name: str, measure: str, outcomes: Sequence[tuple[bool, bool] | None]) -> str:
    known = [one for one in outcomes if one is not None]
    shares = [f"{sum(one[kind] for one in known) / len(known):.0%}" if known else "-" for kind in (0, 1)]
    return f"| {name} | {measure} | {len(outcomes)} | {' | '.join(shares)} | {len(outcomes) - len(known)} |"


def _adaptkit(verb: str, *arguments: str | Path) -> dict[str, Any]:
    """The JSON of one command, in a process of its own."""
    command = [sys.executable, "-m", "adaptkit", verb, *arguments, "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise SystemExit(f"adaptkit {verb} ended with {answer.returncode}:\n{answer.stderr}")
    return dict(json.loads(answer.stdout))


if __name__ == "__main__":
    main(sys.argv[1:])
