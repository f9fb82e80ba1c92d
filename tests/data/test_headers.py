from __future__ import annotations

from pathlib import Path

import pytest

from adaptkit.data.headers import NAMED_BY_POSITION, check_header, columns_of
from adaptkit.errors import DataError

KNOWN = ("premise", "hypothesis", "label")


@pytest.mark.parametrize(
    ("cells", "wanted", "names"),
    [
        (["premise", "hypothesis", "label"], (), ["premise", "hypothesis", "label"]),
        (["a", "b", "c"], ("a", "c"), ["a", "b", "c"]),
        (["1", "2"], ("1", "2"), ["1", "2"]),
        (["0", "1", "2"], ("1", "2"), ["0", "1", "2"]),
        (["", "0", "1"], ("0", "1"), ["", "0", "1"]),
        (["id", "1", "2"], ("1", "2"), ["id", "1", "2"]),
        (["1", "two", "three"], ("two", "1"), ["1", "two", "three"]),
        (["1", "premise", "label"], ("1", "2"), ["1", "2", "label"]),
        (["Premise", "Hypothesis", "gold"], ("1", "2", "3"), ["1", "2", "3"]),
        (["pairID", "gold", "premise", "hypothesis"], ("2",), ["pairID", "2", "premise", "hypothesis"]),
        (["utterance", "intent", "what"], ("1", "2"), ["1", "2", "what"]),
        (["who", "premise", "what"], ("2",), ["who", "2", "what"]),
        (["one", "two", "three"], ("one", "3"), ["one", "two", "3"]),
    ],
)
def test_a_first_line_that_is_a_header(cells: list[str], wanted: tuple[str, ...], names: list[str]) -> None:
    found = columns_of(cells, wanted, KNOWN)
    assert (found.names, found.is_header) == (names, True)
    assert bool(found.notes) == (names != cells)


@pytest.mark.parametrize("wanted", [("1", "2"), ("2",), ("9",)])
@pytest.mark.parametrize("cells", [["It is so.", "yes"], ["What is a label?", "question"], ["text", "spam"]])
def test_a_first_line_that_is_a_row(cells: list[str], wanted: tuple[str, ...]) -> None:
    found = columns_of(cells, wanted, KNOWN)
    assert (found.names, found.is_header) == (["1", "2"], False)
    assert found.notes == (NAMED_BY_POSITION,)


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["1", "good film"], ("1", "2")),
        (["good film", "1"], ("1", "2")),
        (["good film", "2"], ("1", "2")),
        (["good film", "1"], ("1",)),
        (["3", "Wall St. bears", "Short sellers are back."], ("1", "3")),
        (["3", "Wall St. bears", "Short sellers are back."], ("3",)),
        (["good film", "2", "1"], ("1", "2")),
        (["0", "1"], ("1", "2")),
        (["text", "1"], ("1", "2")),
    ],
)
def test_a_label_may_be_the_number_of_a_column(cells: list[str], wanted: tuple[str, ...]) -> None:
    found = columns_of(cells, wanted, KNOWN)
    assert (found.names, found.is_header) == ([str(n) for n in range(1, len(cells) + 1)], False)


def test_a_header_names_each_column_once() -> None:
    check_header(Path("f"), 1, ["a", "b"], "")
    with pytest.raises(DataError, match=r"f:1: the columns 'a' occur twice") as caught:
        check_header(Path("f"), 1, ["a", "b", "a"], "")
    assert caught.value.code == "bad-header"
