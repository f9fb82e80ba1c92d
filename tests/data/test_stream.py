from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from adaptkit.data import stream
from adaptkit.data.load import read_unlabelled
from adaptkit.data.options import AS_FOUND
from adaptkit.data.stream import stream_unlabelled
from adaptkit.errors import DataError
from adaptkit.tasks import registry


def streamed(path: Path, task: str = "text-classification", **options: Any) -> Any:
    given = {"columns": {}, "skip_bad_rows": False, "options": AS_FOUND, **options}
    return stream_unlabelled(registry.load(task), str(path), **given)


@pytest.mark.parametrize("name", ["test.csv", "test.jsonl", "texts.txt", "test.conll"])
def test_the_rows_are_those_that_are_read_at_once(name: str, tmp_path: Path) -> None:
    contents = {
        "test.csv": "text,label\nabc,x\nd e,y\n",
        "test.jsonl": '{"text": "abc"}\n{"text": "d e"}\n',
        "texts.txt": "abc\n\nd e\n",
        "test.conll": "Ada\tB-PER\nran\tO\n\nHello\tO\n",
    }
    task = "ner" if name == "test.conll" else "text-classification"
    (tmp_path / name).write_text(contents[name])
    rows = streamed(tmp_path / name, task)
    expected = read_unlabelled(
        registry.load(task), str(tmp_path / name), columns={}, skip_bad_rows=False, options=AS_FOUND
    )
    assert list(rows) == list(rows) == list(expected.values)
    left_out = 1 if name == "texts.txt" else 0  # the empty line
    assert (rows.count, rows.left_out, list(rows.read_as)) == (2, left_out, list(expected.read_as))


def test_a_bad_row_is_refused_before_the_first_is_given(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text('{"text": "abc"}\n{"text": ""}\n{}\n')
    with pytest.raises(DataError, match=r"f\.jsonl:2: .* \(and 1 more bad row\)"):
        streamed(tmp_path / "f.jsonl")
    rows = streamed(tmp_path / "f.jsonl", skip_bad_rows=True)
    assert [row["text"] for row in rows] == ["abc"]
    assert (rows.count, rows.left_out, len(rows.skipped)) == (1, 2, 2)


def test_only_some_reasons_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_KEPT", 3)
    (tmp_path / "f.jsonl").write_text('{"text": "abc"}\n' + "{}\n" * 50)
    rows = streamed(tmp_path / "f.jsonl", skip_bad_rows=True)
    assert (rows.left_out, len(rows.skipped)) == (50, 3)
    with pytest.raises(DataError, match="and 49 more bad rows"):
        streamed(tmp_path / "f.jsonl")


def test_only_some_empty_lines_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_KEPT", 3)
    (tmp_path / "f.txt").write_text("abc" + "\n" * 50 + "d")
    rows = streamed(tmp_path / "f.txt")
    assert (rows.count, rows.left_out, len(rows.skipped)) == (2, 49, 3)


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text("{}\n")
    with pytest.raises(DataError):
        streamed(tmp_path / "f.jsonl", skip_bad_rows=True)


def test_the_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text("".join(f'{{"text": "{number} {"word " * 40}"}}\n' for number in range(20_000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in streamed(path)) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 4_000_000
    assert peak < 1_000_000
