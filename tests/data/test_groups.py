from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adaptkit.data.groups import column_group, group_warnings, task_groups
from adaptkit.data.rows import RawRow, Rows
from adaptkit.errors import DataError, TaskError
from adaptkit.task import Task

MakeTask = Callable[..., Task]


def rows_of(*texts: str, source: str = "f", **changes: Any) -> Rows:
    values = [{"text": text, "label": "ab"[number % 2]} for number, text in enumerate(texts)]
    return Rows(values, [f"{source}:{line}" for line in range(1, len(values) + 1)], source, **changes)


def first_word(row: Any) -> str:
    return str(row["text"]).split()[0]


def test_the_tasks_groups_ignore_case_and_punctuation(make_task: MakeTask) -> None:
    rows = task_groups(make_task(group_by=first_word), rows_of("Cats sleep", "cats, eat", "Dogs run"))
    assert rows.groups[0] == rows.groups[1] != rows.groups[2]
    by_text = task_groups(make_task(group_by=lambda row: row["text"]), rows_of("one", "two"))
    assert (rows.grouped_by, by_text.grouped_by) == ("group", "text")


def test_rows_in_groups_keep_them(make_task: MakeTask) -> None:
    rows = rows_of("Cats sleep", "Cats eat", groups=["1", "2"], grouped_by="doc")
    assert task_groups(make_task(group_by=first_word), rows) is rows
    assert task_groups(make_task(), rows_of("one")).groups == ()


def test_a_group_that_is_no_text_is_the_tasks_fault(make_task: MakeTask) -> None:
    with pytest.raises(TaskError, match="'toy' returned 7 as a group") as caught:
        task_groups(make_task(group_by=lambda row: 7), rows_of("one"))
    assert caught.value.code == "group-type"


def test_the_columns_value_is_the_group(make_task: MakeTask) -> None:
    def group(value: object) -> str:
        row = {"text": "Hello", "label": "a"}
        return column_group(make_task(), RawRow("f:1", {**row, "doc": value}), row, "doc")

    assert (group("x-1"), group(7)) == ("x-1", "7")
    assert group("") == group(None) not in ("", "None")


def test_rows_without_a_value_are_with_their_copies_only(make_task: MakeTask) -> None:
    def group(text: str) -> str:
        return column_group(make_task(), RawRow("f:1", {"doc": ""}), {"text": text, "label": "a"}, "doc")

    assert group("Hello!") == group("hello") != group("other")


def test_a_missing_column_is_refused_with_the_known_ones(make_task: MakeTask) -> None:
    with pytest.raises(DataError, match=r"f:3: no column 'doc' .*'text', 'label'.*--group") as caught:
        column_group(make_task(), RawRow("f:3", {"text": "x", "label": "a"}), {}, "doc")
    assert caught.value.code == "no-group-column"


def test_shared_groups_are_counted_without_copies(make_task: MakeTask) -> None:
    task = make_task(group_by=first_word)
    train = task_groups(task, rows_of("Cats sleep", "Dogs run"))
    dev = task_groups(task, rows_of("dogs: run!", "Birds fly", "cats eat", "Dogs bark", source="d"))
    (warning,) = group_warnings(task, {"train": train, "dev": dev})
    assert warning == (
        "2 of the 4 dev rows have the same group as training rows, so scores on them may be too high; "
        "the first: d:3"
    )
    (warning,) = group_warnings(task, {"train": train, "dev": dev.take([1, 3])})
    assert warning.startswith("1 of the 2 dev rows has the same group as training rows")
    other = task_groups(task, rows_of("Birds fly"))
    assert group_warnings(task, {"train": train, "test": other}) == []
