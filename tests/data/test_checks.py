from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from adaptkit.data.checks import prepare_rows, skipped_warnings
from adaptkit.data.rows import RawRow, RawSplit, Rows
from adaptkit.errors import DataError, TaskError
from adaptkit.task import DataWarning, Reading, Row, SkipRow, Task

MakeTask = Callable[..., Task]


WHERE = "the study's left-out.txt lists all of them"


def raw(*values: Row, problem: str = "") -> RawSplit:
    rows = [RawRow(f"f:{line}", row) for line, row in enumerate(values, start=1)]
    return RawSplit("f", [*rows, RawRow(f"f:{len(rows) + 1}", {}, problem)] if problem else rows)


def prepare_strictly(task: Task, split: RawSplit, columns: Mapping[str, str] | None = None) -> Rows:
    return prepare_rows(task, split, columns=columns or {}, skip_bad_rows=False)


def test_the_error_names_the_first_bad_row_and_counts_the_others(make_task: MakeTask) -> None:
    split = raw({"text": "x", "label": "a"}, {"text": " ", "label": "a"}, {"text": "", "label": "b"})
    with pytest.raises(DataError) as caught:
        prepare_strictly(make_task(), split)
    assert str(caught.value) == (
        "f:2: the text is empty (and 1 more bad row). Expected rows with 'text' (a sentence), "
        "'label' (its class). Correct the file, or leave out bad rows with --skip-bad-rows."
    )
    assert caught.value.code == "bad-row"


def test_bad_rows_are_left_out_and_listed_on_request(make_task: MakeTask) -> None:
    split = raw({"text": " ", "label": "a"}, {"text": "x", "label": "a"}, problem="not JSON")
    rows = prepare_rows(make_task(), split, columns={}, skip_bad_rows=True)
    assert rows == Rows(
        [{"text": "x", "label": "a"}], ["f:2"], "f", ["f:1: the text is empty", "f:3: not JSON"]
    )
    assert skipped_warnings({"dev": rows}) == [
        f"dev: 2 rows left out: 1 as f:1: the text is empty; 1 as f:3: not JSON; {WHERE}"
    ]


def test_rows_left_out_are_counted_by_reason() -> None:
    rejected = [f"f:{line}: the annotation was rejected" for line in (7, 9, 12)]
    skipped = ["f:1: label 'x' is unknown", *rejected, "f:8: label 'y' is unknown", "f:5: not JSON"]
    assert skipped_warnings({"train": Rows([], [], "f", skipped)}) == [
        "train: 6 rows left out: 3 as f:7: the annotation was rejected; 2 as f:1: label 'x' is unknown; "
        f"1 as f:5: not JSON; {WHERE}"
    ]
    many = [f"f:{number}: reason {chr(97 + number)}" for number in range(8)]
    (warning,) = skipped_warnings({"train": Rows([], [], "f", many)})
    assert "; 1 as f:4: reason e; 3 for other reasons; " in warning


@pytest.mark.parametrize("skip_bad_rows", [False, True])
def test_a_split_without_valid_rows_is_refused(make_task: MakeTask, skip_bad_rows: bool) -> None:
    with pytest.raises(DataError, match=r"^f: ") as caught:
        prepare_rows(make_task(), raw(), columns={}, skip_bad_rows=skip_bad_rows)
    assert caught.value.code == "no-rows"
    split = raw({"text": "x", "intent": "a"})
    with pytest.raises(
        DataError, match=r"f:1: no column 'label'; the columns are 'text', 'intent'.*--column"
    ):
        prepare_rows(make_task(), split, columns={}, skip_bad_rows=skip_bad_rows)


def test_columns_are_renamed_even_crosswise(make_task: MakeTask) -> None:
    split = raw({"label": "x", "text": "a", "more": 1})
    rows = prepare_strictly(make_task(), split, {"text": "label", "label": "text"})
    assert rows.values == [{"text": "x", "label": "a", "more": 1}]


def test_the_error_names_a_mapped_column_that_is_missing(make_task: MakeTask) -> None:
    split = raw({"text": "x", "label": "a"})
    with pytest.raises(DataError, match=r"f:1: no column 'speling'; the columns are 'text', 'label'"):
        prepare_strictly(make_task(), split, {"text": "speling"})


@pytest.mark.parametrize("optional", [(), ("label",)])
def test_null_in_a_required_column(make_task: MakeTask, optional: Sequence[str]) -> None:
    split = raw({"text": None, "label": "a"}, {"text": "x", "label": None})
    task = make_task(prepare=lambda row: row)
    rows = prepare_rows(
        task, RawSplit("f", [*split.rows, *raw({"text": "y", "label": "b"}).rows]),
        columns={}, skip_bad_rows=True, optional=optional,
    )  # fmt: skip
    reasons = ["f:1: no value in column 'text'", "f:2: no value in column 'label'"]
    assert rows.skipped == (reasons[:1] if optional else reasons)


def test_a_null_that_the_task_leaves_out_is_not_a_missing_column(make_task: MakeTask) -> None:
    task = make_task(prepare=lambda row: {name: value for name, value in row.items() if value is not None})
    with pytest.raises(DataError, match=r"f:1: no value in column 'label'"):
        prepare_strictly(task, raw({"text": "x", "label": None}))
    with pytest.raises(DataError, match=r"f:1: no column 'label'; the columns are 'text'"):
        prepare_strictly(task, raw({"text": "x"}))


def test_optional_columns_may_be_missing_though_they_are_mapped(make_task: MakeTask) -> None:
    split = raw({"utterance": "x"})
    columns = {"text": "utterance", "label": "intent"}
    rows = prepare_rows(make_task(), split, columns=columns, skip_bad_rows=False, optional=("label",))
    assert rows.values == [{"text": "x"}]


def test_rows_to_be_predicted_are_prepared_without_their_answers(make_task: MakeTask) -> None:
    split = raw({"text": "x", "intent": "?", "more": 1})
    columns = {"label": "intent"}
    rows = prepare_rows(make_task(), split, columns=columns, skip_bad_rows=False, optional=("label",))
    assert rows.values == [{"text": "x", "more": 1}]


def undecided(row: Row) -> Row:
    """A task whose annotators sometimes gave no label."""
    if not row["text"]:
        raise ValueError("the text is empty")
    if row.get("label") == "-":
        raise SkipRow("no label")
    return row


def test_a_row_that_the_task_skips_is_not_a_bad_row(make_task: MakeTask) -> None:
    values = [{"text": "x", "label": "-"}, {"text": "y", "label": "a"}, {"text": "z", "label": "-"}]
    task = make_task(prepare=undecided)
    rows = prepare_strictly(task, raw(*values))
    assert rows == Rows([values[1]], ["f:2"], "f", ["f:1: no label", "f:3: no label"])
    assert skipped_warnings({"train": rows}) == [f"train: 2 rows left out; the first: f:1: no label; {WHERE}"]
    with pytest.raises(DataError, match=r"^f:4: the text is empty. Expected"):
        prepare_strictly(task, raw(*values, {"text": "", "label": "a"}))


def test_skipped_and_bad_rows_are_listed_in_the_files_order(make_task: MakeTask) -> None:
    split = raw({"text": "x", "label": "-"}, {"text": "", "label": "a"}, {"text": "y", "label": "a"})
    rows = prepare_rows(make_task(prepare=undecided), split, columns={}, skip_bad_rows=True)
    assert rows.skipped == ["f:1: no label", "f:2: the text is empty"]


def test_a_split_of_only_skipped_rows_is_refused(make_task: MakeTask) -> None:
    split = raw({"text": "x", "label": "-"}, {"text": "y", "label": "-"})
    with pytest.raises(DataError, match=r"\(2\) .*f:1: no label") as caught:
        prepare_rows(make_task(prepare=undecided), split, columns={}, skip_bad_rows=True)
    assert caught.value.code == "all-rows-skipped"


def test_a_row_skipped_in_training_can_be_predicted(make_task: MakeTask) -> None:
    split = raw({"text": "x", "label": "-"}, {"text": "y"})
    task = make_task(prepare=undecided)
    rows = prepare_rows(task, split, columns={}, skip_bad_rows=False, optional=("label",))
    assert rows.values == [{"text": "x"}, {"text": "y"}]


def test_prepare_may_accept_other_forms_of_a_row(make_task: MakeTask) -> None:
    def from_words(row: Row) -> Row:
        if "words" in row and not row["words"]:
            raise ValueError("no words")
        return {"text": " ".join(row["words"]), "label": row["label"]}

    task = make_task(prepare=from_words)
    rows = prepare_strictly(task, raw({"words": ["a", "b"], "label": "x"}))
    assert rows.values == [{"text": "a b", "label": "x"}]
    with pytest.raises(DataError, match=r"f:1: no column 'text'; the columns are 'label'"):
        prepare_strictly(task, raw({"label": "x"}))
    with pytest.raises(
        DataError, match=r"f:1: no words \(no column 'text'; the columns are 'words', 'label'\)"
    ):
        prepare_strictly(task, raw({"words": [], "label": "x"}))


def test_a_prepare_that_fails_on_a_valid_row_is_a_task_error(make_task: MakeTask) -> None:
    def failing(row: Row) -> Row:
        raise ZeroDivisionError("by zero")

    with pytest.raises(TaskError, match=r"f:1: the task 'toy' .* ZeroDivisionError: by zero") as caught:
        prepare_strictly(make_task(prepare=failing), raw({"text": "x", "label": "a"}))
    assert caught.value.code == "prepare-failed"


def leaving(*_: object) -> Any:
    sys.exit(3)


def test_a_survey_warns_of_rows_by_their_places_in_the_source(make_task: MakeTask) -> None:
    warning = DataWarning(problem="odd", row=1, quoted="y", next_step="Look.")
    reading = Reading(prepare=lambda row: row, warnings=[warning])
    given = [{"text": "x", "label": "a"}, {"text": "y", "label": "a"}]
    listed = [RawRow("f:1", {}, "not JSON"), *(RawRow(f"f:{n}", row) for n, row in enumerate(given, start=2))]
    task = make_task(survey=lambda rows: reading)
    rows = prepare_rows(task, RawSplit("f", listed), columns={}, skip_bad_rows=True)
    assert rows.warnings == ["odd; the first: f:3 ('y'). Look."]


@pytest.mark.parametrize(
    ("reading", "problem"),
    [
        (Reading(prepare=lambda row: row, notes=leaving), "survey failed: it called sys.exit"),
        (Reading(prepare=leaving), r"failed on this row: PluginExit: it called sys.exit"),
        (None, "survey failed: AttributeError"),
    ],
)
def test_what_a_survey_gives_cannot_end_the_program(
    make_task: MakeTask, reading: Reading, problem: str
) -> None:
    with pytest.raises(TaskError, match=problem):
        prepare_strictly(make_task(survey=lambda rows: reading), raw({"text": "x", "label": "a"}))
