from __future__ import annotations

from collections.abc import Callable

import pytest

from adaptkit.data.audit import audit_warnings
from adaptkit.data.missing import missing_label_warnings
from adaptkit.data.rows import Rows
from adaptkit.task import Task

MakeTask = Callable[..., Task]


def rows_of(*labels: str) -> Rows:
    values = [{"text": f"text {n}", "label": label} for n, label in enumerate(labels)]
    return Rows(values, [f"f.csv:{n}" for n in range(2, len(values) + 2)], "f.csv")


def test_labels_that_may_be_missing_values_are_counted(make_task: MakeTask) -> None:
    rows = rows_of("good", "nan", "bad", "None", "nan", "NaN")
    assert audit_warnings(make_task(), {"train": rows})[-1] == (
        "train: 4 rows have a label that may be a missing value written as text: 'nan' (2), 'NaN' (1), "
        "'None' (1); the first: f.csv:3. If so, remove these rows or fill the labels in, with pandas by "
        "dropna or fillna before the labels become text. If not, each is a class of its own."
    )


def test_a_row_with_several_labels_counts_once(make_task: MakeTask) -> None:
    task = make_task(labels_of=lambda row: row["label"].split(","))
    (warning,) = missing_label_warnings(task, "dev", rows_of("good,NA,null", "good"))
    assert warning.startswith(
        "dev: 1 row has a label that may be a missing value written as text: 'NA' (1), 'null' (1); the first"
    )


@pytest.mark.parametrize("label", ["none", "nancy", "Nan", "no", "-", "0"])
def test_words_are_no_missing_values(make_task: MakeTask, label: str) -> None:
    assert missing_label_warnings(make_task(), "train", rows_of(label, "good")) == []
    assert missing_label_warnings(make_task(labels_of=None), "train", rows_of("nan", "good")) == []
