from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from adaptkit_qa import qa
from transformers import BertConfig, BertForQuestionAnswering

from adaptkit.config import DataConfig
from adaptkit.data.load import load
from adaptkit.errors import DataError


def rows_of(task, part):
    return [task.prepare(row) for _, row in task.readers[".json"](task.sample / f"{part}.json")]


def test_the_import_loads_neither_torch_nor_transformers():
    code = "import sys, adaptkit_qa; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "options", [{"doc_stride": -1}, {"n_best": 0}, {"max_answer_length": "30"}, {"max_question_length": True}]
)
def test_options_are_checked_and_kept(options):
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=f"{name} = {value!r}; expected an integer"):
        qa(**options)
    assert qa(doc_stride=0).options["doc_stride"] == 0


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_the_sample_is_valid_and_its_splits_are_disjoint(part):
    task = qa()
    rows = rows_of(task, part)
    assert 0.2 < sum(not row["answers"] for row in rows) / len(rows) < 0.3
    assert len({row["id"] for row in rows}) == len(rows)
    others = {"train", "dev", "test"} - {part}
    assert not {row["context"] for row in rows} & {
        row["context"] for name in others for row in rows_of(task, name)
    }
    if part != "train":
        assert any(len(row["answers"]) > 1 for row in rows)


def test_dev_rows_have_contexts_of_their_own(tmp_path):
    answers = [[], [{"text": "It", "start": 0}]]
    rows = [
        {"question": f"What is {n}?", "context": f"It is {n // 5}.", "answers": answers[n % 2]}
        for n in range(200)
    ]
    file = tmp_path / "train.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    data = load(qa(), DataConfig(train=str(file)), seed=0)
    assert len(data.dev) == 30
    assert abs(sum(bool(row["answers"]) for row in data.dev.values) - 15) <= 2
    contexts = [{row["context"] for row in rows.values} for rows in (data.train, data.dev)]
    assert not contexts[0] & contexts[1]
    assert data.warnings == ()


def test_splits_that_share_contexts_are_reported(tmp_path):
    for split in ("train", "dev"):
        rows = [{"question": f"{split} {n}?", "context": f"It is {n}.", "answers": []} for n in range(3)]
        (tmp_path / f"{split}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (warning,) = load(qa(), DataConfig(data=str(tmp_path)), seed=0).warnings
    assert warning.startswith("3 of the 3 dev rows have the same context as training rows")
    assert warning.endswith("dev.jsonl:1")


def test_a_single_context_needs_dev_rows(tmp_path):
    rows = [{"question": f"What is {n}?", "context": "It is so.", "answers": []} for n in range(30)]
    file = tmp_path / "train.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    with pytest.raises(DataError, match=r"all of its rows \(30\) have the same context.*--dev"):
        load(qa(), DataConfig(train=str(file)), seed=0)


def test_sample_readme_tells_the_numbers():
    task = qa()
    table = Path(task.sample / "README.md").read_text()
    for part in ("train", "dev", "test"):
        rows = rows_of(task, part)
        contexts = len({row["context"] for row in rows})
        without = sum(not row["answers"] for row in rows)
        assert f"| {part} | {contexts} | {len(rows)} | {without} |" in " ".join(table.split())


def test_a_tiny_model_memorises_a_part_of_the_sample(wordpiece):
    """Rows, windows, batches, loss, predictions, threshold and scores with a real model."""
    torch.manual_seed(0)
    task = qa(doc_stride=16)
    rows = [*rows_of(task, "train")[3:6], *rows_of(task, "train")[11:15]]
    assert any(not row["answers"] for row in rows)
    examples = task.encode(rows, wordpiece, (), 192)
    assert len(examples) > len(rows)
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
    model = BertForQuestionAnswering(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(300):
        outputs = model(**{name: batch[name] for name in wordpiece.model_input_names})
        losses, weights = task.loss(outputs, batch)
        assert losses.shape == weights.shape == (len(examples),)
        ((losses * weights).sum() / weights.sum()).backward()
        optimizer.step()
        optimizer.zero_grad()
    arrays = {name: outputs[name].detach().numpy() for name in task.outputs}
    pieces = task.decode(arrays, examples, ())
    predictions = [
        task.merge_windows(
            row, [piece for piece, one in zip(pieces, examples, strict=True) if one.row == number]
        )
        for number, row in enumerate(rows)
    ]
    calibration = task.calibrate(predictions, rows)
    predictions = [task.apply_calibration(prediction, calibration) for prediction in predictions]
    scores = task.metric.compute(predictions, rows)
    assert scores.values["f1"] > 0.95
    assert set(scores.groups) == {"HasAns", "NoAns"}
    shown = [task.to_json(row, prediction) for row, prediction in zip(rows, predictions, strict=True)]
    assert [one["answer"] is None for one in shown] == [not row["answers"] for row in rows]


@pytest.mark.parametrize("name", ["train.json", "train.txt", "train.csv", "train.TSV", "train.xml", "train"])
@pytest.mark.parametrize("lines", [False, True])
def test_json_is_read_under_any_name(tmp_path, name, lines):
    rows = [
        {"question": f"{n}?", "context": f"It is {n}.", "answers": [{"text": str(n), "answer_start": 6}]}
        for n in range(6)
    ]
    squad = [{"context": row["context"], "qas": [{**row, "id": row["question"]}]} for row in rows]
    text = json.dumps({"data": [{"paragraphs": squad}]}, indent=1)
    (tmp_path / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows) if lines else text)
    data = load(qa(), DataConfig(train=str(tmp_path / name)), seed=0)
    read = sorted([*data.train.values, *data.dev.values], key=lambda row: row["question"])
    assert [row["question"] for row in read] == [row["question"] for row in rows]
    assert [row["context"] for row in read] == [row["context"] for row in rows]
