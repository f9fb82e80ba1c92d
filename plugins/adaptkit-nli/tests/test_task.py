from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter

import pytest
import torch
from adaptkit_nli import nli
from transformers import BertConfig, BertForSequenceClassification

from adaptkit.config import DataConfig
from adaptkit.data.load import load, read_unlabelled
from adaptkit.errors import DataError

SPLITS = ("train", "dev", "test")


def sample(task, split):
    with (task.sample / f"{split}.csv").open(encoding="utf-8", newline="") as file:
        return [task.prepare(row) for row in csv.DictReader(file)]


def labels_of(task, rows):
    return task.label_names(sorted({name for row in rows for name in task.labels_of(row)}))


def test_the_import_loads_neither_torch_nor_transformers():
    code = "import sys, adaptkit_nli; sys.exit(bool({'torch', 'transformers', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_sample_is_balanced_and_its_splits_are_disjoint():
    task = nli()
    rows = {split: sample(task, split) for split in SPLITS}
    for split, count in zip(SPLITS, (100, 25, 25), strict=True):
        each = Counter(row["label"] for row in rows[split])
        assert each == {"entailment": count, "neutral": count, "contradiction": count}
    premises = [{row["premise"] for row in rows[split]} for split in SPLITS]
    assert len(set().union(*premises)) == sum(map(len, premises)) == 150


def test_rows_without_a_gold_label_are_left_out_and_predicted(tmp_path):
    labels = ["entailment", "-", "neutral", "contradiction"]
    rows = [{"sentence1": f"p{n}", "sentence2": f"h{n}", "gold_label": one} for n, one in enumerate(labels)]
    file = tmp_path / "snli.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in [*rows, *rows[:3]]))
    data = load(nli(), DataConfig(train=str(file), dev=str(file)), seed=0)
    assert data.labels == ("contradiction", "entailment", "neutral")
    assert (len(data.train), len(data.dev)) == (5, 5)
    assert data.train.skipped == [f"{file}:{line}: no gold label: gold_label = '-'" for line in (2, 6)]
    unlabelled = read_unlabelled(nli(), str(file), columns={}, skip_bad_rows=False)
    assert unlabelled.values[1] == {"premise": "p1", "hypothesis": "h1"}
    assert len(unlabelled) == 7


def test_parquet_classes_are_names_and_minus_one_is_left_out(tmp_path):
    from datasets import ClassLabel, Dataset, Features, Value

    names = ClassLabel(names=["entailment", "neutral", "contradiction"])
    features = Features({"premise": Value("string"), "hypothesis": Value("string"), "label": names})
    rows = [{"premise": f"p{n}", "hypothesis": "h", "label": n % 4 - 1} for n in range(12)]
    file = tmp_path / "train.parquet"
    Dataset.from_list(rows, features=features).to_parquet(file)
    data = load(nli(), DataConfig(train=str(file), dev=str(file)), seed=0)
    assert [row["label"] for row in data.train.values[:3]] == names.names
    assert (len(data.train), len(data.train.skipped)) == (9, 3)


def test_dev_rows_have_premises_of_their_own(tmp_path):
    labels = ("entailment", "neutral", "contradiction")
    rows = [{"premise": f"p{n // 3}", "hypothesis": f"h{n}", "label": labels[n % 3]} for n in range(120)]
    file = tmp_path / "train.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    data = load(nli(), DataConfig(data=str(file)), seed=0)
    assert Counter(row["label"] for row in data.dev.values) == dict.fromkeys(labels, 6)
    premises = [{row["premise"] for row in rows.values} for rows in (data.train, data.dev)]
    assert not premises[0] & premises[1]
    assert data.warnings == ()
    with file.open("a") as more:
        more.writelines(f"{json.dumps({**row, 'premise': 'P0.'})}\n" for row in rows)
    data = load(nli(), DataConfig(data=str(file)), seed=0)
    assert len({row["premise"] for row in data.train.values} & {"p0", "P0."}) == 2


def test_splits_that_share_premises_are_reported(tmp_path):
    for split in ("train", "dev"):
        lines = [f"p{n},{split} h{n},{'yes' if n % 2 else 'no'}" for n in range(6)]
        (tmp_path / f"{split}.csv").write_text("\n".join(["premise,hypothesis,label", *lines]))
    (warning,) = load(nli(), DataConfig(data=str(tmp_path)), seed=0).warnings
    assert warning.startswith("6 of the 6 dev rows have the same premise as training rows")
    assert warning.endswith("dev.csv:2")


def test_parallel_files_are_read_by_each_of_their_names(tmp_path):
    for suffix in ("train", "dev"):
        (tmp_path / f"s1.{suffix}").write_text("a\nb\nc\n")
        (tmp_path / f"s2.{suffix}").write_text("x\ny\nz\n")
        (tmp_path / f"labels.{suffix}").write_text("entailment\nneutral\n-\n")
    config = DataConfig(train=str(tmp_path / "s1.train"), dev=str(tmp_path / "labels.dev"))
    data = load(nli(), config, seed=0)
    assert data.train.values == data.dev.values
    assert [row["label"] for row in data.train.values] == ["entailment", "neutral"]
    assert data.train.skipped == [f"{tmp_path / 's1.train'}:3: no gold label: label = '-'"]
    (tmp_path / "s2.train").write_text("x\ny\n")
    with pytest.raises(DataError, match=r"s1.train:3: 's2.train' ends before this line"):
        load(nli(), config, seed=0)


def test_a_tiny_model_memorises_the_sample(wordpiece):
    """Rows, examples, batches, loss, predictions and scores with a real model."""
    torch.manual_seed(0)
    task = nli()
    rows = sample(task, "train")[:12]
    labels = labels_of(task, rows)
    assert len(labels) == 3
    examples = task.encode(rows, wordpiece, labels, 128)
    batch = task.collator(wordpiece, pad_to_multiple_of=8)([dict(one.inputs) for one in examples])
    config = BertConfig(
        vocab_size=len(wordpiece),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=len(labels),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(1000):  # ends long before, on any processor
        outputs = model(**{name: tensor for name, tensor in batch.items() if name != "labels"})
        losses, weights = task.loss(outputs, batch)
        assert losses.shape == weights.shape == (len(rows),)
        if losses.max() < 0.1:
            break
        losses.mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    pieces = task.decode({"logits": outputs["logits"].detach().numpy()}, examples, labels)
    predictions = [task.merge_windows(row, [piece]) for row, piece in zip(rows, pieces, strict=True)]
    scores = task.metric.compute(predictions, rows)
    assert scores.values == {"accuracy": 1.0, "macro_f1": 1.0}
    assert sum(group["support"] for group in scores.groups.values()) == len(rows)
