"""Changes a good model folder and a good file of each task at random, and runs ``adaptkit tune`` on each.

    python -m benchmarks.robustness.run --count 200
    python -m benchmarks.robustness.run --only model --count 50 --first 0

Each change appends one line of JSON to ``results.jsonl``. Changes that the file holds are skipped, so that
the script can be stopped and continued. At the end it prints the table.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from unittest import mock

from benchmarks.robustness import answers, contents, rows
from benchmarks.robustness.folders import CHANGES, NAMED
from benchmarks.robustness.good import GOOD, Good, suffix, written
from benchmarks.robustness.outcomes import Answer, outcome, tuned
from benchmarks.robustness.subjects import DEV_ROWS, TRAIN_ROWS, Subject, good_of, subject, write_rows
from benchmarks.robustness.table import RESULTS, Record, records, table

MODEL_TASK = "text-classification"
TARGETS = ("model", *(good.task for good in GOOD))
CONTENT_NAMED = f"{rows.SYMPTOM}|inside a word|does not know|no label|written in"
"""What a warning about a changed file has."""


def main(arguments: Sequence[str]) -> None:
    """Does all changes that were asked for and are not in the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.robustness.run")
    parser.add_argument("--only", default=",".join(TARGETS), help="model, or names of tasks")
    parser.add_argument("--count", type=int, default=200, help="changes of each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--work", type=Path, help="a folder that keeps the trained models")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        settings = {"HF_HUB_OFFLINE": "1", "ADAPTKIT_CACHE": str(Path(folder, "cache"))}
        with mock.patch.dict(os.environ, settings):
            run(options, Path(options.work or folder), Path(folder))
    print(table(records(options.results)))


def run(options: argparse.Namespace, work: Path, folder: Path) -> None:
    """All changes of all targets."""
    done = {(one["target"], one["seed"], one["number"]) for one in records(options.results)}
    for target in options.only.split(","):
        wanted = [n for n in range(options.count) if (target, options.seed, n) not in done]
        if not wanted:
            continue
        made = subject(good_of(MODEL_TASK if target == "model" else target), work)
        before: dict[str, Answer] = {}
        for number in wanted:
            draw = Random(f"{options.seed} {target} {number}")
            kind = change_model if target == "model" else change_data
            record = {
                "target": target,
                "seed": options.seed,
                "number": number,
                **kind(made, draw, folder, before),
            }
            with options.results.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
            shutil.rmtree(folder / "one")


def change_model(made: Subject, draw: Random, folder: Path, before: dict[str, Answer]) -> Record:
    """One change of a model folder; of every fourth with its manifest."""
    change = draw.choice(CHANGES)
    manifest = draw.random() < 0.25
    source = made.exported if manifest else made.plain
    files = {split: write_rows(made.good, folder / "one", split) for split in ("train", "dev")}
    kind = source.name
    if kind not in before:
        before[kind] = _tuned(folder / "one" / "before", made, source, files)
    model = Path(shutil.copytree(source, folder / "one" / "model"))
    detail = change.apply(model, draw)
    answer = _tuned(folder / "one" / "studies", made, model, files)
    hidden = change.unnoticeable and not manifest
    found = outcome(answer, before[kind], NAMED, unnoticeable=hidden)
    return {
        "change": change.name,
        "detail": detail,
        "in": kind,
        **_said(found, answer, before[kind], folder, made),
    }


def change_data(made: Subject, draw: Random, folder: Path, before: dict[str, Answer]) -> Record:
    """One change of a data file: of the training rows, or of one file in four, the dev rows."""
    form = draw.choice(made.good.formats)
    split = "dev" if draw.random() < 0.25 else "train"
    files = {split: write_rows(made.good, folder / "one", split, form) for split in ("train", "dev")}
    if form not in before:
        before[form] = _tuned(folder / "one" / "before", made, made.encoder, files)
    files[split].unlink()
    name, detail, named, changed = changed_file(made.good, form, split, draw)
    files[split] = folder / "one" / f"{split}{changed[0]}"
    files[split].write_bytes(changed[1])
    answer = _tuned(folder / "one" / "studies", made, made.encoder, files)
    found = outcome(answer, before[form], named, unnoticeable=name in answers.VALID)
    return {
        "change": name,
        "detail": detail,
        "in": f"{split}, {form}",
        **_said(found, answer, before[form], folder, made),
    }


def changed_file(good: Good, form: str, split: str, draw: Random) -> tuple[str, str, str, tuple[str, bytes]]:
    """The name of a change, its detail, what a warning has that names it, and the changed file."""
    count, seed = (TRAIN_ROWS, 1) if split == "train" else (DEV_ROWS, 2)
    made = good.rows(count, seed)
    ending = suffix(form)
    kind = draw.choice(["rows", "rows", "answers", "answers", "content", "content", "content", "name"])
    if kind == "name":
        ending = draw.choice(contents.SUFFIXES)
        return "another suffix", ending, CONTENT_NAMED, (ending, written(made, form).encode())
    if kind == "content":
        name = draw.choice(sorted(contents.OF_FORM[form]))
        data = contents.OF_FORM[form][name](written(made, form).encode(), draw)
        return name, "", CONTENT_NAMED, (ending, data)
    choices = row_changes(good, form) if kind == "answers" else rows.CHANGES
    name = draw.choice(sorted(choices))
    change, named = choices[name]
    return name, "", named, (ending, written(change(made, draw, good), form).encode("utf-8", "replace"))


def row_changes(good: Good, form: str) -> dict[str, tuple[rows.Change, str]]:
    """The changes of answers that this task or this format has."""
    labels = answers.LABELS if good.task not in ("similarity", "qa") else {}
    return {**answers.CHANGES, **labels, **answers.OTHERS.get(good.task, {}), **answers.OTHERS.get(form, {})}


def _tuned(studies: Path, made: Subject, model: Path, files: dict[str, Path]) -> Answer:
    return tuned(studies, made.good.task, model, files["train"], files["dev"])


def _said(found: str, answer: Answer, before: Answer, folder: Path, made: Subject) -> Record:
    """The outcome with both scores, what was said that was not said before, and no path of this machine."""
    new = [warning for warning in answer.warnings if warning not in before.warnings]
    text = answer.message if answer.code else " / ".join(new)
    return {
        "outcome": found, "code": answer.code, "score": answer.score, "before": before.score,
        "said": text.replace(str(folder), "FOLDER").replace(str(made.encoder.parents[1]), "WORK")[:600],
    }  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
