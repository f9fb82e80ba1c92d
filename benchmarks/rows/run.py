"""Seconds and resident memory of a study against its number of rows.

python -m benchmarks.rows.run RESULT.json [--rows 10000,100000] [--strategies frozen,full]

The rows are made: texts of 30 words, so 32 tokens, in two classes; a fifth as many dev rows are split off by
adaptkit. The encoder is a tiny BERT with random weights, trained for one epoch in one trial, so that what the
rows themselves cost is not hidden by the model. Each study is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LETTERS = "bdfgklmnprst"
WORDS = [f"{first}{vowel}{last}" for first in LETTERS for vowel in "aeiou" for last in LETTERS]
MIB = 1 << 20


def write_rows(path: Path, count: int) -> None:
    """A table of texts of 30 words; the label follows from the first letter."""
    draw = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        file.write("text,label\n")
        for _ in range(count):
            words = draw.choices(WORDS, k=30)
            file.write(f"{' '.join(words)},{'first' if words[0] < 'l' else 'second'}\n")


def write_model(folder: Path) -> None:
    """A BERT with one layer of width 32 whose tokens are the words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    known = {word: place for place, word in enumerate([*special, *WORDS])}
    tokenizer = Tokenizer(WordLevel(known, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, mask_token="[MASK]", model_max_length=64, **names
    ).save_pretrained(folder)
    BertModel(
        BertConfig(
            vocab_size=len(known), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=64, max_position_embeddings=64,
        )
    ).save_pretrained(folder)  # fmt: skip


def resident(process: int) -> float:
    """The resident memory of a process in MiB; 0 if it has ended."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def measured(folder: Path, rows: int, strategy: str) -> dict[str, Any]:
    """One study: its seconds by phase, and its resident memory."""
    data = folder / f"{rows}.csv"
    if not data.exists():
        write_rows(data, rows)
    with tempfile.TemporaryDirectory() as studies:
        command = [
            sys.executable, "-m", "adaptkit", "tune", "--task", "text-classification", "--data", data,
            "--model", folder / "model", "--strategy", strategy, "--trials", 1, "--epochs", 1,
            "--batch-size", 64, "--lr", 1e-3, 1e-3, "--confirm", 0, "--evals-per-epoch", 1,
            "--device", "cpu", "--studies", studies, "--study", "rows",
        ]  # fmt: skip
        begun, seen = time.monotonic(), []
        with (Path(studies) / "log").open("w") as log:
            environment = {**os.environ, "ADAPTKIT_CACHE": str(Path(studies) / "cache")}
            process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, env=environment)
            while process.poll() is None:
                seen.append(resident(process.pid))
                time.sleep(0.2)
        if process.returncode:
            raise SystemExit((Path(studies) / "log").read_text())
        summary = json.loads((Path(studies) / "rows" / "summary.json").read_text())
    return {
        "rows": rows, "strategy": strategy, "seconds": round(time.monotonic() - begun, 1),
        "by phase": {name: round(its, 1) for name, its in summary["seconds"].items()},
        "peak MiB": round(max(seen)),
        "median MiB of the second half": round(statistics.median(seen[len(seen) // 2 :])),
    }  # fmt: skip


def main() -> None:
    """Measure, and write after each study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", type=Path)
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--strategies", default="frozen,full")
    given = parser.parse_args()
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        write_model(Path(temporary) / "model")
        for rows in map(int, given.rows.split(",")):
            for strategy in given.strategies.split(","):
                found.append(measured(Path(temporary), rows, strategy))
                print(found[-1], flush=True)
                given.result.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
