from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaptkit.data.json_shapes import document_rows
from adaptkit.data.rows import RawRow
from adaptkit.data.sources import one_split, splits_of
from adaptkit.errors import DataError
from adaptkit.task import Task
from adaptkit.tasks import registry

ReadFile = Callable[..., list[RawRow]]

ROWS = [{"text": "cold", "label": "bad"}, {"text": "warm", "label": "good"}]
PAIRS = [["cold", "bad"], ["warm", "good"]]
SHAPES: dict[str, Any] = {
    "array": ROWS,
    "data": {"version": 1, "data": ROWS},
    "rows": {"rows": ROWS, "total": 2},
    "examples": {"meta": {"by": "us"}, "examples": ROWS},
    "viewer": {"features": [], "rows": [{"row_idx": n, "row": row} for n, row in enumerate(ROWS)]},
    "pairs": PAIRS,
    "columns": {"text": ["cold", "warm"], "label": ["bad", "good"]},
    "pandas": {"text": {"0": "cold", "1": "warm"}, "label": {"0": "bad", "1": "good"}},
    "pandas index": {"0": ROWS[0], "1": ROWS[1]},
    "pandas split": {"columns": ["text", "label"], "index": [0, 1], "data": [*map(list, PAIRS)]},
    "pandas table": {"schema": {"fields": [{"name": "text"}]}, "data": ROWS},
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".ndjson", ".data", ""])
@pytest.mark.parametrize("shape", SHAPES)
def test_rows_in_any_shape(
    tmp_path: Path, read_file: ReadFile, shape: str, suffix: str, indent: int | None
) -> None:
    path = tmp_path / f"f{suffix}"
    path.write_text(json.dumps(SHAPES[shape], indent=indent))
    rows = read_file(path)
    assert [(row.values, row.problem) for row in rows] == [(row, "") for row in ROWS]


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".txt"])
def test_one_pair_per_line(tmp_path: Path, read_file: ReadFile, suffix: str) -> None:
    path = tmp_path / f"f{suffix}"
    path.write_text('["cold", "bad"]\n["warm", "good"]\n')
    assert [row.values for row in read_file(path)] == ROWS


@pytest.mark.parametrize("name", ["f.txt", "f", "f.log", "f.conll", "f.tsv.json.bak"])
def test_json_lines_of_any_name(tmp_path: Path, name: str) -> None:
    """Also where the task has a reader for the suffix, as for words in columns."""
    path = tmp_path / name
    path.write_text('{"text": "to Torv", "entities": [{"start": 3, "end": 7, "label": "LOC"}]}\n' * 3)
    rows = list(one_split(str(path), "train", registry.load("ner"), ()).rows)
    assert [row.values["text"] for row in rows] == ["to Torv"] * 3


def test_columns_of_words_are_not_json(tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    path.write_text("{ O\nAda B-PER\n} O\n\n[ O\n] O\n")
    rows = list(one_split(str(path), "train", registry.load("ner"), ()).rows)
    assert [row.values["tokens"] for row in rows] == [["{", "Ada", "}"], ["[", "]"]]


def test_a_single_row_is_a_row(tmp_path: Path, read_file: ReadFile) -> None:
    for row in (
        ROWS[0],
        {"tokens": ["a", "b"], "tags": ["O", "O"]},
        {"text": "a", "entities": [{"start": 0}]},
    ):
        (tmp_path / "f.json").write_text(json.dumps(row, indent=1))
        assert [found.values for found in read_file(tmp_path / "f.json")] == [row]


def test_objects_on_several_lines_each(tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text("\n".join(json.dumps(row, indent=2) for row in ROWS))
    rows = read_file(path)
    assert [row.values for row in rows] == ROWS
    assert [row.origin for row in rows] == [f"{path}:1", f"{path}:5"]


def test_an_unknown_object_is_described_by_its_keys(tmp_path: Path, make_task: Callable[..., Task]) -> None:
    path = tmp_path / "f.json"
    path.write_text(json.dumps({"weights": [1, 2], "name": "x"}, indent=1))
    (row,) = one_split(str(path), "train", make_task(), ()).rows
    assert list(row.values) == ["weights", "name"]


def test_a_broken_document_is_refused_with_its_line(tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / "f.json"
    path.write_text('{\n"data": [\n{"text": "a"}\n{"text": "b"}\n]}\n')
    with pytest.raises(DataError, match=r"f\.json:1: not JSON: .*line 4") as caught:
        read_file(path)
    assert caught.value.code == "bad-json"


def test_the_splits_of_one_document(tmp_path: Path, make_task: Callable[..., Task]) -> None:
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"train": ROWS, "validation": [["so", "bad"]], "test": ROWS[:1]}, indent=1))
    splits = splits_of(str(path), make_task(), ())
    found = {name: [row.values["text"] for row in split.rows] for name, split in splits.items()}
    assert found == {"train": ["cold", "warm"], "dev": ["so"], "test": ["cold"]}
    (row,) = one_split(str(path), "test", make_task(), ()).rows
    assert row.values == ROWS[0]


def test_a_broken_document_of_splits(tmp_path: Path, make_task: Callable[..., Task]) -> None:
    path = tmp_path / "all.json"
    path.write_text('{"train": [{"text": "a"}')
    with pytest.raises(DataError) as caught:
        splits_of(str(path), make_task(), ())
    assert caught.value.code == "bad-json"


def test_a_list_of_spans_is_not_a_list_of_rows() -> None:
    row = {"content": "x", "annotations": [{"start": 0, "end": 1, "label": "A"}]}
    assert document_rows(row) == ([row], "")


@pytest.mark.parametrize("indent", [None, 1])
def test_questions_in_any_shape(tmp_path: Path, indent: int | None) -> None:
    row = {"question": "Where?", "context": "In Torv.", "answers": [{"text": "Torv", "start": 3}]}
    qas = [{"question": "Where?", "id": "1", "answers": row["answers"]}]
    article = {"title": "t", "paragraphs": [{"context": "In Torv.", "qas": qas}]}
    task = registry.load("qa")
    for shape in ({"data": [row]}, {"data": [article]}, [article], row, [row], {"train": [row]}):
        (tmp_path / "f.json").write_text(json.dumps(shape, indent=indent))
        (found,) = one_split(str(tmp_path / "f.json"), "train", task, ()).rows
        assert task.prepare(found.values)["answers"] == row["answers"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"train": [{"text": "a"}], "train": [{"text": "b"}]}', "the key 'train' occurs twice"),
        ('{"train": [{"text": "a", "text": "b"}]}', "the key 'text' occurs twice"),
        ('{"train": [{"text": "a", "label": NaN}]}', "NaN is not a JSON value"),
        ('{"train": [{"text": "a"}]} {}', "after the end of the JSON value"),
    ],
)
def test_splits_that_are_not_strict_json(
    tmp_path: Path, make_task: Callable[..., Task], text: str, problem: str
) -> None:
    path = tmp_path / "all.json"
    path.write_text(text)
    with pytest.raises(DataError, match=problem) as caught:
        splits_of(str(path), make_task(), ())
    assert caught.value.code == "bad-json"
