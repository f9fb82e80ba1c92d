from __future__ import annotations

import csv
import subprocess
import sys

import pytest
import torch
from adaptkit_text_classification import text_classification
from transformers import BertConfig, BertForSequenceClassification


def sample(task, part):
    with (task.sample / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        return [task.prepare(row) for row in csv.DictReader(file)]


def labels_of(task, rows):
    return task.label_names(sorted({name for row in rows for name in task.labels_of(row)}))


def test_the_import_loads_neither_torch_nor_transformers():
    code = (
        "import sys, adaptkit_text_classification; "
        "sys.exit(bool({'torch', 'transformers', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_the_sample_is_read_and_has_the_training_labels(part):
    task = text_classification()
    assert set(labels_of(task, sample(task, part))) == set(labels_of(task, sample(task, "train")))


def test_a_tiny_model_memorises_the_sample(wordpiece):
    """Rows, examples, batches, loss, predictions and scores with a real model."""
    torch.manual_seed(0)
    task = text_classification()
    rows = sample(task, "train")[:12]
    labels = labels_of(task, rows)
    assert len(labels) > 1
    examples = task.encode(rows, wordpiece, labels, 64)
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
        assert weights.sum() == len(rows)
        if losses.max() < 0.1:
            break
        losses.mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    pieces = task.decode({"logits": outputs["logits"].detach().numpy()}, examples, labels)
    predictions = [task.merge_windows(row, [piece]) for row, piece in zip(rows, pieces, strict=True)]
    assert task.metric.compute(predictions, rows).values["accuracy"] == 1.0
