from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from adaptkit.data.audit import audit_warnings
from adaptkit.data.rows import Rows
from adaptkit.errors import TaskError
from adaptkit.task import DataWarning, Row, Task

MakeTask = Callable[..., Task]


def rows_of(source: str, *pairs: tuple[str, str]) -> Rows:
    values = [{"text": text, "label": label} for text, label in pairs]
    return Rows(values, [f"{source}:{line}" for line in range(2, len(values) + 2)], source)


def shouting(rows: Sequence[Row]) -> list[DataWarning]:
    """A task's own audit: texts in capitals."""
    loud = [position for position, row in enumerate(rows) if row["text"].isupper()]
    if not loud:
        return []
    problem = f"{len(loud)} texts are in capitals"
    return [DataWarning(problem=problem, row=loud[0], quoted=rows[loud[0]]["text"], next_step="Be calm.")]


def test_what_the_task_finds_names_split_and_place(make_task: MakeTask) -> None:
    splits = {
        "train": rows_of("a.csv", ("one", "x"), ("two", "y")),
        "dev": rows_of("b.csv", ("three", "x"), ("STOP", "y"), ("GO", "y")),
    }
    assert audit_warnings(make_task(audit=shouting), splits) == [
        "dev: 2 texts are in capitals; the first: b.csv:3 ('STOP'). Be calm."
    ]
    assert audit_warnings(make_task(), splits) == []
    splits["dev"] = replace(splits["dev"], warnings=["odd; the first: b.csv:3."])
    assert audit_warnings(make_task(), splits) == ["dev: odd; the first: b.csv:3."]


@pytest.mark.parametrize("audit", [lambda rows: 1 // 0, lambda rows: [DataWarning(problem="x", row=9)]])
def test_an_audit_that_fails_is_the_tasks_error(make_task: MakeTask, audit: Callable[..., object]) -> None:
    with pytest.raises(TaskError, match="the task 'toy' could not audit the train rows") as caught:
        audit_warnings(make_task(audit=audit), {"train": rows_of("a.csv", ("one", "x"))})
    assert caught.value.code == "audit-failed"


def test_what_holds_for_every_task_is_part_of_the_audit(make_task: MakeTask) -> None:
    train = rows_of("a.csv", ("one", "x"), ("one", "X"), ("cafÃ©", "x"), ("one", "x"))
    spelling, conflict, repeat, garbled = audit_warnings(make_task(), {"train": train}, "cp1252")
    assert spelling.startswith("train: 1 label is written in 2 ways")
    assert conflict.startswith("train: 1 input occurs more than once with different answers")
    assert repeat.startswith("train: 1 of the 4 rows repeats the input of an earlier row")
    assert garbled.startswith("train: 1 of the 4 rows looks like UTF-8 that was read as cp1252")
