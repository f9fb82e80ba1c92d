from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from adaptkit_ner import ner
from transformers import BertConfig, BertForTokenClassification

from adaptkit.data.load import read_unlabelled


def rows_of(task, path):
    read = task.readers.get(path.suffix) or task.readers[""]
    return [task.prepare(row) for _, row in read(path)]


def labels_of(task, rows):
    return task.label_names(sorted({name for row in rows for name in task.labels_of(row)}))


def test_the_import_loads_neither_torch_nor_transformers():
    code = "import sys, adaptkit_ner; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_options_choose_the_columns(tmp_path):
    path = tmp_path / "words.any"
    path.write_text("B-PER 7 Ada\n")
    (row,) = rows_of(ner(token_column=2, tag_column=0), path)
    assert row == {"tokens": ["Ada"], "tags": ["B-PER"]}


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_the_sample_is_read_and_has_the_training_types(part):
    task = ner()
    train = rows_of(task, task.sample / "train.conll")
    rows = rows_of(task, task.sample / f"{part}.conll")
    assert rows
    assert set(labels_of(task, rows)) <= set(labels_of(task, train))


def test_a_tiny_model_memorises_the_sample(wordpiece):
    """Rows, examples, batches, loss, predictions and scores with a real model."""
    torch.manual_seed(0)
    task = ner()
    rows = rows_of(task, task.sample / "train.conll")[:8]
    labels = labels_of(task, rows)
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
    model = BertForTokenClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(1000):  # an upper limit; the loop ends earlier
        outputs = model(**{name: tensor for name, tensor in batch.items() if name != "labels"})
        losses, weights = task.loss(outputs, batch)
        assert losses.shape == weights.shape == batch["input_ids"].shape
        assert int(weights.sum()) == sum(len(example.info.words) for example in examples)
        if losses.max() < 0.1:
            break
        ((losses * weights).sum() / weights.sum()).backward()
        optimizer.step()
        optimizer.zero_grad()
    pieces = task.decode({"logits": outputs["logits"].detach().numpy()}, examples, labels)
    predictions = [
        task.merge_windows(
            row, [piece for piece, one in zip(pieces, examples, strict=True) if one.row == number]
        )
        for number, row in enumerate(rows)
    ]
    assert task.metric.compute(predictions, rows).values["f1"] == 1.0


def test_conllu_has_default_columns_of_its_own(tmp_path):
    path = tmp_path / "words.conllu"
    path.write_text("# text = Ada\n1\tAda\tada\tPROPN\tNNP\t_\t0\troot\t_\t_\n")
    assert rows_of(ner(spans=False), path) == [{"tokens": ["Ada"], "tags": ["PROPN"]}]
    assert rows_of(ner(spans=False, tag_column=4), path) == [{"tokens": ["Ada"], "tags": ["NNP"]}]


def test_the_options_are_saved_for_prediction():
    options = {"token_column": None, "tag_column": None, "spans": True, "decoding": "viterbi"}
    assert ner().options == options
    assert ner(**options).options == options
    assert ner(tag_column=2).options["tag_column"] == 2


def test_rows_to_be_predicted_are_read_without_their_entities(tmp_path):
    """Words are not split at the edges of entities, which are unknown in prediction."""
    text = "Ada slept"
    file = tmp_path / "new.jsonl"
    entity = {"start": 0, "end": 2, "label": "NEW"}
    file.write_text(json.dumps({"text": text, "entities": [entity]}) + "\n")
    rows = read_unlabelled(ner(), str(file), columns={}, skip_bad_rows=False)
    assert rows.values == [ner().prepare(ner().parse_text(text))]
    assert "tags" not in rows.values[0]
