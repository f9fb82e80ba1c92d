from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adaptkit.config import DataConfig
from adaptkit.data.columns import refuse_misspelt
from adaptkit.data.load import load, read_unlabelled
from adaptkit.errors import ConfigError, DataError
from adaptkit.task import Row, Task
from adaptkit.tasks import registry

MakeTask = Callable[..., Task]


def write(path: Path, header: str, *, rows: int = 8) -> str:
    columns = header.count(",") + 1
    lines = [f"text {number}{',x' * (columns - 2)},{'ab'[number % 2]}" for number in range(rows)]
    path.write_text("\n".join([header, *lines]))
    return str(path)


@pytest.mark.parametrize("header", ["Text,Label", "TEXT,LABEL", " text , Label ", "\u200btext,label"])
def test_columns_match_without_case_and_spaces(tmp_path: Path, header: str) -> None:
    data = load(registry.load("text-classification"), DataConfig(data=write(tmp_path / "f.csv", header)), 0)
    assert data.labels == ("a", "b")
    if header != " text , Label ":  # a header is read without the spaces around its names
        assert "as 'text'" in data.read_as["train"]
    assert "as 'label'" in data.read_as["train"] or header.endswith("label")


def test_a_column_that_fits_comes_first(tmp_path: Path) -> None:
    file = write(tmp_path / "f.csv", "text,Text,label")
    data = load(registry.load("text-classification"), DataConfig(data=file), 0)
    assert data.train.values[0]["text"].startswith("text ")
    assert data.read_as == {}


def test_two_columns_that_fit_as_well_are_none(tmp_path: Path) -> None:
    file = write(tmp_path / "f.csv", "TEXT,Text,label")
    with pytest.raises(DataError, match="no column 'text'"):
        load(registry.load("text-classification"), DataConfig(data=file), 0)


def test_other_names_that_a_task_knows_match_too(tmp_path: Path) -> None:
    rows = "".join(f"Premise {n},Hypothesis {n},{'en'[n % 2]}ntailment\n" for n in range(8))
    (tmp_path / "f.csv").write_text(f"Sentence1,SENTENCE2,Gold_Label\n{rows}")
    data = load(registry.load("nli"), DataConfig(data=str(tmp_path / "f.csv")), 0)
    assert len(data.labels) == 2
    assert "the column 'Sentence1' as 'sentence1'" in data.read_as["train"]


def test_an_answer_in_another_case_is_not_predicted_from(tmp_path: Path) -> None:
    task = registry.load("multi-label")
    file = write(tmp_path / "f.csv", "Text,Labels")
    rows = read_unlabelled(task, file, columns={}, skip_bad_rows=False)
    assert set(rows.values[0]) == {"text"}
    assert rows.read_as == ("the column 'Text' as 'text'", "the column 'Labels' as 'labels'")


def test_the_task_decides_before_names_are_changed(tmp_path: Path, make_task: MakeTask) -> None:
    """A task may read columns whose names differ in case only."""

    def prepare(row: Row) -> Row:
        return {"text": row["A"] + row["a"], "label": row["label"]}

    (tmp_path / "f.csv").write_text("A,a,label\nx,y,p\nz,y,q\nx,w,p\nz,w,q\nu,u,q\nv,v,p\n")
    data = load(make_task(prepare=prepare), DataConfig(data=str(tmp_path / "f.csv")), 0)
    assert {row["text"] for row in data.train.values} <= {"xy", "zy", "xw", "zw", "uu", "vv"}


@pytest.mark.parametrize("name", ["lable", "labell", "labe", "lobel"])
def test_a_misspelt_column_is_refused(tmp_path: Path, name: str) -> None:
    source = write(tmp_path / "f.csv", "text,label,category")
    with pytest.raises(ConfigError, match=f"has no column '{name}'") as error:
        load(registry.load("text-classification"), DataConfig(data=source, columns={name: "category"}), 0)
    assert error.value.next_step == "Write --column label=category, if that is meant."


@pytest.mark.parametrize(("task", "name"), [("similarity", "sentence_A"), ("multiple-choice", "answerKey")])
def test_columns_that_a_task_does_not_list_are_accepted(task: str, name: str) -> None:
    refuse_misspelt(registry.load(task), {name: "a"})
