from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest
import torch
from adaptkit_multiple_choice import multiple_choice
from transformers import BertConfig, BertForMultipleChoice

from adaptkit.config import DataConfig
from adaptkit.data.load import load, read_unlabelled
from adaptkit.errors import DataError

SPLITS = ("train", "dev", "test")


def sample(task, split):
    lines = (task.sample / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [task.prepare(json.loads(line)) for line in lines]


def test_the_import_loads_neither_torch_nor_transformers():
    code = (
        "import sys, adaptkit_multiple_choice; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("first", [2, -1, "1", 0.5])
def test_options_are_checked_and_kept(first):
    with pytest.raises(ValueError, match=r"first = .*; expected 0 or 1"):
        multiple_choice(first=first)
    assert multiple_choice(**multiple_choice(first=1).options).options == {"first": 1}


def test_the_sample_has_no_duplicates():
    task = multiple_choice()
    rows = {split: sample(task, split) for split in SPLITS}
    asked = [
        (row.get("context"), row["question"], *sorted(row["choices"])) for its in rows.values() for row in its
    ]
    assert len(asked) == len(set(asked)) == 312
    contexts = [{row["context"] for row in its if "context" in row} for its in rows.values()]
    assert len(set().union(*contexts)) == sum(map(len, contexts)) == 20


def test_the_samples_readme_tells_the_numbers():
    task = multiple_choice()
    table = " ".join((task.sample / "README.md").read_text().replace("|", " ").split())
    for split in SPLITS:
        rows = sample(task, split)
        counts = Counter(len(row["choices"]) for row in rows)
        numbers = [
            len(rows),
            sum("context" in row for row in rows),
            *(counts[count] for count in (2, 3, 4, 5)),
        ]
        assert f"{split} {' '.join(map(str, numbers))}" in table


def test_no_position_of_the_right_choice_is_too_frequent():
    rows = [row for split in SPLITS for row in sample(multiple_choice(), split) if len(row["choices"]) == 4]
    positions = Counter(row["answer"] for row in rows)
    assert max(positions.values()) < 0.35 * len(rows)


def test_rows_of_a_table_may_lack_the_last_choices(tmp_path):
    file = tmp_path / "quiz.csv"
    file.write_text("question,A,B,C,answer\nOne?,x,y,z,C\nTwo?,x,y,,B\nThree?,x,y,z,-\n")
    data = load(multiple_choice(), DataConfig(train=str(file), dev=str(file)), seed=0)
    assert [row["choices"] for row in data.train.values] == [["x", "y", "z"], ["x", "y"]]
    assert [row["answer"] for row in data.train.values] == [2, 1]
    assert data.train.skipped == [f"{file}:4: no answer: answer = '-'"]
    unlabelled = read_unlabelled(multiple_choice(), str(file), columns={}, skip_bad_rows=False)
    assert unlabelled.values[2] == {"question": "Three?", "choices": ["x", "y", "z"]}


def test_a_bad_answer_is_told_with_file_and_line(tmp_path):
    file = tmp_path / "quiz.jsonl"
    rows = [{"question": "?", "choices": ["x", "y"], "answer": answer} for answer in (1, 2)]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    with pytest.raises(DataError, match=rf"{file}:2: answer = 2 is none of the 2 choices; .*first=1"):
        load(multiple_choice(), DataConfig(train=str(file), dev=str(file)), seed=0)
    data = load(multiple_choice(first=1), DataConfig(train=str(file), dev=str(file)), seed=0)
    assert [row["answer"] for row in data.train.values] == [0, 1]


def test_dev_rows_are_split_off_without_labels(tmp_path):
    file = tmp_path / "quiz.jsonl"
    rows = [{"question": f"{n}?", "choices": ["x", f"y{n}"], "answer": n % 2} for n in range(40)]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    data = load(multiple_choice(), DataConfig(train=str(file)), seed=0)
    assert (len(data.train), len(data.dev), data.labels) == (34, 6, ())


def test_a_tiny_model_memorises_questions_of_any_size(wordpiece):
    """Rows, examples, batches, loss, predictions and scores with a real model."""
    torch.manual_seed(0)
    task = multiple_choice()
    rows = sample(task, "train")[:10]
    assert len({len(row["choices"]) for row in rows}) > 1
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
    )
    model = BertForMultipleChoice(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(1000):  # ends long before, on any processor
        outputs = model(**{name: batch[name] for name in wordpiece.model_input_names})
        losses, weights = task.loss(outputs, batch)
        assert losses.shape == weights.shape == (len(rows),)
        if losses.max() < 0.1:
            break
        losses.mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    pieces = task.decode({"logits": outputs["logits"].detach().numpy()}, examples, ())
    predictions = [task.merge_windows(row, [piece]) for row, piece in zip(rows, pieces, strict=True)]
    assert task.metric.compute(predictions, rows).values == {"accuracy": 1.0}
    shown = [task.to_json(row, prediction) for row, prediction in zip(rows, predictions, strict=True)]
    assert [one["answer"] for one in shown] == [row["choices"][row["answer"]] for row in rows]
