from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from adaptkit.data.duplicates import (
    conflict_warnings,
    duplicate_warnings,
    first_copies,
    occur_once,
    repeat_warnings,
    with_asked,
)
from adaptkit.data.rows import Rows
from adaptkit.task import Task

MakeTask = Callable[..., Task]


def rows_of(*texts: str) -> Rows:
    values = [{"text": text, "label": "ab"[number % 2]} for number, text in enumerate(texts)]
    return Rows(values, [f"f:{line}" for line in range(1, len(values) + 1)], "f")


def test_rows_of_train_found_in_another_split_are_counted(make_task: MakeTask) -> None:
    train = rows_of("Where is it?", ":)", "fine")
    dev = rows_of("new", "where  is it", ":(", "Fine!")
    (warning,) = duplicate_warnings(make_task(), {"train": train, "dev": dev, "test": rows_of("other")})
    assert warning.startswith("2 of the 4 dev rows are also training rows")
    assert warning.endswith("; the first: f:2, as f:1. Remove them from one of the two.")


def test_questions_that_occur_once(make_task: MakeTask) -> None:
    rows = rows_of("Where is it?", ":)", "where  is it", "fine", ":(")
    assert occur_once(make_task(), rows).tolist() == [False, True, False, True, True]
    assert occur_once(make_task(), rows_of()).tolist() == []


def test_the_first_row_with_the_same_question(make_task: MakeTask) -> None:
    rows = rows_of("Where is it?", ":)", "where  is it", "fine", "Where is it", ":)")
    assert first_copies(make_task(), rows).tolist() == [0, 1, 0, 3, 0, 1]
    assert first_copies(make_task(), rows_of()).tolist() == []


def test_repeated_rows_are_counted(make_task: MakeTask) -> None:
    rows = rows_of("Where is it?", ":)", "where  is it", "fine", "Where is it", ":)")
    (warning,) = repeat_warnings(make_task(), "train", rows)
    assert warning.startswith("train: 3 of the 6 rows repeat the input of an earlier row (ignoring case,")
    assert "; the first: f:3, as f:1. " in warning
    assert repeat_warnings(make_task(), "train", rows.take([0, 1, 3])) == []


def test_target_columns_may_be_a_list(make_task: MakeTask) -> None:
    task = make_task(target_columns=["label"])
    assert occur_once(task, rows_of("fine", "Fine!", "new")).tolist() == [False, False, True]


def test_different_rows_with_equal_numbers_are_told_apart(make_task: MakeTask) -> None:
    """Numbers of different texts may be equal; then the texts decide."""
    task = make_task()
    train, dev = labelled(("a", "x"), ("b", "y"), ("A", "y")), labelled(("c", "x"), ("b.", "x"))
    train, dev = (replace(rows, asked=np.zeros((len(rows), 2), dtype=np.int64)) for rows in (train, dev))
    assert occur_once(task, train).tolist() == [False, True, False]
    assert conflict_warnings(task, "train", train) == []
    (warning,) = duplicate_warnings(task, {"train": train, "dev": dev})
    assert warning.startswith("1 of the 2 dev rows is also a training row")
    assert "the first: f.csv:3, as f.csv:3" in warning


def test_numbers_of_rows_are_kept_where_rows_are_taken(make_task: MakeTask) -> None:
    rows = with_asked(make_task(), rows_of("one", "two", "One."))
    taken = rows.take([2, 1])
    assert taken.asked is not None
    assert rows.asked is not None
    assert taken.asked.tolist() == [rows.asked[2].tolist(), rows.asked[1].tolist()]
    assert rows.asked[0, 0] == rows.asked[2, 0]
    assert rows.asked[0, 1] != rows.asked[2, 1]
    assert rows.joined(rows).asked is None


def test_words_in_lists_are_compared_too(make_task: MakeTask) -> None:
    task = make_task(columns={"tokens": "words", "tags": "tags"}, target_columns=("tags",), labels_of=None)
    train = Rows([{"tokens": ["A", "b"], "tags": ["O", "X"]}], ["f:1"], "f")
    same = Rows([{"tokens": ["a", "b", "."], "tags": ["O", "O", "O"]}], ["g:1"], "g")
    assert len(duplicate_warnings(task, {"train": train, "test": same})) == 1


def labelled(*pairs: tuple[str, str]) -> Rows:
    values = [{"text": text, "label": label} for text, label in pairs]
    return Rows(values, [f"f.csv:{line}" for line in range(2, len(values) + 2)], "f.csv")


@pytest.mark.parametrize("same", ["It broke.", "It  broke. ", "It\u00a0broke."])
def test_equal_texts_with_different_labels(make_task: MakeTask, same: str) -> None:
    rows = labelled(("It broke.", "bad"), ("Fine", "good"), (same, "good"), ("Fine", "good"), (same, "bad"))
    assert conflict_warnings(make_task(), "train", rows) == [
        "train: 1 input occurs more than once with different answers; the first: f.csv:2 ('bad') and "
        "f.csv:4 ('good'). A model cannot learn both: correct these rows, or leave one of each out."
    ]


def test_tags_of_words_are_named_where_they_differ(make_task: MakeTask) -> None:
    task = make_task(columns={"tokens": "words", "tags": "tags"}, target_columns=("tags",), labels_of=None)
    words = [f"w{number}" for number in range(40)]
    plain = {"tokens": words, "tags": ["O"] * 40}
    tagged = {"tokens": words, "tags": ["O"] * 20 + ["B-LOC", "I-LOC"] + ["O"] * 18}
    nested = {"tokens": words, "tags": [["O"], *([[]] * 39)]}
    (warning,) = conflict_warnings(task, "train", Rows([plain, tagged], ["f:1", "f:44"], "f"))
    assert warning == (
        "train: 1 input occurs more than once with different answers; the first: f:1 and f:44, which differ "
        "at 2 of 40 words, first at word 21, 'w20': 'O' and 'B-LOC'. A model cannot learn both: correct "
        "these rows, or leave one of each out."
    )
    (warning,) = conflict_warnings(task, "train", Rows([nested, tagged], ["f:1", "f:44"], "f"))
    assert "40 of 40 words, first at word 1, 'w0': ['O'] and 'O'." in warning


def test_lists_are_shown_where_they_differ(make_task: MakeTask) -> None:
    values = [{"text": "a b", "label": ["x"] * 40}, {"text": "a b", "label": ["x"] * 39 + ["y"]}]
    rows = Rows(values, ["f:1", "f:2"], "f")
    (warning,) = conflict_warnings(make_task(labels_of=None), "train", rows)
    assert "x, x, x) and f:2 (…" in warning
    assert "x, x, y). " in warning
    assert len(warning) < 300


def test_rows_with_other_answers_are_no_repeats(make_task: MakeTask) -> None:
    rows = labelled(("a", "x"), ("a", "y"), ("b", "x"))
    assert len(conflict_warnings(make_task(), "train", rows)) == 1
    assert repeat_warnings(make_task(), "train", rows) == []
    rows = labelled(("a", "x"), ("a", "y"), ("a", "x"))
    (warning,) = repeat_warnings(make_task(), "train", rows)
    assert warning.startswith("train: 1 of the 3 rows repeats")
    assert "f.csv:4, as f.csv:2" in warning


def test_each_conflicting_input_counts_once(make_task: MakeTask) -> None:
    rows = labelled(("a", "x"), ("b", "x"), ("a", "y"), ("a", "z"), ("b", "y"), ("c", "x"))
    (warning,) = conflict_warnings(make_task(), "dev", rows)
    assert warning.startswith("dev: 2 inputs occur more than once")


@pytest.mark.parametrize("other", ["It broke!", "it broke.", "It broke"])
def test_similar_texts_may_have_different_labels(make_task: MakeTask, other: str) -> None:
    assert conflict_warnings(make_task(), "train", labelled(("It broke.", "bad"), (other, "good"))) == []
