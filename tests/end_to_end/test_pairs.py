"""Two texts that the encoder reads separately: trained by every strategy, exported, and predicting."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any, Literal

import pytest

import adaptkit
from tests.helpers.data import OTHERS


def write_pairs(path: Path, count: int, seed: int) -> Path:
    """A hypothesis follows if its words are in the premise."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        premise = draw.sample(OTHERS, 5)
        others = [word for word in OTHERS if word not in premise]
        hypothesis = draw.sample(premise if number % 2 else others, 3)
        rows.append((" ".join(premise), " ".join(hypothesis), "yes" if number % 2 else "no"))
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("premise", "hypothesis", "label"), *rows])
    return path


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_pairs_are_trained_exported_and_predicted(
    strategy: Literal["frozen", "lora", "full"], tiny_folder: Path, tmp_path: Path
) -> None:
    dev = write_pairs(tmp_path / "dev.csv", 20, seed=2)
    study: Any = adaptkit.tune(
        "nli", train=str(write_pairs(tmp_path / "train.csv", 40, seed=1)), dev=str(dev), test=str(dev),
        model=str(tiny_folder), strategy=strategy, pooling="pair", trials=2, epochs=2,
        learning_rate=(1e-3, 1e-2), batch_sizes=(4,), studies=tmp_path / "studies", device="cpu",
        precision="fp32",
    )  # fmt: skip
    assert study.summary.pooling == "pair"
    assert study.summary.not_together == ""
    # The exported model, which reads both texts again, scores the dev rows as the trial did.
    assert study.summary.test == pytest.approx(study.best.values, abs=0.051)
    (found,) = adaptkit.load(study.model_folder).predict(["the river has seen ||| the river"])
    assert found["label"] in ("yes", "no")
