from __future__ import annotations

import pytest
from adaptkit_token_multi_label import token_multi_label
from adaptkit_token_multi_label.baseline import labels_of_words


def test_the_sample_is_a_column_file():
    task = token_multi_label()
    number, row = next(iter(task.readers[".conll"](task.sample / "train.conll")))
    assert number == 1
    assert len(row["tokens"]) == len(row["labels"])
    assert task.labels_of(task.prepare(row)) <= {"DATE", "EVENT", "LOC", "ORG", "PER", "TITLE"}


def test_other_columns_and_another_separator(tmp_path):
    path = tmp_path / "words.conll"
    path.write_text("1 Porto LOC;ORG x\n2 sang O x\n")
    task = token_multi_label(separator=";", token_column=1, label_column=-2)
    ((_, row),) = task.readers[".conll"](path)
    assert task.prepare(row) == {"tokens": ["Porto", "sang"], "labels": [["LOC", "ORG"], []]}


def test_an_empty_separator_is_refused():
    with pytest.raises(ValueError, match="expected the text between two labels"):
        token_multi_label(separator="")


def test_the_baseline_knows_the_usual_labels_of_words():
    train = [
        {"tokens": ["a", "b", "c"], "labels": [["X", "Y"], ["X"], []]},
        {"tokens": ["a", "b", "b"], "labels": [["X"], [], []]},
    ]
    (found,) = labels_of_words(train, [{"tokens": ["a", "b", "c", "d"]}], ("X", "Y")).values()
    assert found == [{"labels": [["X", "Y"], [], [], []]}]
