from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adaptkit.data.rows import RawRow
from adaptkit.errors import DataError

ReadFile = Callable[..., list[RawRow]]

BAD_ROWS = {
    '{"text": NaN}': "NaN is not a JSON value",
    '{"text": -Infinity}': "-Infinity is not a JSON value",
    '{"text": 1e999}': "1e999 is too large",
    '{"text": "x", "text": "y"}': "the key 'text' occurs twice",
    '{"text": {"a": 1, "a": 2}}': "the key 'a' occurs twice",
    '["x"]': "['x'] is not an object",
    "7": "7 is not an object",
    r'{"text": "\ud83d"}': "unpaired surrogate",
}
BROKEN = {
    '{"text": ' + "[" * 100_000 + "]" * 100_000 + "}": "nested too deeply",
    '{"text": "x"': "not JSON",
    '{"text": ' + "1" * 10_000 + "}": "not JSON",
    "text": "not JSON",
}


@pytest.mark.parametrize(
    ("line", "problem"), [*BAD_ROWS.items(), *BROKEN.items()], ids=lambda text: text[:20]
)
def test_a_bad_line_is_one_bad_row(tmp_path: Path, read_file: ReadFile, line: str, problem: str) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(f'{{"text": "before"}}\n{line}\n\n{{"text": "after"}}\n')
    before, bad, after = read_file(path)
    assert (before.values, after.values) == ({"text": "before"}, {"text": "after"})
    assert (bad.origin, bad.values) == (f"{path}:2", {})
    assert problem in bad.problem
    assert after.origin == f"{path}:4"


@pytest.mark.parametrize(("element", "problem"), BAD_ROWS.items(), ids=lambda text: text[:20])
def test_a_bad_element_is_one_bad_row(
    tmp_path: Path, read_file: ReadFile, element: str, problem: str
) -> None:
    path = tmp_path / "f.json"
    path.write_text(f'\n[{{"text": "before"}},\n {element}\n ,\n{{"text":\n"after"}}\n]\n')
    before, bad, after = read_file(path)
    assert (before.values, after.values) == ({"text": "before"}, {"text": "after"})
    assert (before.origin, bad.origin, after.origin) == (f"{path}:2", f"{path}:3", f"{path}:5")
    assert problem in bad.problem


@pytest.mark.parametrize("element", BROKEN, ids=lambda text: text[:20])
def test_the_error_names_the_line_where_an_array_is_broken(
    tmp_path: Path, read_file: ReadFile, element: str
) -> None:
    path = tmp_path / "f.json"
    path.write_text(f'[{{"text": "before"}},\n{element}, {{"text": "after"}}]')
    with pytest.raises(DataError, match=r"f\.json:2: ") as caught:
        read_file(path)
    assert caught.value.code == "bad-json"


@pytest.mark.parametrize("text", ['[{"a": 1}', '[{"a": 1},]', '[{"a": 1}] x', '[{"a": 1} {"a": 2}]', "["])
def test_a_truncated_or_broken_array_is_refused(tmp_path: Path, read_file: ReadFile, text: str) -> None:
    path = tmp_path / "f.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"f\.json") as caught:
        read_file(path)
    assert caught.value.code == "bad-json"


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".ndjson"])
def test_one_object_per_line(tmp_path: Path, read_file: ReadFile, suffix: str) -> None:
    path = tmp_path / f"f{suffix}"
    path.write_bytes('\ufeff{"text": "é\\ud83d\\ude00", "n": [1, 2.5, null, true]}\r\n'.encode())
    assert read_file(path) == [RawRow(f"{path}:1", {"text": "é😀", "n": [1, 2.5, None, True]})]


def test_an_empty_array_has_no_rows(tmp_path: Path, read_file: ReadFile) -> None:
    (tmp_path / "f.json").write_text(" [ ]\n")
    assert read_file(tmp_path / "f.json") == []


def test_text_after_the_object_is_a_bad_row(tmp_path: Path, read_file: ReadFile) -> None:
    (tmp_path / "f.jsonl").write_text('{"text": "x"} {"text": "y"}\n')
    (row,) = read_file(tmp_path / "f.jsonl")
    assert "after the end of the JSON value" in row.problem


def test_rows_on_one_line_are_distinguished_by_numbers(tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / "f.json"
    path.write_text('[{"text": "x"}, 7, {"text": "y"}]\n')
    assert [row.origin for row in read_file(path)] == [f"{path} row {number}" for number in (1, 2, 3)]
