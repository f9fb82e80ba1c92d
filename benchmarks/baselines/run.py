"""Runs adaptkit at default options and the alternatives on the same rows; a line of JSON for each run.

    python -m benchmarks.baselines.run --data FOLDER --sets banking77 --sizes 8c,200,1500 --seeds 0,1

Each side runs in a process of its own; its CPU seconds are those of the complete process. Runs that the
results already hold are skipped, so that the script can be stopped and continued.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.baselines.alternatives import encoder_folder
from benchmarks.baselines.data_sets import MOST_TEST_ROWS, READERS, subset, write
from benchmarks.records import add, read

RESULTS = Path(__file__).parent / "results.jsonl"
SIDES = ("tfidf", "mean", "frozen")
ALTERNATIVES = ("tfidf", "mean", "trainer")
FOREIGN: Mapping[str, tuple[str, Sequence[str]]] = {
    "setfit": ("setfit_side.py", ()),
    "autointent-light": ("autointent_side.py", ("classic-light",)),
    "autointent-medium": ("autointent_side.py", ("classic-medium",)),
}
"""Sides for texts with one label that need an environment of their own → module, first arguments."""


def main(arguments: Sequence[str]) -> None:
    """Does all runs that were asked for and are not in the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.baselines.run")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(READERS))
    parser.add_argument("--sizes", default="8c,200,1500")
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--sides", default=",".join(SIDES))
    parser.add_argument("--model", default="", help="folder of another encoder, whose name is recorded")
    parser.add_argument(
        "--python", default="", help="the interpreter of an environment with SetFit or AutoIntent"
    )
    options = parser.parse_args(arguments)
    done = {_key(record) for record in records()}
    for size in options.sizes.split(","):
        for seed in map(int, options.seeds.split(",")):
            for name in options.sets.split(","):
                for side in options.sides.split(","):
                    key = (name, size, seed, side)
                    if (*key, Path(options.model).name) not in done and _makes_sense(name, size, side):
                        record = run(options.data, *key, model=options.model, python=options.python)
                        if "error" in record:
                            print(record, flush=True)
                            continue
                        add(RESULTS, record)


def records() -> list[dict[str, Any]]:
    """The results so far."""
    return read(RESULTS)


def _key(record: dict[str, Any]) -> tuple[str, str, int, str, str]:
    return record["set"], record["size"], record["seed"], record["side"], record.get("model", "")


def _makes_sense(name: str, size: str, side: str) -> bool:
    """Token and multi-label tasks have no classes to draw eight of, nor alternatives of a few lines here."""
    task = READERS[name][0]
    few = size != "8c" or task in ("text-classification", "nli")
    if side in FOREIGN:
        return task == "text-classification"
    if side == "trainer":
        return few and task != "multi-label"
    return few and (side not in ("tfidf", "mean") or task in ("text-classification", "nli", "similarity"))


def run(
    folder: Path, name: str, size: str, seed: int, side: str, model: str = "", python: str = ""
) -> dict[str, Any]:
    """One side on one subset, in a process of its own; with the folder of an encoder, or with MiniLM."""
    task, columns, reader = READERS[name]
    train = subset(reader(folder, "train"), size, seed)
    test = subset(reader(folder, "test"), str(MOST_TEST_ROWS), 0)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if side in FOREIGN:
        module, first = FOREIGN[side]
        question = [*first, train, test, seed, model or encoder_folder()]
        scores = _answer([python, str(Path(__file__).with_name(module))], question)
    elif side in ALTERNATIVES:
        scores = _alternative(task, train, test, side, seed, model)
    else:
        options = ["--strategy", side, "--seed", str(seed), *(["--model", model] if model else [])]
        scores = study(task, columns, train, test, options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        **({"model": Path(model).name} if model else {}),
        "set": name,
        "size": size,
        "seed": seed,
        "side": side,
        "rows": len(train),
        "cpu": round(cpu, 1),
        **scores,
    }


def _alternative(
    task: str, train: Sequence[Any], test: Sequence[Any], side: str, seed: int, model: str
) -> dict[str, Any]:
    module, last = ("trainer", seed) if side == "trainer" else ("alternatives", side)
    code = (
        f"import json, sys; from benchmarks.baselines.{module} import scores\n"
        "print(json.dumps(scores(*json.load(sys.stdin))))"
    )
    return _answer([sys.executable, "-c", code], [task, train, test, last, model])


def _answer(command: Sequence[str], question: Any) -> dict[str, Any]:
    """The last line of JSON that the command prints, with the question on its standard input; or "error"."""
    answer = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return {"error": answer.stderr.strip().splitlines()[-1]}
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def study(
    task: str, columns: Sequence[str], train: Sequence[Any], test: Sequence[Any], options: Sequence[str]
) -> dict[str, Any]:
    """The scores of a study's winner, or its error, under "error"."""
    with tempfile.TemporaryDirectory() as folder:
        files = {
            split: write(Path(folder, split), columns, rows)
            for split, rows in (("train", train), ("test", test))
        }
        answer = subprocess.run(
            [
                sys.executable, "-m", "adaptkit", "tune", "--task", task, "--train", files["train"],
                "--test", files["test"], "--studies", folder, "--json", *options,
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if answer.returncode != 0:
        return {"error": answer.stderr.strip().splitlines()[-1]}
    document = json.loads(answer.stdout)
    return {**document["study"]["test"], "dev": document["best"]["score"]}


if __name__ == "__main__":
    main(sys.argv[1:])
