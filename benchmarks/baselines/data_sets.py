"""Training subsets and test rows of public data sets, as files that both sides read.

The folder of data sets is not part of the repository; each set is looked for under its usual file names.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

Row = tuple[str, ...]
"""The columns of a row; the last one is the answer."""

MOST_TEST_ROWS = 2_000

MOST_CHARACTERS = 600
"""Of a context of questions, so that a run takes minutes. 2,551 questions to train on and 373 to test have
such contexts."""


def banking77(folder: Path, split: str) -> list[Row]:
    """``(text, label)``."""
    with (folder / "banking77" / f"{split}.csv").open(encoding="utf-8", newline="") as stream:
        return [(text, label) for text, label in list(csv.reader(stream))[1:]]


def snli(folder: Path, split: str) -> list[Row]:
    """``(premise, hypothesis, label)``; trained on the dev files, tested on the test files."""
    name = "dev" if split == "train" else "test"
    columns = [(folder / "snli_devtest" / f"{part}.{name}").read_text(encoding="utf-8").splitlines()
               for part in ("s1", "s2", "labels")]  # fmt: skip
    return list(zip(*columns, strict=True))


def stsb(folder: Path, split: str) -> list[Row]:
    """``(sentence1, sentence2, score)``."""
    with (folder / "stsb_en" / f"stsb-en-{split}.csv").open(encoding="utf-8", newline="") as stream:
        return [tuple(row) for row in csv.reader(stream)]


def goemotions(folder: Path, split: str) -> list[Row]:
    """``(text, labels)``, the labels separated by ``|``."""
    names = (folder / "goemotions" / "labels.txt").read_text(encoding="utf-8").split()
    lines = (folder / "goemotions" / f"{split}.tsv").read_text(encoding="utf-8").splitlines()
    parts = (line.split("\t") for line in lines)
    return [(text, "|".join(names[int(one)] for one in ids.split(","))) for text, ids, _ in parts]


def wnut17(folder: Path, split: str) -> list[Row]:
    """``(block,)``, the CoNLL lines of a sentence."""
    name = "wnut17train.conll" if split == "train" else "emerging.test.annotated"
    return _blocks(folder / "wnut17" / name)


def ncbi_disease(folder: Path, split: str) -> list[Row]:
    """``(block,)``, the CoNLL lines of a sentence."""
    return _blocks(folder / "ncbi_disease" / f"{split}.tsv")


def squad(folder: Path, split: str) -> list[Row]:
    """``(question, context, answer, its start)``; trained on new articles of squadshifts, tested on xquad.

    Of contexts of at most `MOST_CHARACTERS`.
    """
    name = "squadshifts_new_wiki/new_wiki_v1.0.json" if split == "train" else "xquad_en/xquad.en.json"
    articles = json.loads((folder / name).read_text(encoding="utf-8"))["data"]
    return [
        (
            qa["question"],
            paragraph["context"],
            qa["answers"][0]["text"],
            str(qa["answers"][0]["answer_start"]),
        )
        for article in articles
        for paragraph in article["paragraphs"]
        if len(paragraph["context"]) <= MOST_CHARACTERS
        for qa in paragraph["qas"]
    ]


READERS: dict[str, tuple[str, tuple[str, ...], Callable[[Path, str], list[Row]]]] = {
    "banking77": ("text-classification", ("text", "label"), banking77),
    "snli": ("nli", ("premise", "hypothesis", "label"), snli),
    "stsb": ("similarity", ("sentence1", "sentence2", "score"), stsb),
    "goemotions": ("multi-label", ("text", "labels"), goemotions),
    "wnut17": ("ner", (), wnut17),
    "ncbi_disease": ("ner", (), ncbi_disease),
    "squad": ("qa", ("question", "context", "answer_text", "answer_start"), squad),
}
"""Data set → its task, its columns (none: CoNLL), and its reader."""


def subset(rows: Sequence[Row], size: str, seed: int) -> list[Row]:
    """The training rows of one run: a number of them at random, or ``"8c"``, eight of each class.

    At random means: one row for each label first, so that no test row has an unknown label.
    """
    shuffled = random.Random(seed).sample(list(rows), len(rows))
    if size != "8c":
        return _labels_first(shuffled)[: int(size)]
    by_class: dict[str, list[Row]] = defaultdict(list)
    for row in shuffled:
        by_class[row[-1]].append(row)
    return [row for members in by_class.values() for row in members[:8]]


def _labels_first(rows: Sequence[Row]) -> list[Row]:
    """The rows, those first that have a label which no row before them has; in order where there are none."""
    seen: set[str] = set()
    first: list[Row] = []
    others: list[Row] = []
    for row in rows:
        labels = set(row[-1].split("|")) if len(row) > 1 and not _is_number(row[-1]) else set()
        (first if labels - seen else others).append(row)
        seen |= labels
    return [*first, *others]


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[\d.]+", text) is not None


def write(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> Path:
    """The rows as CSV, or as CoNLL where there are no columns."""
    if not columns:
        path = path.with_suffix(".conll")
        path.write_text("\n\n".join(block for (block,) in rows) + "\n", encoding="utf-8")
        return path
    path = path.with_suffix(".csv")
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return path


def _blocks(path: Path) -> list[Row]:
    text = path.read_text(encoding="utf-8").strip()
    return [(block,) for block in re.split(r"\r?\n[ \t]*\r?\n", text)]
