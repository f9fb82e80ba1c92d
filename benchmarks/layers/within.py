"""Solved heads whose penalty follows from how the features vary within classes: banking77.

    python -m benchmarks.layers.within --data FOLDER --rows 1500 --seeds 0,1,2,3,4,5,6

The default head gives each feature its own scale. Here the features are multiplied by the matrix ``(W + e m)
** -1/2``, where W is their covariance within classes, m the mean of its eigenvalues, and e is set with
``--damping`` (within-class covariance normalisation, Hatch, Kajarekar and Stolcke 2006). So a weight costs
less in directions in which the rows of a class hardly differ. The smaller e is, the more the directions
differ; a very large one gives all features one scale. Prints the test accuracy in points.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial

import torch

from benchmarks.baselines.data_sets import Row
from benchmarks.layers.run import logits_of, minimised, solved
from benchmarks.layers.texts import draws, parser_of, print_table, states_of

MEAN_OF_LAST_LAYER = -2
"""Its place among the vectors that `pooled` gives."""

OWN = "each feature its own scale"


def main(arguments: Sequence[str]) -> None:
    """Prints the table."""
    parser = parser_of("within", seeds="0,1,2,3,4,5,6", penalties="0.003,0.01,0.02")
    parser.add_argument("--damping", default="1,3,10,1000")
    options = parser.parse_args(arguments)
    trains, test = draws(options)
    states = {text: layers[MEAN_OF_LAST_LAYER] for text, layers in states_of([*trains, test]).items()}
    scales = {OWN: None, **{f"{float(one):g}": float(one) for one in options.damping.split(",")}}
    heads = {
        name: partial(accuracy, states=states, damping=damping, test=test) for name, damping in scales.items()
    }
    print_table("e", heads, trains, options.penalties, digits=2)


def accuracy(
    train: Sequence[Row],
    l2: float,
    *,
    states: Mapping[str, torch.Tensor],
    damping: float | None,
    test: Sequence[Row],
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
