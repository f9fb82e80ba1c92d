from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from adaptkit.data.checks import prepare_rows
from adaptkit.data.refusals import in_a_form
from adaptkit.data.rows import RawRow, RawSplit
from adaptkit.errors import DataError
from adaptkit.task import Form, Reading, Row, Task

MakeTask = Callable[..., Task]

FORMS = (
    Form(name="a text and its label", example='{"text": "Hi.", "label": "a"}\n'),
    Form(name="words and their label", example='{"words": ["Hi", "."], "label": "a"}\n'),
    Form(name="one text per line", example="a\tHi.\n", suffix=".tsv"),
)


def texts(row: Row) -> Row:
    """A task that also accepts lists of words."""
    if "words" in row:
        if not all(isinstance(word, str) for word in row["words"]):
            raise ValueError(f"words = {row['words']!r}; expected strings")
        row = {"text": " ".join(row["words"]), "label": row["label"]}
    if not row.get("text"):
        raise ValueError(f"text = {row.get('text')!r}; expected a text of at least {len(row)} letters")
    return row


def refusal(
    task: Task, *rows: Row | str, source: str = "f.jsonl", columns: Mapping[str, str] = {}
) -> DataError:
    """The error for a split of these rows; a text is why a row could not be read."""
    raw = [
        RawRow(f"{source}:{line}", {}, one) if isinstance(one, str) else RawRow(f"{source}:{line}", one)
        for line, one in enumerate(rows, start=1)
    ]
    with pytest.raises(DataError) as caught:
        prepare_rows(task, RawSplit(source, raw), columns=columns, skip_bad_rows=False)
    assert caught.value.code == "bad-row"
    return caught.value


def test_the_most_frequent_reason_and_its_count(make_task: MakeTask) -> None:
    """Reasons are the same where only values and numbers in them differ."""
    task = make_task(prepare=texts)
    error = refusal(
        task,
        "not JSON: line 1",
        {"text": "", "label": "a"},
        {"text": 0, "label": "a", "x": 1},
        {"text": "", "label": "it's"},
    )
    assert error.problem == (
        "f.jsonl: all of its 4 rows are bad. The most frequent reason (3 of them): "
        "f.jsonl:2: text = ''; expected a text of at least 2 letters"
    )
    assert error.next_step == "Correct the rows in the file"
    assert "--column" not in str(error)


def test_a_reason_that_names_an_option(make_task: MakeTask) -> None:
    def refusing(row: Row) -> Row:
        raise ValueError(f"text = {row['text']!r}; expected a tag (the option tags=false takes any text)")

    error = refusal(make_task(prepare=refusing), {"text": "x", "label": "a"}, {"text": "y", "label": "a"})
    assert error.next_step == "Use the option that the reason names, or correct the rows in the file"


def test_a_reason_that_all_rows_have(make_task: MakeTask) -> None:
    error = refusal(make_task(), {"text": " ", "label": "a"}, {"text": "", "label": "a"})
    assert "(all of them): f.jsonl:1: the text is empty" in error.problem


@pytest.mark.parametrize(
    ("row", "source", "step"),
    [
        ({"text": "x", "intent": "a"}, "f.jsonl", "Name the column with --column label=intent"),
        (
            {"Texts": "x", "labels": "a", "id": 1},
            "f.jsonl",
            "Name the columns with --column text=Texts --column label=labels",
        ),
        (
            {"body": "x", "kind": "a"},
            "f.jsonl",
            "Name the columns with --column text=COLUMN --column label=COLUMN, "
            "where COLUMN is one of 'body', 'kind'",
        ),
        (
            {"It broke.": "Fine.", "bad": "good"},
            "f.csv.gz",
            "Name the columns with --column text=COLUMN --column label=COLUMN, where COLUMN is one of "
            "'It broke.', 'bad' (in a file without a header line, COLUMN is 1, 2, ...)",
        ),
        (
            {"labels": "a", "body": "x", "id": 1},
            "f.jsonl",
            "Name the columns with --column text=COLUMN --column label=labels, where COLUMN is one of "
            "'body', 'id'",
        ),
        ({}, "f.jsonl", "Name the columns with --column text=COLUMN --column label=COLUMN"),
    ],
)
def test_missing_columns_are_named(make_task: MakeTask, row: Row, source: str, step: str) -> None:
    assert refusal(make_task(), row, row, source=source).next_step == step


def test_a_column_that_the_user_named_wrongly(make_task: MakeTask) -> None:
    row = {"text": "x", "label": "a", "spelling": "b"}
    error = refusal(make_task(), row, row, columns={"label": "speling"})
    assert error.next_step == "Name the column with --column label=spelling"


def test_empty_columns(make_task: MakeTask) -> None:
    task = make_task(prepare=lambda row: row)
    row = {"text": "x", "label": None}
    assert refusal(task, row, row).next_step == (
        "Fill in 'label' in the file, or name another column with --column label=COLUMN"
    )


def test_a_file_that_cannot_be_read_as_its_suffix_says(make_task: MakeTask) -> None:
    error = refusal(make_task(), "not JSON: a", "not JSON: b")
    assert error.next_step == (
        "Correct the file, or give it the suffix of its format, such as .csv, .jsonl or .parquet"
    )


def test_with_positions_the_first_line_is_a_row(make_task: MakeTask) -> None:
    lacking = refusal(make_task(), *[{"1": "It broke.", "2": "bad"}] * 2, columns={"label": "2"})
    assert lacking.next_step == (
        "Name the column with --column text=COLUMN, where COLUMN is one of '1', '2'. The first line is read "
        "as a row; if it has names of columns, name all columns by these"
    )


def test_positions_where_the_task_reads_the_file(make_task: MakeTask) -> None:
    row = {"text": "x", "label": "a"}
    error = refusal(make_task(), row, row, columns={"text": "1", "label": "2"})
    assert error.next_step == (
        "Leave out --column text=1 and --column label=2: the task reads the columns of this file itself"
    )


def test_the_next_step_comes_before_other_forms(make_task: MakeTask) -> None:
    task = make_task(prepare=texts, forms=FORMS)
    error = refusal(task, {"sentence": "x", "label": "a"}, {"sentence": "y", "label": "a"})
    assert error.expected == "rows with 'text' (a sentence), 'label' (its class)"
    assert error.next_step.startswith("Name the column with --column text=sentence")
    assert error.next_step.endswith(". 'adaptkit tasks toy' shows other forms")
    assert "other forms" not in refusal(make_task(forms=FORMS[:1]), {"a": 1}).next_step


def test_a_row_in_another_form_is_not_told_of_columns(make_task: MakeTask) -> None:
    """Its columns are right, so the reason is the task's own; else the columns are named too."""
    row = {"words": [1], "label": "a"}
    in_form = refusal(make_task(prepare=texts, forms=FORMS), row, row)
    assert in_form.problem.endswith("f.jsonl:1: words = [1]; expected strings")
    assert in_form.next_step.startswith("Correct the rows in the file. ")
    unknown = refusal(make_task(prepare=texts), row, row)
    assert unknown.problem.endswith("expected strings (no column 'text'; the columns are 'words', 'label')")
    assert unknown.next_step.startswith(
        "Correct the rows; or if a column has another name, name it with --column text=words"
    )


def test_columns_of_a_form(make_task: MakeTask) -> None:
    task = make_task(forms=(*FORMS, Form(name="damaged", example="{")))
    assert in_a_form(task, {"words": [], "label": "a", "id": 1})
    assert not in_a_form(task, {"words": []})
    assert not in_a_form(make_task(), {"text": "x", "label": "a"})


def test_a_column_that_no_row_has_is_lacking_in_the_file(make_task: MakeTask) -> None:
    rows = [{"utterance": "How are you?", "intent": name} for name in "ab"]
    error = refusal(make_task(), *rows, source="f.csv")
    assert error.problem == "f.csv: no column 'text', 'label'; the columns are 'utterance', 'intent'"
    assert error.next_step.startswith("Name the columns with --column text=COLUMN --column label=COLUMN, ")
    assert "COLUMN is one of 'utterance', 'intent'" in error.next_step
    differing = refusal(make_task(), rows[0], {"text": "Fine."}, source="f.jsonl")
    assert differing.problem.startswith("f.jsonl: all of its 2 rows are bad.")


@pytest.mark.parametrize(
    ("given", "next_step"),
    [
        ({"text": "a", "x": 1}, "Use --option x"),
        ({"body": "a", "label": 1}, "Name the column with --column text=body"),
        ({"body": "a"}, "Name the column with --column text=body. Use --option x"),
    ],
)
def test_the_survey_knows_where_the_answer_may_be(make_task: MakeTask, given: Row, next_step: str) -> None:
    reading = Reading(prepare=lambda row: row, next_step="Use --option x")
    error = refusal(make_task(survey=lambda rows: reading), given, given)
    assert error.next_step == next_step
