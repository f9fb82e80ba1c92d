from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from adaptkit.data.headers import NAMED_BY_POSITION
from adaptkit.data.rows import RawRow
from adaptkit.errors import DataError

ReadFile = Callable[..., list[RawRow]]


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_csv_rows_have_the_line_in_which_they_start(tmp_path: Path, read_file: ReadFile) -> None:
    path = write(tmp_path / "f.csv", 'text,label\r\n"one\r\ntwo, ""three""",a\r\n\r\nfour,b\r\n')
    assert read_file(path) == [
        RawRow(f"{path}:2", {"text": 'one\ntwo, "three"', "label": "a"}),
        RawRow(f"{path}:5", {"text": "four", "label": "b"}),
    ]


@pytest.mark.parametrize(("suffix", "delimiter"), [("csv", ","), ("csv", ";"), ("tsv", "\t")])
def test_lines_may_end_with_carriage_returns_alone(
    tmp_path: Path, read_file: ReadFile, suffix: str, delimiter: str
) -> None:
    text = 'text,label\r"one",a\r\rfour,b\r'.replace(",", delimiter)
    first, second = read_file(path := write(tmp_path / f"f.{suffix}", text))
    assert (first.origin, first.values) == (f"{path}:2", {"text": "one", "label": "a"})
    assert (second.origin, second.values) == (f"{path}:4", {"text": "four", "label": "b"})


def test_a_carriage_return_within_a_line_is_kept(tmp_path: Path, read_file: ReadFile) -> None:
    (row,) = read_file(write(tmp_path / "f.tsv", "text\tlabel\na\rb\tc\n"))
    assert row.values == {"text": "a\rb", "label": "c"}


def test_a_wrong_number_of_fields_is_one_bad_row(tmp_path: Path, read_file: ReadFile) -> None:
    rows = read_file(write(tmp_path / "f.csv", "text,label\nalone\nx,a,surplus\ny,b\n"))
    assert [row.problem for row in rows] == ["1 field, but 2 columns", "3 fields, but 2 columns", ""]
    assert rows[-1].values == {"text": "y", "label": "b"}


def test_a_field_over_the_csv_modules_limit_is_read(tmp_path: Path, read_file: ReadFile) -> None:
    (row,) = read_file(write(tmp_path / "f.csv", f"text,label\n{'x' * 1_000_000},a\n"))
    assert len(row.values["text"]) == 1_000_000


def test_an_unclosed_quote_does_not_silently_drop_rows(tmp_path: Path, read_file: ReadFile) -> None:
    """As one bad row that can be skipped, it would include the rows after it."""
    path = write(tmp_path / "f.csv", 'text,label\n"open,a\nx,b\ny,c\n')
    with pytest.raises(DataError, match=r"f\.csv:2: .* when the file ends") as caught:
        read_file(path)
    assert caught.value.code == "unclosed-quote"


def test_a_quote_that_closes_lines_later_says_where(tmp_path: Path, read_file: ReadFile) -> None:
    bad, good = read_file(write(tmp_path / "f.csv", 'text,label\n"open,a\nx,b\n"y",c\nz,d\n'))
    assert (bad.origin, good.values) == (f"{tmp_path / 'f.csv'}:2", {"text": "z", "label": "d"})
    assert bad.problem.endswith("it extends to line 4")


def test_an_unclosed_quote_in_a_large_file_needs_little_memory(tmp_path: Path, read_file: ReadFile) -> None:
    path = write(tmp_path / "f.csv", 'text,label\nx,a\n"open,b\n' + "a short line,c\n" * 1_300_000)
    with pytest.raises(DataError, match=r"f\.csv:3: .* after 16,777,216 characters") as caught:
        read_file(path)
    assert caught.value.code == "unclosed-quote"


def test_a_stray_quote_is_a_bad_row_and_the_next_is_read(tmp_path: Path, read_file: ReadFile) -> None:
    rows = read_file(write(tmp_path / "f.csv", 'text,label\n"he said "no" to me",a\ny,b\n'))
    assert "quoted field" in rows[0].problem
    assert rows[1].values == {"text": "y", "label": "b"}


def test_a_column_named_twice_is_refused(tmp_path: Path, read_file: ReadFile) -> None:
    with pytest.raises(DataError, match=r"f\.csv:1: .*'text'") as caught:
        read_file(write(tmp_path / "f.csv", "text,label,text\na,b,c\n"))
    assert caught.value.code == "bad-header"


def test_a_file_without_header_is_read_by_position(tmp_path: Path, read_file: ReadFile) -> None:
    path = write(tmp_path / "f.csv", "first,a\nsecond,b\n")
    assert read_file(path, ("1", "2")) == [
        RawRow(f"{path}:1", {"1": "first", "2": "a"}, notes=(NAMED_BY_POSITION,)),
        RawRow(f"{path}:2", {"1": "second", "2": "b"}, notes=(NAMED_BY_POSITION,)),
    ]


@pytest.mark.parametrize("line", ['1,"good film"', "good film,1", "good film,2"])
def test_a_first_row_with_the_number_of_a_column_is_read(
    tmp_path: Path, read_file: ReadFile, line: str
) -> None:
    rows = read_file(write(tmp_path / "f.csv", f"{line}\n0,1\n" * 3), ("1", "2"))
    assert [tuple(row.values) for row in rows] == [("1", "2")] * 6


@pytest.mark.parametrize("wanted", [("1", "2"), ("2",), ("2", "text")])
@pytest.mark.parametrize("start", ["text,label", "text;LABEL;note"])
def test_a_header_is_no_row_where_positions_are_named(
    tmp_path: Path, read_file: ReadFile, wanted: tuple[str, ...], start: str
) -> None:
    line = "x;a;b" if ";" in start else "x,a"
    (row,) = read_file(write(tmp_path / "f.csv", f"{start}\n{line}\n"), wanted)
    assert (row.values["2"], next(iter(row.values.values()))) == ("a", "x")
    assert row.notes[-1] == "the first line as the names of columns"


def test_a_header_may_name_its_columns_1_and_2(tmp_path: Path, read_file: ReadFile) -> None:
    (row,) = read_file(write(tmp_path / "f.tsv", "1\t2\nx\ta\n"), ("1", "2"))
    assert row.values == {"1": "x", "2": "a"}


@pytest.mark.parametrize("text", ["", "text,label\n", "\n\n"])
def test_a_file_without_rows_gives_none(tmp_path: Path, read_file: ReadFile, text: str) -> None:
    assert read_file(write(tmp_path / "f.csv", text)) == []


def test_tsv_written_with_quotes_is_read_without_them(tmp_path: Path, read_file: ReadFile) -> None:
    texts = ['plain "quotes" within', '"Three words." she said', '"all of it"', 'one " only', "", '"', '""']
    path = tmp_path / "f.tsv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerows([["text", "label"], *([text, "a"] for text in texts)])
    assert [row.values["text"] for row in read_file(path)] == texts


def test_tsv_written_without_quoting_keeps_its_quotes(tmp_path: Path, read_file: ReadFile) -> None:
    texts = ['"Yes" and "no"', '"unclosed', 'unopened"', 'in "the" middle', '"']
    path = write(tmp_path / "f.tsv", "text\tlabel\n" + "".join(f"{text}\ta\n" for text in texts))
    assert [row.values["text"] for row in read_file(path)] == texts
