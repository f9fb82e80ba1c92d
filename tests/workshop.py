"""A tiny model folder, small data files, and the command line run as a user runs it."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

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


def write_model(folder: Path, words: Sequence[str] = WORDS) -> Path:
    """A BERT of two small layers with random weights, and a WordPiece tokenizer of these words."""
    import tokenizers
    import torch
    import transformers

    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    letters = [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys([*special, *words, *letters]))}
    core = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    core.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    core.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
    )
    tokenizer = transformers.BertTokenizerFast(
        tokenizer_object=core, model_max_length=48, unk_token="[UNK]", sep_token="[SEP]",
        pad_token="[PAD]", cls_token="[CLS]", mask_token="[MASK]",
    )  # fmt: skip
    config = transformers.BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=48, max_position_embeddings=48, pad_token_id=0, initializer_range=0.2,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@dataclass(frozen=True)
class Answer:
    """What the program said, and how it left."""

    code: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    others = (name for name in os.environ if not name.startswith("ADAPTKIT") or name == "ADAPTKIT_CACHE")
    kept = {name: os.environ[name] for name in others}
    return {
        **kept,
        "HF_HUB_OFFLINE": "1",
        "COLUMNS": "80",
        "OMP_NUM_THREADS": "1",
        "NO_COLOR": "1",
        **changes,
    }


def started(*arguments: object, cwd: Path, **options: Any) -> subprocess.Popen[str]:
    """``adaptkit ARGUMENTS`` in a process of its own, running."""
    command = [sys.executable, "-m", "adaptkit", *map(str, arguments)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=cwd, text=True, env=environment(), **{**pipes, **options})


def finished(process: subprocess.Popen[str], timeout: float = 120) -> Answer:
    """What a started process says in the end."""
    out, err = process.communicate(timeout=timeout)
    return Answer(process.returncode, out, err)


def adaptkit(*arguments: object, cwd: Path) -> Answer:
    """``adaptkit ARGUMENTS`` in a process of its own, to its end."""
    return finished(started(*arguments, cwd=cwd))


def called(*arguments: object, stdin: str = "") -> Answer:
    """``adaptkit ARGUMENTS`` in this process: the same program without the seconds its imports take."""
    from adaptkit.cli import main

    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["adaptkit", *map(str, arguments)]),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        mock.patch.dict(os.environ, environment()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            code: Any = 0
        except SystemExit as end:
            code = end.code or 0
    return Answer(code, out.getvalue(), err.getvalue())
