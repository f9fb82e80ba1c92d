from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from adaptkit.config import DataConfig
from adaptkit.data.load import load
from adaptkit.data.rows import RawRow
from adaptkit.errors import DataError
from adaptkit.tasks import registry

ReadFile = Callable[..., list[RawRow]]


def write(path: Path, rows: list[list[Any]], *more: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Answers"
    for row in rows:
        sheet.append(row)
    for name in more:
        book.create_sheet(name)
    book.save(path)
    return path


def test_the_rows_of_the_first_sheet(tmp_path: Path, read_file: ReadFile) -> None:
    path = write(
        tmp_path / "f.xlsx", [["text", "label "], ["cold", 0], [], ["warm", 1.0], ["so", None]], "Notes"
    )
    note = ("the sheet 'Answers' of 'Answers', 'Notes'",)
    assert read_file(path) == [
        RawRow(f"{path}:2", {"text": "cold", "label": 0}, notes=note),
        RawRow(f"{path}:4", {"text": "warm", "label": 1}, notes=note),
        RawRow(f"{path}:5", {"text": "so", "label": None}, notes=note),
    ]


def test_numbers_of_excel_are_labels(tmp_path: Path) -> None:
    rows = [[f"text {number}", float(number % 2)] for number in range(8)]
    path = write(tmp_path / "f.xlsx", [["Text", "Label"], *rows])
    data = load(registry.load("text-classification"), DataConfig(data=str(path)), 0)
    assert data.labels == ("0", "1")
    assert data.read_as["train"].startswith("the sheet 'Answers', the column 'Text' as 'text'")


def test_columns_by_position(tmp_path: Path, read_file: ReadFile) -> None:
    path = write(tmp_path / "f.xlsx", [["cold", "bad"], ["warm", "good"]])
    assert [row.values for row in read_file(path, ("1", "2"))] == [
        {"1": "cold", "2": "bad"}, {"1": "warm", "2": "good"},
    ]  # fmt: skip


def test_a_word_per_row(tmp_path: Path) -> None:
    rows = [["Sentence #", "Word", "Tag"], ["1", "Ada", "B-PER"], [None, "slept", "O"], ["2", 1815, "O"]]
    path = write(tmp_path / "f.xlsx", rows)
    data = load(registry.load("ner"), DataConfig(train=str(path), dev=str(path)), 0)
    assert [row["tokens"] for row in data.train.values] == [["Ada", "slept"], ["1815"]]


def test_a_damaged_file_is_refused(tmp_path: Path, read_file: ReadFile) -> None:
    path = write(tmp_path / "f.xlsx", [["text", "label"], ["cold", "bad"]])
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError) as caught:
        read_file(path)
    assert caught.value.code == "unreadable-file"


def test_without_the_extra_the_message_names_it(
    tmp_path: Path, read_file: ReadFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "f.xlsx", [["text", "label"], ["cold", "bad"]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"pip install 'adaptkit\[excel\]'") as caught:
        read_file(path)
    assert caught.value.code == "extra-missing"


def test_a_damaged_sheet_is_refused(tmp_path: Path, read_file: ReadFile) -> None:
    whole = write(tmp_path / "f.xlsx", [["text", "label"], ["cold", "bad"]])
    path = tmp_path / "damaged.xlsx"
    with ZipFile(whole) as source, ZipFile(path, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            copy.writestr(name, content[:-40] if name.endswith("sheet1.xml") else content)
    with pytest.raises(DataError, match="cannot be read as an Excel file") as caught:
        read_file(path)
    assert caught.value.code == "unreadable-file"
