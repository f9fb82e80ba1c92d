from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adaptkit.data.readers import file_rows, is_readable, parsed_lines, readable_suffixes
from adaptkit.data.rows import RawRow
from adaptkit.data.text import numbered_lines
from adaptkit.errors import DataError, TaskError
from adaptkit.reader import RowNumber
from adaptkit.task import Row, Task
from adaptkit.tasks.calls import guarded

ReadFile = Callable[..., list[RawRow]]
MakeTask = Callable[..., Task]


def row_of(numbered: tuple[int, str]) -> tuple[int, Row]:
    number, line = numbered
    text, separator, label = line.partition("|")
    if not separator:
        raise ValueError(f"line {number}: no bar in {line!r}")
    return number, {"text": text, "label": label}


def by_bars(path: Path) -> Iterator[tuple[int, Row]]:
    yield from map(row_of, numbered_lines(path))


def by_bars_resumable(path: Path) -> Iterator[tuple[int, Row]]:
    return map(row_of, numbered_lines(path))


def test_the_tasks_reader_comes_before_adaptkits(tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / "f.CSV"
    path.write_text("x|a\n")
    assert read_file(path, readers={".csv": by_bars}) == [RawRow(f"{path}:1", {"text": "x", "label": "a"})]


@pytest.mark.parametrize("suffix", [".tsv", ".json", ".jsonl", ".ndjson"])
def test_a_task_may_read_tables_and_json_itself(suffix: str, tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / f"f{suffix}"
    path.write_text("x|a\n")
    assert read_file(path, readers={suffix: by_bars})[0].values == {"text": "x", "label": "a"}


def test_columns_named_by_position_are_a_tables(tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / "f.tsv"
    path.write_text("x|y\ta\n")
    assert read_file(path, ("1", "2"), readers={".tsv": by_bars})[0].values == {"1": "x|y", "2": "a"}
    named = read_file(path, ("text", "label"), readers={".tsv": by_bars})
    assert named[0].values == {"text": "x", "label": "y\ta"}


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx", ".spacy", ".yml", ".yaml"])
def test_adaptkit_alone_reads_other_formats(suffix: str, tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / f"f{suffix}"
    path.write_text("x|a\n")
    with pytest.raises(DataError):
        read_file(path, readers={suffix: by_bars})


def test_the_reader_of_unknown_suffixes_comes_after_adaptkits(tmp_path: Path, read_file: ReadFile) -> None:
    (tmp_path / "f.csv").write_text("text,label\nx,a\n")
    (tmp_path / "f.odd").write_text("y|b\n")
    assert read_file(tmp_path / "f.csv", readers={"": by_bars})[0].values["text"] == "x"
    assert read_file(tmp_path / "f.odd", readers={"": by_bars})[0].values["text"] == "y"


def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path: Path, read_file: ReadFile) -> None:
    (tmp_path / "f.odd").write_text("x")
    with pytest.raises(DataError, match=r"'\.odd'.*'\.bar', '\.csv'.*'\.parquet'") as caught:
        read_file(tmp_path / "f.odd", readers={".bar": by_bars})
    assert caught.value.code == "unknown-suffix"


def test_a_generators_bad_row_ends_the_file_with_its_line(tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / "f.bar"
    path.write_text("x|a\nbroken\ny|b\n")
    with pytest.raises(DataError) as caught:
        read_file(path, readers={".bar": by_bars})
    assert str(caught.value).startswith(f"{path}:2: no bar in 'broken'. Expected")


def test_an_iterator_that_continues_loses_only_the_bad_row(tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / "f.bar"
    path.write_text("x|a\nbroken\ny|b\n")
    rows = read_file(path, readers={".bar": by_bars_resumable})
    assert [(row.origin, row.problem) for row in rows] == [
        (f"{path}:1", ""),
        (f"{path}:2", "no bar in 'broken'"),
        (f"{path}:3", ""),
    ]


def numbered_rows(path: Path) -> Iterator[tuple[RowNumber, Row]]:
    yield RowNumber(1), {"text": "x"}
    raise ValueError("row 2: empty")


def test_rows_without_lines_are_named_as_rows(tmp_path: Path, make_task: MakeTask) -> None:
    (path := tmp_path / "f.rec").write_text("x")
    rows = file_rows(path, make_task(readers={".rec": numbered_rows}), ())
    assert next(rows) == RawRow(f"{path} row 1", {"text": "x"})
    with pytest.raises(DataError, match=r"f\.rec row 2: empty.*at this row"):
        next(rows)


def test_a_value_error_without_a_line_is_not_one_bad_row(tmp_path: Path, read_file: ReadFile) -> None:
    def undecoded(path: Path) -> Iterator[tuple[int, Row]]:
        return map(row_of, enumerate((line.decode() for line in path.read_bytes().splitlines()), start=1))

    (tmp_path / "f.bar").write_bytes(b"x|\xff\ny|b\n")
    with pytest.raises(DataError, match=r"f\.bar: 'utf-8' codec"):
        read_file(tmp_path / "f.bar", readers={".bar": undecoded})


def test_a_reader_may_refuse_a_file_before_the_first_row(tmp_path: Path, read_file: ReadFile) -> None:
    def all_at_once(path: Path) -> Iterator[tuple[int, Row]]:
        return iter([row_of((1, path.read_text()))])

    (tmp_path / "f.bar").write_text("broken")
    with pytest.raises(DataError, match=r"f\.bar:1: no bar in 'broken'"):
        read_file(tmp_path / "f.bar", readers={".bar": all_at_once})


def test_any_other_exception_of_a_reader_is_a_task_error(tmp_path: Path, read_file: ReadFile) -> None:
    def failing(path: Path) -> Iterator[tuple[int, Row]]:
        raise KeyError(str(path))

    (tmp_path / "f.bar").write_text("x")
    with pytest.raises(TaskError, match=r"f\.bar: the task 'toy' .*KeyError") as caught:
        read_file(tmp_path / "f.bar", readers={".bar": failing})
    assert caught.value.code == "reader-failed"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path, read_file: ReadFile) -> None:
    (tmp_path / "f.csv").write_text("text\nx\n")
    (tmp_path / "f.csv").chmod(0)
    with pytest.raises(DataError, match=r"f\.csv: .*Permission denied") as caught:
        read_file(tmp_path / "f.csv")
    assert caught.value.code == "unreadable-file"


def test_a_file_that_is_removed_before_it_is_read(tmp_path: Path, make_task: MakeTask) -> None:
    rows = parsed_lines(tmp_path / "gone.txt", make_task())
    with pytest.raises(DataError, match=r"gone\.txt: .*No such file") as caught:
        list(rows)
    assert caught.value.code == "unreadable-file"


def test_each_line_of_text_is_parsed_by_the_task(tmp_path: Path, make_task: MakeTask) -> None:
    def parse(text: str) -> Row:
        if "|" not in text:
            raise ValueError("no bar")
        return {"text": text.split("|")[0]}

    path = tmp_path / "f.txt"
    path.write_text("x|1\n\n  \ny\nz|2")
    assert list(parsed_lines(path, make_task(parse_text=parse))) == [
        RawRow(f"{path}:1", {"text": "x"}),
        RawRow(f"{path}:2", {}, empty="the line is empty"),
        RawRow(f"{path}:3", {}, empty="the line is empty"),
        RawRow(f"{path}:4", {}, "no bar"),
        RawRow(f"{path}:5", {"text": "z"}),
    ]


def test_readable(make_task: MakeTask) -> None:
    task = make_task(readers={".bar": by_bars})
    assert readable_suffixes(task) == [
        ".bar", ".csv", ".json", ".jsonl", ".ndjson", ".parquet", ".spacy", ".tsv", ".xlsx", ".yaml", ".yml",
    ]  # fmt: skip
    assert is_readable(Path("f.csv.gz"), task)
    assert is_readable(Path("f.JSONL"), task)
    assert not is_readable(Path("f.md"), task)
    assert is_readable(Path("f.md"), make_task(readers={"": by_bars}))


def test_a_guarded_generator_ends_the_file_too(tmp_path: Path, make_task: MakeTask) -> None:
    """The guard of a plugin's reader is no generator, but cannot be read on after an error of one either."""
    path = tmp_path / "f.bar"
    path.write_text("x|a\nbroken\ny|b\n")
    for reader, ends in ((by_bars, True), (by_bars_resumable, False)):
        rows = file_rows(path, guarded(make_task(readers={".bar": reader})), ())
        if ends:
            with pytest.raises(DataError, match=r"f\.bar:2: no bar in 'broken'"):
                list(rows)
        else:
            assert [row.problem for row in rows] == ["", "no bar in 'broken'", ""]


def test_rows_before_an_unreadable_byte_come_first(tmp_path: Path, make_task: MakeTask) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"text,label\n" + b"fine,a\n" * 300 + b"bad \xff,a\n")
    rows = file_rows(path, make_task(), ())
    assert [next(rows).values["text"] for _ in range(300)] == ["fine"] * 300
    with pytest.raises(DataError, match=rf"{path}:302: byte 0xff"):
        next(rows)
