"""Small labelled texts, and the files that hold them."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

PEOPLE = ("Amara", "Bela", "Cyrus", "Dilnoza", "Edda")
PLACES = ("Ottle", "Quarn", "Redmoor", "Sellin")
OTHERS = ("the", "river", "has", "seen", "old", "boats", "near", "a", "bridge", "today")
MOODS = {"glad": ("bright", "merry", "kind"), "sad": ("grey", "bleak", "cold"), "calm": ("still", "mild")}
WORDS = (*PEOPLE, *PLACES, *OTHERS, *(word for words in MOODS.values() for word in words), ".", "[", "]", "/")
SENTENCE = "today Amara Bela has seen Quarn ."
Sentence = Sequence[tuple[str, str]]


def sentences(count: int, seed: int) -> list[Sentence]:
    """Sentences of tagged words: people of one or two words, places, and others."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        words = [(word, "O") for word in draw.choices(OTHERS, k=draw.randrange(2, 7))]
        person = [(word, tag) for word, tag in zip(draw.sample(PEOPLE, 2), ("B-PER", "I-PER"), strict=True)]
        for entity in (person[: draw.randrange(1, 3)], [(draw.choice(PLACES), "B-LOC")]):
            at = draw.randrange(len(words) + 1)
            if at == 0 or words[at - 1][1] == "O" or at == len(words):
                words[at:at] = entity
        found.append(words)
    return found


def write_conll(path: Path, rows: Sequence[Sentence]) -> Path:
    text = "\n\n".join("\n".join(f"{word}\t{tag}" for word, tag in row) for row in rows)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


def write_csv(path: Path, rows: Sequence[tuple[str, str]], header: Sequence[str] = ("text", "label")) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def moods(count: int, seed: int, names: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Texts with a word of the class in each; ``names`` renames the classes."""
    draw = random.Random(seed)
    rows = []
    for position in range(count):
        mood = sorted(MOODS)[position % len(MOODS)]
        words = [*draw.choices(OTHERS, k=draw.randrange(2, 7)), draw.choice(MOODS[mood])]
        draw.shuffle(words)
        rows.append((" ".join(words), (names or {}).get(mood, mood)))
    return rows


def write_data(folder: Path) -> Path:
    """``ner/`` and ``text-classification/``, each with train, dev and test."""
    for split, count, seed in (("train", 48, 1), ("dev", 16, 2), ("test", 16, 3)):
        for task in ("ner", "text-classification"):
            (folder / task).mkdir(parents=True, exist_ok=True)
        write_conll(folder / "ner" / f"{split}.conll", sentences(count, seed))
        write_csv(folder / "text-classification" / f"{split}.csv", moods(count, seed))
    return folder
