from __future__ import annotations

from pathlib import Path

from adaptkit.config import DataConfig
from adaptkit.data.load import load
from adaptkit.data.overview import Lengths, Numbers, overview
from adaptkit.tasks import registry
from tests.helpers.data import write_csv


def test_lengths_are_of_the_inputs_alone(tmp_path: Path) -> None:
    rows = [(" ".join(["ab"] * number), "long label" if number % 2 else "x") for number in range(1, 21)]
    path = write_csv(tmp_path / "train.csv", rows)
    task = registry.load("text-classification")
    found = overview(task, load(task, DataConfig(train=str(path), dev=str(path)), 0))
    its = found.splits["dev"].characters
    sizes = [3 * number - 1 for number in range(1, 21)]
    assert its == Lengths(
        median=sizes[9], percentile_95=sizes[18], longest=sizes[19], longest_row=f"{path}:21"
    )


def test_words_have_a_space_between_them() -> None:
    task = registry.load("ner")
    data = load(task, DataConfig(), 0)
    found = overview(task, data)
    longest = max(data.train.values, key=lambda row: len(" ".join(row["tokens"])))
    assert found.splits["train"].characters is not None
    assert found.splits["train"].characters.longest == len(" ".join(longest["tokens"]))
    assert found.splits["train"].without_label > 0


def test_a_task_without_labels_has_none() -> None:
    task = registry.load("similarity")
    split = overview(task, load(task, DataConfig(), 0)).splits["train"]
    assert (split.labels, split.without_label) == ({}, 0)
    assert split.rows > 0


def test_answers_that_are_numbers_have_a_range(tmp_path: Path) -> None:
    path, scores = tmp_path / "train.csv", ("4.5", "1", "2.5", "3")
    lines = [f"one {number},two {number},{score}" for number, score in enumerate(scores)]
    path.write_text("\n".join(["sentence1,sentence2,score", *lines]), encoding="utf-8")
    task = registry.load("similarity")
    found = overview(task, load(task, DataConfig(train=str(path), dev=str(path)), 0))
    assert found.splits["dev"].numbers == Numbers(column="score", least=1, median=2.5, greatest=4.5)
    task = registry.load("text-classification")
    assert overview(task, load(task, DataConfig(), 0)).splits["train"].numbers is None


def test_rows_left_out_are_listed_and_not_warned_of(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "train.csv", [("boats", "a"), ("rain", "b"), ("grey", ""), ("merry", "a")])
    task = registry.load("text-classification")
    data = load(task, DataConfig(train=str(path), dev=str(path), skip_bad_rows=True), 0)
    found = overview(task, data)
    assert len(found.left_out) == 2
    assert [one for one in data.warnings if one not in found.warnings] == [
        one for one in data.warnings if " left out" in one
    ]
    assert found.warnings
