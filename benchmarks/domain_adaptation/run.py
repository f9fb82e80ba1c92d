"""Text classification on an encoder that was adapted to raw texts by masked-lm, against the encoder as it is.

    python -m benchmarks.domain_adaptation.run --data FOLDER --work FOLDER

The raw texts are 2,000 training texts of banking77, and 300 others are the dev rows. masked-lm trains its
default configuration on them once, by full fine-tuning. Then text-classification is tuned on 308 labelled
rows for each seed, four of each class, with the exported encoder and without, and scored on all test rows.
The same is done from an encoder that masked-lm has trained on 2,000 texts of another domain (goemotions)
first: that one was last trained on masked tokens, and brings its own head along. It is also compared on
entities: goemotions and wnut17 are both texts of social media. Runs that the results hold are skipped; the
studies of masked-lm are kept in the work folder and continued.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.baselines.data_sets import Row, banking77, goemotions, wnut17, write

RESULTS = Path(__file__).parent / "results.jsonl"
RAW, RAW_DEV, OF_EACH_CLASS, SENTENCES = 2000, 300, 4, 500
STRATEGIES = {"frozen": ("--trials", "4", "--confirm", "0"), "lora": ("--trials", "1", "--confirm", "0")}
AS_IT_IS, ADAPTED, OTHER, OTHER_ADAPTED = ENCODERS = (
    "as it is", "adapted", "trained on other texts", "trained on other texts, then adapted",
)  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Does all runs that are not in the results, and prints the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.domain_adaptation.run")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--work", type=Path, help="keeps the adapted encoder")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args(arguments)
    if options.data:
        encoders = adapted_encoders(options.data, options.work or Path(tempfile.mkdtemp()))
        for strategy in STRATEGIES:
            for seed in range(options.seeds):
                for encoder in ENCODERS:
                    classify(options.data, strategy, seed, encoder, encoders[encoder])
        for seed in range(options.seeds):
            for encoder in (AS_IT_IS, OTHER):
                entities(options.data, seed, encoder, encoders[encoder])
    print(tables(records()))


def records() -> list[dict[str, Any]]:
    """The results so far."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]


def keep(record: dict[str, Any]) -> None:
    """Add a result."""
    with RESULTS.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(record) + "\n")


def adapted_encoders(data: Path, work: Path) -> dict[str, str | None]:
    """The folder of each encoder; None for the default one."""
    work.mkdir(parents=True, exist_ok=True)
    bank = [text for text, _ in banking77(data, "train")]
    others = [text for text, _ in goemotions(data, "train")]
    other = adapt(others, work, "other", None)
    return {
        AS_IT_IS: None,
        ADAPTED: adapt(bank, work, "domain", None),
        OTHER: other,
        OTHER_ADAPTED: adapt(bank, work, "other-domain", other),
    }


def adapt(texts: Sequence[str], work: Path, study: str, model: str | None) -> str:
    """The folder of an encoder adapted to raw texts. The study in the work folder is continued."""
    rows = [(text,) for text in texts]
    random.Random(0).shuffle(rows)
    prefix = "" if study == "domain" else f"{study}_"
    train = write(work / f"{prefix}raw.csv", ("text",), rows[:RAW])
    dev = write(work / f"{prefix}raw_dev.csv", ("text",), rows[RAW : RAW + RAW_DEV])
    tune(
        "masked-lm", "--strategy", "full", "--trials", "1", "--confirm", "0", "--study", study,
        "--train", train, "--dev", dev, "--studies", str(work), *(("--model", model) if model else ()),
    )  # fmt: skip
    if not any(record["task"] == "masked-lm" and record["study"] == study for record in records()):
        trial = json.loads((work / study / "trials" / "0000.json").read_text(encoding="utf-8"))
        keep({"task": "masked-lm", "study": study, **trial["values"]})
    return str(work / study / "best")


def classify(data: Path, strategy: str, seed: int, encoder: str, model: str | None) -> None:
    """Score one study of text-classification, unless the results hold it."""
    run = {"task": "text-classification", "strategy": strategy, "seed": seed, "encoder": encoder}
    if any(run.items() <= record.items() for record in records()):
        return
    with tempfile.TemporaryDirectory() as place:
        train = write(Path(place, "train.csv"), ("text", "label"), labelled(data, seed))
        test = write(Path(place, "test.csv"), ("text", "label"), banking77(data, "test"))
        study = tune(
            "text-classification", "--strategy", strategy, *STRATEGIES[strategy], "--seed", str(seed),
            "--train", train, "--test", test, "--studies", place,
            *(("--model", model) if model else ()),
        )  # fmt: skip
    keep({**run, "accuracy": study["test"]["accuracy"]})


def entities(data: Path, seed: int, encoder: str, model: str | None) -> None:
    """Score one study of ner on rows of wnut17, unless the results hold it."""
    run = {"task": "ner", "strategy": "frozen", "seed": seed, "encoder": encoder}
    if any(run.items() <= record.items() for record in records()):
        return
    rows = wnut17(data, "train")
    random.Random(seed).shuffle(rows)
    with tempfile.TemporaryDirectory() as place:
        train = write(Path(place, "train"), (), rows[:SENTENCES])
        test = write(Path(place, "test"), (), wnut17(data, "test"))
        study = tune(
            "ner", "--strategy", "frozen", *STRATEGIES["frozen"], "--seed", str(seed), "--train", train,
            "--test", test, "--studies", place, *(("--model", model) if model else ()),
        )  # fmt: skip
    keep({**run, "f1": study["test"]["f1"]})


def labelled(data: Path, seed: int) -> list[Row]:
    """Some rows of each class."""
    rows = banking77(data, "train")
    random.Random(1000 + seed).shuffle(rows)
    seen: Counter[str] = Counter()
    chosen: list[Row] = []
    for row in rows:
        if seen[row[1]] < OF_EACH_CLASS:
            seen[row[1]] += 1
            chosen.append(row)
    return chosen


def tune(task: str, *options: object) -> dict[str, Any]:
    """The summary of a study."""
    command = [sys.executable, "-m", "adaptkit", "tune", "--task", task, "--json", *map(str, options)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise RuntimeError(answer.stderr[-2000:])
    study: dict[str, Any] = json.loads(answer.stdout)["study"]
    return study


def tables(runs: Sequence[dict[str, Any]]) -> str:
    """The number on the test rows over the seeds, as Markdown."""
    lines = ["| task | strategy | encoder | seeds | test | each seed |", "|---|---|---|---|---|---|"]
    for task, strategy, encoder in dict.fromkeys(
        (run["task"], run["strategy"], run["encoder"]) for run in runs if "encoder" in run
    ):
        which = {"task": task, "strategy": strategy, "encoder": encoder}
        its = sorted((run for run in runs if which.items() <= run.items()), key=lambda run: run["seed"])
        values = [100 * (run["f1"] if task == "ner" else run["accuracy"]) for run in its]
        if len(values) > 1:
            mean = f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f}"
            each = ", ".join(f"{value:.1f}" for value in values)
            lines.append(f"| {task} | {strategy} | {encoder} | {len(values)} | {mean} | {each} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
