"""Solved heads on texts that read more than the mean of the last layer: banking77.

    python -m benchmarks.layers.texts --data FOLDER --seeds 0,1,2

All vectors have length 1 and are standardised. Prints the test accuracy in points as a Markdown table.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from torch.nn.functional import normalize

from benchmarks.baselines.alternatives import encoder_folder
from benchmarks.baselines.data_sets import MOST_TEST_ROWS, READERS, Row, subset
from benchmarks.layers.run import logits_of, solved

Vectors = Callable[[torch.Tensor], torch.Tensor]
Solve = Callable[[Sequence[Row], float], float]
"""Training rows and penalty → the accuracy on the test rows."""

HEADS: dict[str, Vectors] = {
    "mean of the last layer": lambda states: states[:, -2],
    "the same and the first token": lambda states: states[:, -2:].flatten(1),
    "means of the last two layers side by side": lambda states: states[:, -3:-1].flatten(1),
    "means of the last three layers side by side": lambda states: states[:, -4:-1].flatten(1),
    "mean of the last two layers": lambda states: normalize(states[:, -3:-1].mean(1), dim=-1),
}
"""What a head reads → how, of `pooled` states ``[rows, layers + 1, width]``: ``[rows, numbers]``."""


def main(arguments: Sequence[str]) -> None:
    """Prints the table."""
    options = parser_of("texts", seeds="0,1,2", penalties="0.01,0.02,0.04").parse_args(arguments)
    trains, test = draws(options)
    states = states_of([*trains, test])
    heads = {name: partial(accuracy, states=states, read=read, test=test) for name, read in HEADS.items()}
    print_table("reads", heads, trains, options.penalties, digits=1)


def parser_of(module: str, *, seeds: str, penalties: str) -> argparse.ArgumentParser:
    """The options of a module of this package that solves heads on banking77, with these defaults."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.layers.{module}")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", default=seeds)
    parser.add_argument("--rows", default="1500", help="a number, or 8c for eight of each class")
    parser.add_argument("--penalties", default=penalties)
    return parser


def draws(options: argparse.Namespace) -> tuple[list[list[Row]], list[Row]]:
    """The training rows of each seed, and the test rows."""
    reader = READERS["banking77"][2]
    pool = reader(options.data, "train")
    trains = [list(subset(pool, options.rows, int(seed))) for seed in options.seeds.split(",")]
    return trains, list(subset(reader(options.data, "test"), str(MOST_TEST_ROWS), 0))


def states_of(rows: Sequence[Sequence[Row]]) -> dict[str, torch.Tensor]:
    """Text → its `pooled` states ``[layers + 1, width]``."""
    texts = sorted({text for some in rows for text, _ in some}, key=len)
    return dict(zip(texts, pooled(texts), strict=True))


def print_table(
    title: str, heads: Mapping[str, Solve], trains: Sequence[Sequence[Row]], penalties: str, digits: int
) -> None:
    """Prints a line for each head, with its accuracy over the draws in points for each penalty."""
    weights = [float(one) for one in penalties.split(",")]
    print(f"| {title} | {' | '.join(f'penalty {l2:g}' for l2 in weights)} |\n|---{'|--:' * len(weights)}|")
    for name, solve in heads.items():
        cells = []
        for l2 in weights:
            found = [100 * solve(train, l2) for train in trains]
            cells.append(f"{statistics.fmean(found):.{digits}f} ± {statistics.stdev(found):.{digits}f}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def accuracy(
    train: Sequence[Row], l2: float, *, states: Mapping[str, torch.Tensor], read: Vectors, test: Sequence[Row]
) -> float:
    """The share of test rows that the head solved on the training rows predicts."""
    labels = sorted({label for _, label in train})
    answers = torch.tensor([labels.index(label) for _, label in train])  # [rows]
    known, unseen = (read(torch.stack([states[text] for text, _ in rows])) for rows in (train, test))
    predicted: list[int] = logits_of(unseen, *solved(known, answers, len(labels), l2)).argmax(-1).tolist()
    right = sum(labels[one] == row[1] for one, row in zip(predicted, test, strict=True))
    return right / len(test)


@torch.inference_mode()
def pooled(texts: Sequence[str]) -> torch.Tensor:
    """Each layer's mean of the tokens, then the last layer's first token: ``[texts, layers + 1, width]``."""
    from transformers import AutoModel, AutoTokenizer

    folder = encoder_folder()
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    parts: list[torch.Tensor] = []
    for start in range(0, len(texts), 64):
        batch = tokenizer(list(texts[start : start + 64]), padding=True, truncation=True, return_tensors="pt")
        layers = model(**batch, output_hidden_states=True).hidden_states[1:]
        kept = batch["attention_mask"].unsqueeze(-1).float()  # [batch, tokens, 1]
        means = [(hidden * kept).sum(1) / kept.sum(1) for hidden in layers]
        parts.append(torch.stack([*means, layers[-1][:, 0]], dim=1))  # [batch, layers + 1, width]
    return normalize(torch.cat(parts), dim=-1)


if __name__ == "__main__":
    main(sys.argv[1:])
