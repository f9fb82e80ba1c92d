from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from adaptkit.data.rows import RawRow
from adaptkit.errors import DataError

ReadFile = Callable[..., list[RawRow]]


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_csv_rows_know_the_line_they_begin_in(tmp_path: Path, read_file: ReadFile) -> None:
    path = write(tmp_path / "f.csv", 'text,label\r\n"one\r\ntwo, ""three""",a\r\n\r\nfour,b\r\n')
    assert read_file(path) == [
        RawRow(f"{path}:2", {"text": 'one\ntwo, "three"', "label": "a"}),
        RawRow(f"{path}:5", {"text": "four", "label": "b"}),
    ]


def test_a_row_with_too_few_or_too_many_fields_is_bad_and_the_next_is_read(
    tmp_path: Path, read_file: ReadFile
) -> None:
    rows = read_file(write(tmp_path / "f.csv", "text,label\nalone\nx,a,surplus\ny,b\n"))
    assert [row.problem for row in rows] == ["1 field, but 2 columns", "3 fields, but 2 columns", ""]
    assert rows[-1].values == {"text": "y", "label": "b"}


def test_a_field_over_the_csv_modules_limit_is_read(tmp_path: Path, read_file: ReadFile) -> None:
    (row,) = read_file(write(tmp_path / "f.csv", f"text,label\n{'x' * 1_000_000},a\n"))
    assert len(row.values["text"]) == 1_000_000


def test_an_unclosed_quote_does_not_swallow_rows_without_a_word(tmp_path: Path, read_file: ReadFile) -> None:
    """Left out as one bad row, it would take the rows after it along."""
    path = write(tmp_path / "f.csv", 'text,label\n"open,a\nx,b\ny,c\n')
    with pytest.raises(
        DataError, match=r"f\.csv:2: the quoted field .* when the file ends.* Close the quote"
    ):
        read_file(path)


def test_a_quote_that_closes_lines_later_tells_how_far_it_went(tmp_path: Path, read_file: ReadFile) -> None:
    bad, good = read_file(write(tmp_path / "f.csv", 'text,label\n"open,a\nx,b\n"y",c\nz,d\n'))
    assert (bad.origin, good.values) == (f"{tmp_path / 'f.csv'}:2", {"text": "z", "label": "d"})
    assert bad.problem.endswith("it goes on to line 4")


def test_an_unclosed_quote_in_a_large_file_ends_in_bounded_memory(
    tmp_path: Path, read_file: ReadFile
) -> None:
    path = write(tmp_path / "f.csv", 'text,label\nx,a\n"open,b\n' + "a short line,c\n" * 1_300_000)
    with pytest.raises(
        DataError, match=r"f\.csv:3: the quoted field .* after 16,777,216 characters.* Close the quote"
    ):
        read_file(path)


def test_a_stray_quote_is_a_bad_row_and_the_next_is_read(tmp_path: Path, read_file: ReadFile) -> None:
    rows = read_file(write(tmp_path / "f.csv", 'text,label\n"he said "no" to me",a\ny,b\n'))
    assert "quoted field" in rows[0].problem
    assert rows[1].values == {"text": "y", "label": "b"}


def test_a_column_named_twice_is_refused(tmp_path: Path, read_file: ReadFile) -> None:
    with pytest.raises(DataError, match=r"f\.csv:1: the columns 'text' occur twice"):
        read_file(write(tmp_path / "f.csv", "text,label,text\na,b,c\n"))


def test_a_file_without_header_is_read_by_position(tmp_path: Path, read_file: ReadFile) -> None:
    path = write(tmp_path / "f.csv", "first,a\nsecond,b\n")
    assert read_file(path, ("1", "2")) == [
        RawRow(f"{path}:1", {"1": "first", "2": "a"}),
        RawRow(f"{path}:2", {"1": "second", "2": "b"}),
    ]


def test_columns_that_are_really_called_1_and_2_are_a_header(tmp_path: Path, read_file: ReadFile) -> None:
    (row,) = read_file(write(tmp_path / "f.tsv", "1\t2\nx\ta\n"), ("1", "2"))
    assert row.values == {"1": "x", "2": "a"}


@pytest.mark.parametrize("text", ["", "text,label\n", "\n\n"])
def test_a_file_without_rows_gives_none(tmp_path: Path, read_file: ReadFile, text: str) -> None:
    assert read_file(write(tmp_path / "f.csv", text)) == []


def test_tsv_of_a_program_that_quotes_is_read_as_it_was_written(tmp_path: Path, read_file: ReadFile) -> None:
    texts = ['plain "quotes" within', '"Three words." she said', '"all of it"', 'one " only', "", '"', '""']
    path = tmp_path / "f.tsv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerows([["text", "label"], *([text, "a"] for text in texts)])
    assert [row.values["text"] for row in read_file(path)] == texts


def test_tsv_of_a_program_that_does_not_quote_keeps_its_quotes(tmp_path: Path, read_file: ReadFile) -> None:
    texts = ['"Yes" and "no"', '"unclosed', 'unopened"', 'in "the" middle', '"']
    path = write(tmp_path / "f.tsv", "text\tlabel\n" + "".join(f"{text}\ta\n" for text in texts))
    assert [row.values["text"] for row in read_file(path)] == texts
