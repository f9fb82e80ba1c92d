from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from adaptkit.data.labels import (
    all_of,
    counts_of,
    known_labels_only,
    label_sets,
    labels_in,
    rare_label_warnings,
    with_names,
)
from adaptkit.data.rows import Rows
from adaptkit.errors import DataError, TaskError
from adaptkit.task import Row, Task

MakeTask = Callable[..., Task]


def rows_of(*labels: str) -> Rows:
    values = [{"text": f"text {number}", "label": label} for number, label in enumerate(labels)]
    return Rows(values, [f"f:{line}" for line in range(1, len(values) + 1)], "f")


def test_rows_with_the_same_labels_share_a_set(make_task: MakeTask) -> None:
    found = label_sets(make_task(), rows_of("b", "a", "b").values)
    assert found == [{"b"}, {"a"}, {"b"}]
    assert found[0] is found[2]


def test_labels_are_those_of_training_in_the_tasks_order(make_task: MakeTask) -> None:
    assert labels_in(make_task(), rows_of("b", "a", "b")) == ("a", "b")
    reverse = make_task(label_names=lambda names: names[::-1])
    assert labels_in(reverse, rows_of("b", "a", "b")) == ("b", "a")
    assert labels_in(make_task(labels_of=None), rows_of("1.0", "2.5")) == ()


@pytest.mark.parametrize(("labels", "code"), [(["a"], "too-few-rows"), (["a", "a"], "too-few-labels")])
def test_one_row_and_one_label_are_too_few(make_task: MakeTask, labels: list[str], code: str) -> None:
    with pytest.raises(DataError, match=r"^f: .*at least 2") as caught:
        labels_in(make_task(), rows_of(*labels))
    assert caught.value.code == code


def test_the_same_number_in_all_rows_is_refused(make_task: MakeTask) -> None:
    scored = make_task(labels_of=None, config_overrides={"num_labels": 1, "problem_type": "regression"})
    one, two = (
        Rows([{"text": "x", "label": number} for number in numbers], ["f:1"] * 3, "f")
        for numbers in ([1.0, 1.0, 1.0], [1.0, 1.0, 2.0])
    )
    with pytest.raises(
        DataError, match=r"^f: all of its rows \(3\) have the label 1\.0\..* at least 2"
    ) as caught:
        labels_in(scored, one)
    assert caught.value.code == "one-number"
    assert labels_in(scored, two) == ()
    assert labels_in(make_task(labels_of=None), one) == ()


def test_a_label_that_is_not_text_is_a_task_error(make_task: MakeTask) -> None:
    rows = Rows([{"text": "x", "label": 1}, {"text": "y", "label": 2}], ["f:1", "f:2"], "f")
    with pytest.raises(TaskError, match=r"the task 'toy' .*[12]") as caught:
        labels_in(make_task(), rows)
    assert caught.value.code == "label-type"


def test_the_error_names_an_unknown_label_and_the_nearest_ones(make_task: MakeTask) -> None:
    labels = [f"class {number}" for number in range(50)] + ["positive", "negative"]
    with pytest.raises(DataError) as caught:
        known_labels_only(make_task(), rows_of("positive", "postive", "?"), labels, skip_bad_rows=False)
    assert caught.value.code == "unknown-label"
    message = str(caught.value)
    assert message.startswith(
        "f:2: unknown label 'postive' (and 1 more bad row). Expected one of the 52 known labels"
    )
    assert "nearest first: 'positive', " in message
    assert "and 42 more" in message


def test_rows_with_unknown_labels_are_left_out_on_request(make_task: MakeTask) -> None:
    rows = known_labels_only(make_task(), rows_of("a", "c", "b"), ["a", "b"], skip_bad_rows=True)
    assert rows.origins == ["f:1", "f:3"]
    assert (rows.skipped, rows.unknown_labels) == (["f:2: unknown label 'c'"], 1)
    with pytest.raises(DataError, match="unknown label 'c'"):
        known_labels_only(make_task(), rows_of("c", "c"), ["a", "b"], skip_bad_rows=True)


def test_a_name_is_known_if_the_task_turns_it_into_outputs(make_task: MakeTask) -> None:
    def outputs(names: Sequence[str]) -> list[str]:
        return ["O", *(f"B-{name}" for name in names)]

    task = make_task(label_names=outputs)
    labels = labels_in(task, rows_of("PER", "LOC"))
    assert len(known_labels_only(task, rows_of("LOC"), labels, skip_bad_rows=False)) == 1
    with pytest.raises(DataError, match="unknown label 'ORG'"):
        known_labels_only(task, rows_of("ORG"), labels, skip_bad_rows=False)


def test_labels_shown_in_messages_are_escaped(make_task: MakeTask) -> None:
    with pytest.raises(DataError) as caught:
        known_labels_only(make_task(), rows_of("\x1b[2J\u202e"), ["a", "b"], skip_bad_rows=False)
    assert not {"\x1b", "\u202e"} & set(str(caught.value))


def test_labels_of_one_row_give_a_warning(make_task: MakeTask) -> None:
    assert rare_label_warnings(make_task(), rows_of("a", "a", "b", "b")) == []
    (warning,) = rare_label_warnings(make_task(), rows_of("a", "a", *"bcdefgh"))
    assert warning.startswith("7 labels with only one training row")
    assert warning.endswith("'b', 'c', 'd', 'e', 'f' and 2 more")


def test_labels_that_are_kept_are_not_asked_for_again(make_task: MakeTask) -> None:
    rows = rows_of("a", "b", "a", "b")
    asked: list[Row] = []

    def labels(row: Row) -> set[str]:
        asked.append(row)
        return {row["label"]}

    task = make_task(labels_of=labels)
    kept = with_names(task, rows)
    assert labels_in(task, kept) == ("a", "b")
    assert known_labels_only(task, kept, ("a", "b"), skip_bad_rows=False) is kept
    assert rare_label_warnings(task, kept) == []
    assert rare_label_warnings(task, kept.take([0, 1])) != []
    assert len(asked) == len(rows)
    assert kept.joined(kept).names is None


def test_rows_are_counted_by_label() -> None:
    names = [frozenset("ab"), frozenset("a"), frozenset(), frozenset("ab")]
    assert counts_of(names) == {"a": 3, "b": 2}
    assert all_of(names) == {"a", "b"}
