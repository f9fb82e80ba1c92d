from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from adaptkit.data.in_memory import memory_rows
from adaptkit.data.options import ReadOptions
from adaptkit.data.trained_columns import with_trained_columns
from adaptkit.task import Task
from adaptkit.tasks import registry

TRAINED = {"text": "review", "label": "stars"}


@pytest.mark.parametrize(
    ("header", "named", "expected"),
    [
        ("review,stars", {}, TRAINED),
        ("stars,id,review", {}, TRAINED),
        ("review,label", {}, {"text": "review"}),
        ("review", {}, {"text": "review"}),  # rows to predict
        ("text,label", {}, {}),
        ("Text,Label", {}, {}),
        ("text,review,stars", {}, TRAINED),  # as in training
        ("body,stars", {"text": "body"}, {"text": "body", "label": "stars"}),
        ("review,body,stars", {"text": "body"}, {"text": "body", "label": "stars"}),
        ("review,stars", {"label": "review"}, {"label": "review"}),
        ("a,b", {}, {}),
        ("review,stars", {"text": "1"}, {"text": "1"}),  # by number, without a header
    ],
)
def test_the_columns_that_the_file_has_are_read(
    header: str,
    named: Mapping[str, str],
    expected: Mapping[str, str],
    tmp_path: Path,
    make_task: Callable[..., Task],
) -> None:
    file = tmp_path / "f.csv"
    file.write_text(f"{header}\n{','.join('x' * len(header.split(',')))}\n")
    found = with_trained_columns(make_task(), str(file), ReadOptions(columns=named), TRAINED)
    assert found.columns == expected


@pytest.mark.parametrize(
    ("first", "expected"), [("good film,pos", {"text": "1", "label": "2"}), ("text,label", {})]
)
def test_numbers_are_for_files_without_own_header(
    first: str, expected: Mapping[str, str], tmp_path: Path, make_task: Callable[..., Task]
) -> None:
    file = tmp_path / "f.csv"
    file.write_text(f"{first}\nbad film,neg\n")
    trained = {"text": "1", "label": "2"}
    assert with_trained_columns(make_task(), str(file), ReadOptions(), trained).columns == expected


def test_json_rows_and_rows_in_memory(tmp_path: Path, make_task: Callable[..., Task]) -> None:
    rows = [{"stars": "5"}, {"review": "good", "stars": "4"}]
    (tmp_path / "f.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for source in (str(tmp_path / "f.jsonl"), memory_rows("", rows)):
        assert with_trained_columns(make_task(), source, ReadOptions(), TRAINED).columns == TRAINED


def test_a_table_with_one_word_per_row(tmp_path: Path) -> None:
    trained = {"tokens": "form", "tags": "kind", "sentence": "nr"}
    file = tmp_path / "f.csv"
    file.write_text("nr,form,kind\n1,Amara,B-PER\n1,slept,O\n")
    ner = registry.load("ner")
    assert with_trained_columns(ner, str(file), ReadOptions(), trained).columns == trained
    file.write_text("Amara\tB-PER\nslept\tO\n")
    assert with_trained_columns(ner, str(file.rename(tmp_path / "f.conll")), ReadOptions(), trained) == (
        ReadOptions()
    )


def test_a_file_that_cannot_be_read_is_left_to_its_reader(
    tmp_path: Path, make_task: Callable[..., Task]
) -> None:
    given = ReadOptions(columns={"label": "mood"})
    assert with_trained_columns(make_task(), str(tmp_path / "none.csv"), given, TRAINED) is given
    texts = tmp_path / "f.txt"
    texts.write_text("one text\nanother\n")
    assert with_trained_columns(make_task(), str(texts), ReadOptions(), TRAINED) == ReadOptions()
