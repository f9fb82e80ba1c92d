from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter

import pytest
import torch
from adaptkit_similarity import similarity
from transformers import BertConfig, BertForSequenceClassification

from adaptkit.config import DataConfig
from adaptkit.data.load import load, read_unlabelled
from adaptkit.errors import DataError

SPLITS = {"train": 200, "dev": 60, "test": 60}


def sample(task, split):
    with (task.sample / f"{split}.csv").open(encoding="utf-8", newline="") as file:
        return [task.prepare(row) for row in csv.DictReader(file)]


def test_the_import_loads_neither_torch_nor_transformers():
    code = "import sys, adaptkit_similarity; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_options_are_checked_and_kept():
    with pytest.raises(ValueError, match=r"lowest = 5.0, highest = 1.0; expected"):
        similarity(lowest=5.0, highest=1.0)
    task = similarity(highest=1.0)
    assert similarity(**task.options).columns["score"] == "how similar their meaning is, from 0 to 1"


def test_the_sample_covers_the_scale_with_disjoint_splits():
    task = similarity()
    rows = {split: sample(task, split) for split in SPLITS}
    assert {split: len(its) for split, its in rows.items()} == SPLITS
    sentences = [{row[side] for row in its for side in ("sentence1", "sentence2")} for its in rows.values()]
    assert len(set().union(*sentences)) == sum(map(len, sentences)) == 400
    for its in rows.values():
        bands = Counter(task.stratify_by(row) for row in its)
        assert len(bands) == 5
        assert min(bands.values()) >= 0.05 * len(its)


def test_the_samples_readme_tells_the_numbers():
    table = " ".join((similarity().sample / "README.md").read_text().replace("|", " ").split())
    assert all(f"{split} {count // 4} {count}" in table for split, count in SPLITS.items())


def test_a_file_without_a_header_is_read_by_position(tmp_path):
    """STS-B is often distributed in this form: sentences and score without a header line."""
    file = tmp_path / "sts.csv"
    file.write_text('"One, two.",Three.,5.0\nA dog.,A cat.,1.250\nA man.,A plane.,0\n')
    columns = {"sentence1": "1", "sentence2": "2", "score": "3"}
    data = load(similarity(), DataConfig(train=str(file), dev=str(file), columns=columns), seed=0)
    assert [row["score"] for row in data.train.values] == [5.0, 1.25, 0.0]
    assert data.train.values[0]["sentence1"] == "One, two."
    assert data.labels == ()


def test_dev_rows_are_split_off_with_each_band_in_proportion(tmp_path):
    file = tmp_path / "pairs.csv"
    rows = [f"one {n},two {n},{n % 10 / 2}" for n in range(200)]
    file.write_text("\n".join(["sentence1,sentence2,score", *rows]))
    task = similarity()
    data = load(task, DataConfig(train=str(file)), seed=0)
    bands = Counter(task.stratify_by(row) for row in data.dev.values)
    assert len(bands) == 5
    assert max(bands.values()) - min(bands.values()) <= 1


def test_dev_rows_have_first_sentences_of_their_own(tmp_path):
    file = tmp_path / "pairs.csv"
    rows = [f"one {n // 4},two {n},{n % 10 / 2}" for n in range(200)]
    file.write_text("\n".join(["sentence1,sentence2,score", *rows]))
    data = load(similarity(), DataConfig(train=str(file)), seed=0)
    assert abs(len(data.dev) - 30) <= 2
    assert not {row["sentence1"] for row in data.train.values} & {row["sentence1"] for row in data.dev.values}


def test_rows_without_a_score_are_left_out_and_predicted(tmp_path):
    file = tmp_path / "pairs.csv"
    file.write_text("sentence1,sentence2,label\na,b,1\nc,d,-1\ne,f,\ng,h,4\n")
    data = load(similarity(), DataConfig(train=str(file), dev=str(file)), seed=0)
    assert len(data.train) == 2
    assert data.train.skipped == [f"{file}:{n}: no score: label = {one!r}" for n, one in ((3, "-1"), (4, ""))]
    unlabelled = read_unlabelled(similarity(), str(file), columns={}, skip_bad_rows=False)
    assert unlabelled.values[1] == {"sentence1": "c", "sentence2": "d"}
    assert len(unlabelled) == 4


def test_a_score_outside_the_scale_names_line_and_option(tmp_path):
    file = tmp_path / "pairs.csv"
    file.write_text("sentence1,sentence2,score\na,b,1\nc,d,80\n")
    with pytest.raises(DataError, match=rf"{file}:3: score = '80'; expected .*--option highest=NUMBER"):
        load(similarity(), DataConfig(train=str(file), dev=str(file)), seed=0)
    assert len(load(similarity(highest=100.0), DataConfig(train=str(file), dev=str(file)), seed=0).train) == 2


@pytest.mark.parametrize("highest", [1.0, 5.0, 1000.0])
def test_a_tiny_model_memorises_pairs_on_any_scale(wordpiece, highest):
    """Rows, examples, batches, loss, predictions and scores with a real model."""
    torch.manual_seed(0)
    task = similarity(highest=highest)
    rows = [{**row, "score": row["score"] * highest / 5} for row in sample(similarity(), "train")[:12]]
    examples = task.encode(rows, wordpiece, (), 128)
    batch = task.collator(wordpiece, pad_to_multiple_of=8)([dict(one.inputs) for one in examples])
    config = BertConfig(
        vocab_size=len(wordpiece),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        **task.config_overrides,
    )
    model = BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(1000):  # ends long before, on any processor
        outputs = model(**{name: tensor for name, tensor in batch.items() if name != "labels"})
        losses, weights = task.loss(outputs, batch)
        assert losses.shape == weights.shape == (len(rows),)
        if losses.max() < 1e-3:
            break
        losses.mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    pieces = task.decode({"logits": outputs["logits"].detach().numpy()}, examples, ())
    predictions = [task.merge_windows(row, [piece]) for row, piece in zip(rows, pieces, strict=True)]
    scores = task.metric.compute(predictions, rows)
    assert scores.values["pearson"] > 0.99
    assert scores.values["absolute_error"] < 0.02 * highest
