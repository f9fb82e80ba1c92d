"""Trial lists, shares of rows, generated rows and random models."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import transformers

from adaptkit.config import DataConfig
from adaptkit.data.load import load
from adaptkit.tasks import registry
from benchmarks.speed.random_models import random_model
from benchmarks.speed.rows import made_rows, real_rows
from benchmarks.speed.setting import trial_list


def test_a_list_is_the_same_for_the_same_seed() -> None:
    task = registry.load("text-classification")
    lists = [trial_list(task, "lora", 9, rows=1000, seed=seed) for seed in (0, 0, 1)]
    assert lists[0] == lists[1] != lists[2]
    assert lists[0][0] == lists[2][0] == {"learning_rate": 5e-4, "batch_size": 16}
    assert all(5e-5 <= trial["learning_rate"] <= 2e-3 for trial in lists[0])
    assert {
        trial["batch_size"] for trial in trial_list(task, "lora", 9, rows=10, seed=0, batch_sizes=[4])
    } == {4}


def test_a_share_of_rows_keeps_the_labels_in_proportion(data_folder: Path, tmp_path: Path) -> None:
    task = registry.load("text-classification")
    given = DataConfig(train=str(data_folder / "text-classification" / "train.csv"))
    data = load(task, real_rows(task, given, tmp_path, train=12, dev=0, seed=0), 0)
    assert len(data.train) == 12
    assert len(data.dev) == 7
    assert max(Counter(row["label"] for row in data.train.values).values()) <= 5


@pytest.mark.parametrize("name", ["text-classification", "ner"])
def test_generated_rows_have_the_requested_tokens(name: str, tmp_path: Path) -> None:
    model = random_model("bert-tiny", tmp_path / "model")
    task, tokenizer = registry.load(name), transformers.AutoTokenizer.from_pretrained(model)
    data = load(task, made_rows(name, tmp_path, train=30, dev=4, length=16, seed=0), 0)
    examples = task.encode(data.train.values, tokenizer, data.labels, 128)
    assert {len(example.inputs["input_ids"]) for example in examples} == {16}
    assert len(data.train) == 30


def test_rows_cannot_be_generated_for_other_tasks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not for 'qa'"):
        made_rows("qa", tmp_path, train=1, dev=1, length=16, seed=0)


def test_the_size_of_a_random_model(tmp_path: Path) -> None:
    config = json.loads((random_model("bert-tiny", tmp_path) / "config.json").read_text(encoding="utf-8"))
    assert (config["num_hidden_layers"], config["hidden_size"], config["intermediate_size"]) == (2, 128, 512)
