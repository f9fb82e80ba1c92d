"""Solved heads whose penalty follows from how the features vary within classes: banking77.

    python -m benchmarks.layers.within --data FOLDER --rows 1500 --seeds 0,1,2,3,4,5,6

The default head gives each feature its own scale. Here the features are multiplied by the matrix ``(W + e m)
** -1/2``, where W is their covariance within classes, m the mean of its eigenvalues, and e is set with
``--damping`` (within-class covariance normalisation, Hatch, Kajarekar and Stolcke 2006). So a weight costs
less in directions in which the rows of a class hardly differ. The smaller e is, the more the directions
differ; a very large one gives all features one scale. Prints the test accuracy in points.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.baselines.data_sets import MOST_TEST_ROWS, READERS, Row, subset
from benchmarks.layers.run import logits_of, minimised, solved
from benchmarks.layers.texts import pooled

MEAN_OF_LAST_LAYER = -2
"""Its place among the vectors that `pooled` gives."""

OWN = "each feature its own scale"


def main(arguments: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers.within")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", default="0,1,2,3,4,5,6")
    parser.add_argument("--rows", default="1500", help="a number, or 8c for eight of each class")
    parser.add_argument("--penalties", default="0.003,0.01,0.02")
    parser.add_argument("--damping", default="1,3,10,1000")
    options = parser.parse_args(arguments)
    penalties = [float(one) for one in options.penalties.split(",")]
    reader = READERS["banking77"][2]
    test = subset(reader(options.data, "test"), str(MOST_TEST_ROWS), 0)
    trains = [
        subset(reader(options.data, "train"), options.rows, seed)
        for seed in map(int, options.seeds.split(","))
    ]
    texts = sorted({text for rows in (*trains, test) for text, _ in rows}, key=len)
    states = dict(zip(texts, pooled(texts)[:, MEAN_OF_LAST_LAYER], strict=True))  # text → [width]
    print(f"| e | {' | '.join(f'penalty {l2:g}' for l2 in penalties)} |\n|---{'|--:' * len(penalties)}|")
    for damping in (None, *map(float, options.damping.split(","))):
        cells = []
        for l2 in penalties:
            found = [100 * accuracy(states, train, test, l2, damping) for train in trains]
            cells.append(f"{statistics.fmean(found):.2f} ± {statistics.stdev(found):.2f}")
        print(f"| {OWN if damping is None else f'{damping:g}'} | {' | '.join(cells)} |", flush=True)


def accuracy(
    states: dict[str, torch.Tensor],
    train: Sequence[Row],
    test: Sequence[Row],
    l2: float,
    damping: float | None,
) -> float:
    """The share of test rows that the head predicts; without ``damping`` each feature has its own scale."""
    labels = sorted({label for _, label in train})
    answers = torch.tensor([labels.index(label) for _, label in train])  # [rows]
    known, unseen = (
        torch.stack([states[text] for text, _ in rows]) for rows in (train, test)
    )  # [rows, width]
    if damping is None:
        logits = logits_of(unseen, *solved(known, answers, len(labels), l2))  # [test rows, labels]
    else:
        change = within(known, answers, damping)  # [width, width]
        weights, bias = minimised(known @ change, answers, len(labels), l2)
        logits = unseen @ change @ weights + bias
    predicted: list[int] = logits.argmax(-1).tolist()
    right = sum(labels[one] == row[1] for one, row in zip(predicted, test, strict=True))
    return right / len(test)


def within(features: torch.Tensor, answers: torch.Tensor, damping: float) -> torch.Tensor:
    """The matrix ``[width, width]`` for ``features [rows, width]``, which then vary by 1 on average."""
    sums = torch.zeros(int(answers.max()) + 1, features.shape[1]).index_add(0, answers, features)
    means = sums / torch.bincount(answers).clamp_min(1).unsqueeze(1)  # [classes, width]
    residuals = features - means[answers]  # [rows, width]
    values, vectors = torch.linalg.eigh(residuals.T @ residuals / len(features))
    change: torch.Tensor = vectors * (values.clamp_min(0) + damping * values.mean()) ** -0.5
    spread: torch.Tensor = (features @ change).var(0).mean().sqrt()
    return change / spread


if __name__ == "__main__":
    main(sys.argv[1:])
