from __future__ import annotations

import csv
import subprocess
import sys

import pytest
import torch
from adaptkit_multi_label import multi_label
from transformers import BertConfig, BertForSequenceClassification


def sample(task, part):
    with (task.sample / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        return [task.prepare(row) for row in csv.DictReader(file)]


def labels_of(task, rows):
    return task.label_names(sorted({name for row in rows for name in task.labels_of(row)}))


def test_the_import_loads_neither_torch_nor_transformers():
    code = "import sys, adaptkit_multi_label; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_the_sample_is_read_and_has_the_training_labels(part):
    task = multi_label()
    rows = sample(task, part)
    assert set(labels_of(task, rows)) == set(labels_of(task, sample(task, "train")))
    assert {len(row["labels"]) for row in rows} == {0, 1, 2, 3}


def test_the_separator_is_an_option_and_kept():
    task = multi_label(separator=";")
    assert task.prepare({"text": "a", "labels": "b;c"})["labels"] == ["b", "c"]
    assert task.options == {"separator": ";"}
    with pytest.raises(ValueError, match="separator = ''; expected the text between"):
        multi_label(separator="")


def test_a_tiny_model_memorises_the_sample(wordpiece):
    """Rows, examples, batches, loss, predictions and scores with a real model."""
    torch.manual_seed(0)
    task = multi_label()
    rows = sample(task, "train")[:8]
    labels = labels_of(task, rows)
    examples = task.encode(rows, wordpiece, labels, 64)
    batch = task.collator(wordpiece, pad_to_multiple_of=8)([dict(one.inputs) for one in examples])
    with_floats = {**batch, "labels": batch["labels"].float()}  # as transformers' own loss wants them
    config = BertConfig(
        vocab_size=len(wordpiece),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=len(labels),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        **task.config_overrides,
    )
    model = BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(1000):  # ends long before, on any processor
        outputs = model(**with_floats)
        losses, weights = task.loss(outputs, batch)
        assert losses.shape == weights.shape == (len(rows), len(labels))
        torch.testing.assert_close((losses * weights).sum() / weights.sum(), outputs["loss"])
        if losses.max() < 0.3:  # every label on its right side of 0.5, with room between
            break
        outputs["loss"].backward()
        optimizer.step()
        optimizer.zero_grad()
    pieces = task.decode({"logits": outputs["logits"].detach().numpy()}, examples, labels)
    predictions = [task.merge_windows(row, [piece]) for row, piece in zip(rows, pieces, strict=True)]
    calibration = task.calibrate(predictions, rows)
    said = [task.apply_calibration(prediction, calibration) for prediction in predictions]
    assert task.metric.compute(said, rows).values == {"micro_f1": 1.0, "macro_f1": 1.0}
