from __future__ import annotations

from collections.abc import Callable

import pytest

from adaptkit.data.rows import Rows
from adaptkit.data.spellings import look_of, spelling_warnings
from adaptkit.task import Row, Task

MakeTask = Callable[..., Task]


def labelled(*labels: str) -> Rows:
    values = [{"text": f"text {number}", "label": label} for number, label in enumerate(labels)]
    return Rows(values, [f"f.csv:{line}" for line in range(2, len(values) + 2)], "f.csv")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("billing", "Billing"),
        ("STRASSE", "straße"),
        ("credit card", "credit  card"),
        ("credit card", "credit\u00a0card"),
        ("credit card", "creditcard"),
        ("billing", "\u200bbilling"),
        ("billing", "bil\u00adling"),
        ("billing", "\ufeffbilling"),
        ("billing", "billing\u3164"),
        ("caf\u00e9", "cafe\u0301"),
        ("billing", "billing\ufe0f"),
    ],
)
def test_labels_that_look_alike(make_task: MakeTask, one: str, other: str) -> None:
    (warning,) = spelling_warnings(make_task(), "train", labelled(one, "else", other, one))
    assert warning.startswith(
        "train: 1 label is written in 2 ways that differ only in case, spaces or invisible"
    )
    assert warning.endswith("; the first: f.csv:4. Write each label in one way.")
    assert " (2), " in warning
    assert warning.isprintable(), "what cannot be seen is written out"


@pytest.mark.parametrize(("one", "other"), [("m2", "m²"), ("a-b", "ab"), ("a_b", "a b"), ("café", "cafe")])
def test_labels_that_look_different(make_task: MakeTask, one: str, other: str) -> None:
    assert spelling_warnings(make_task(), "train", labelled(one, other)) == []


def test_every_spelling_is_counted_the_most_frequent_first(make_task: MakeTask) -> None:
    rows = labelled("spam", "Spam", "ham", "HAM", "spam", "ham", "\u200bspam", "Spam", "spam")
    (warning,) = spelling_warnings(make_task(), "train", rows)
    assert "2 labels are written in 5 ways" in warning
    assert "and so count as 5 labels" in warning
    assert "'spam' (3), 'Spam' (2), '\\u200bspam' (1); 'ham' (2), 'HAM' (1)" in warning
    assert "the first: f.csv:3." in warning


def test_labels_of_several_to_a_row(make_task: MakeTask) -> None:
    def tags(row: Row) -> list[str]:
        return row["tags"]  # type: ignore[no-any-return]

    rows = Rows([{"tags": ["PER", "LOC"]}, {"tags": ["per"]}], ["f:1", "f:2"], "f")
    (warning,) = spelling_warnings(make_task(labels_of=tags), "train", rows)
    assert "'PER' (1), 'per' (1); the first: f:2." in warning
    assert spelling_warnings(make_task(labels_of=None), "train", rows) == []


def test_a_long_list_is_shortened(make_task: MakeTask) -> None:
    rows = labelled(*(f"{case}{number}" for number in range(9) for case in ("a", "A")))
    (warning,) = spelling_warnings(make_task(), "train", rows)
    assert "; and 4 more labels; the first: " in warning


def test_a_name_of_invisible_characters_only() -> None:
    assert look_of("\u200b") == "\u200b" != look_of("\u200c")
