"""LoRA on a head for tokens: the default trial before and after its layers and rates were chosen for tokens.

    python -m benchmarks.ner_lora.run --data FOLDER --sets wnut17 --seeds 0,1,2

*Before* restates the earlier defaults: all layers of the encoder, and the rate of heads on texts. Each run is
a process of its own and a line of ``results.jsonl``; runs that it holds are skipped.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.baselines.data_sets import MOST_TEST_ROWS, READERS, Row, subset, write
from benchmarks.records import add, read

RESULTS = Path(__file__).parent / "results.jsonl"
ROWS = "200"
DEFAULT_TRIAL = ("--trials", "1", "--confirm", "0")
ALL_LAYERS, OLD_RATE, NEW_RATE = ("--layers", "0"), ("--lr", "1e-3", "1e-3"), ("--lr", "2e-3", "2e-3")
SIDES = {
    "before": (*ALL_LAYERS, *OLD_RATE, "--batch-size", "16", *DEFAULT_TRIAL),
    "layers": (*OLD_RATE, "--batch-size", "16", *DEFAULT_TRIAL),
    "rate": (*ALL_LAYERS, *NEW_RATE, "--batch-size", "16", *DEFAULT_TRIAL),
    "after": DEFAULT_TRIAL,
    "search": (),
    "frozen": (),
    "full": ("--lr", "1e-4", "1e-4", "--batch-size", "16", *DEFAULT_TRIAL),
    "full, rate": ("--lr", "2e-4", "2e-4", "--batch-size", "16", *DEFAULT_TRIAL),
}
"""Side → its options. *layers* and *rate* have one of the two changes; *search* and *frozen* are complete
studies at default options; *full* is the default trial of full fine-tuning, at the rate of heads on texts and
at twice that."""

OTHER_STRATEGIES = ("frozen", "full", "full, rate")
TAGS = "ud_ewt_pos"
SETS = ("wnut17", "ncbi_disease", TAGS)


def main(arguments: Sequence[str]) -> None:
    """Does all runs that were asked for and are not in the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ner_lora.run")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--sides", default="before;after;frozen")
    options = parser.parse_args(arguments)
    done = {(record["set"], record["seed"], record["side"]) for record in records()}
    for seed in map(int, options.seeds.split(",")):
        for name in options.sets.split(","):
            for side in options.sides.split(";"):
                if (name, seed, side) not in done:
                    add(RESULTS, run(options.data, name, seed, side))


def records() -> list[dict[str, Any]]:
    """The results so far."""
    return read(RESULTS)


def run(folder: Path, name: str, seed: int, side: str) -> dict[str, Any]:
    """One study, in a process of its own."""
    reader = tags if name == TAGS else READERS[name][2]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as place:
        train = write(Path(place, "train"), (), subset(reader(folder, "train"), ROWS, seed))
        test = write(Path(place, "test"), (), subset(reader(folder, "test"), str(MOST_TEST_ROWS), 0))
        answer = subprocess.run(
            [
                sys.executable, "-m", "adaptkit", "tune", "--task", "ner", "--seed", str(seed),
                "--train", train, "--test", test, "--studies", place, "--json", *SIDES[side],
                "--strategy", side.partition(",")[0] if side in OTHER_STRATEGIES else "lora",
                *(("--option", "spans=false") if name == TAGS else ()),
            ],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    document = json.loads(answer.stdout)
    return {
        "set": name, "seed": seed, "side": side, "cpu": round(cpu, 1), **document["study"]["test"],
        "dev": document["best"]["score"], "parameters": document["best"]["hyperparameters"],
        "baselines": document["study"]["baselines"],
    }  # fmt: skip


def tags(folder: Path, split: str) -> list[Row]:
    """``(block,)``, the words of a sentence and their parts of speech; trained on the dev file."""
    name = "dev" if split == "train" else "test"
    text = (folder / TAGS / f"en_ewt-ud-{name}.conllu").read_text(encoding="utf-8")
    return [(_two_columns(block),) for block in text.strip().split("\n\n")]


def _two_columns(block: str) -> str:
    """The words and the tags of a sentence in CoNLL-U, without comments, ranges and empty nodes."""
    lines = (line.split("\t") for line in block.splitlines())
    return "\n".join(f"{line[1]}\t{line[3]}" for line in lines if line[0].isdecimal())


if __name__ == "__main__":
    main(sys.argv[1:])
