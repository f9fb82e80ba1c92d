from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from adaptkit.config import DataConfig
from adaptkit.data.load import load
from adaptkit.data.trained_columns import ROWS_TO_LOOK_AT
from adaptkit.errors import DataError
from adaptkit.task import Task

MakeTask = Callable[..., Task]
BY_CATEGORY = {"label": "category"}


def write(path: Path, header: str, *labels: str) -> str:
    """A table of two columns with these labels in the last one."""
    path.write_text("\n".join([header, *(f"{path.stem} {place},{one}" for place, one in enumerate(labels))]))
    return str(path)


def config_of(tmp_path: Path, train: str, test: str) -> DataConfig:
    return DataConfig(
        train=write(tmp_path / "a.csv", train, *"abababab"),
        test=write(tmp_path / "b.csv", test, "a", "b"),
        columns=BY_CATEGORY,
    )


@pytest.mark.parametrize(
    ("train", "test", "by_own_name"),
    [
        ("text,label", "text,category", ["train"]),
        ("text,category", "text,label", ["test"]),
        ("text,category", "text,Label", ["test"]),
        ("text,category", "text,category", []),
    ],
)
def test_a_file_without_the_column_is_read_by_its_own_name(
    train: str, test: str, by_own_name: list[str], tmp_path: Path, make_task: MakeTask
) -> None:
    data = load(make_task(), config_of(tmp_path, train, test), seed=0)
    assert data.test is not None
    assert [row["label"] for row in data.test.values] == ["a", "b"]
    said = "'label' by its own name, without a column 'category'"
    assert [split for split, how in data.read_as.items() if said in how] == by_own_name


def test_of_both_columns_the_named_one_is_read(tmp_path: Path, make_task: MakeTask) -> None:
    (tmp_path / "a.csv").write_text(
        "text,label,category\n" + "".join(f"{n},x,{'ab'[n % 2]}\n" for n in range(8))
    )
    test = write(tmp_path / "b.csv", "text,label", "a", "b")
    config = DataConfig(train=str(tmp_path / "a.csv"), test=test, columns=BY_CATEGORY)
    assert load(make_task(), config, seed=0).labels == ("a", "b")


def test_the_files_of_a_folder_have_names_of_their_own(tmp_path: Path, make_task: MakeTask) -> None:
    write(tmp_path / "train.csv", "text,category", *"abababab")
    write(tmp_path / "test.csv", "text,label", "a", "b")
    data = load(make_task(), DataConfig(data=str(tmp_path), columns=BY_CATEGORY), seed=0)
    assert data.test is not None
    assert len(data.test) == 2


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ("text,label", "text,label", "a.csv: no column 'category'"),  # none has it: probably mistyped
        ("text,category", "text,kind", "b.csv: no column 'category'"),
    ],
)
def test_a_column_that_is_nowhere_is_refused(
    train: str, test: str, message: str, tmp_path: Path, make_task: MakeTask
) -> None:
    with pytest.raises(DataError, match=message):
        load(make_task(), config_of(tmp_path, train, test), seed=0)


def test_a_name_in_another_case_is_no_missing_column(tmp_path: Path, make_task: MakeTask) -> None:
    (tmp_path / "b.csv").write_text("text,Category,label\none,b,a\ntwo,a,b\n")
    train = write(tmp_path / "a.csv", "text,category", *"abababab")
    config = DataConfig(train=train, test=str(tmp_path / "b.csv"), columns=BY_CATEGORY)
    with pytest.raises(DataError, match=r"b\.csv.*'category'"):
        load(make_task(), config, seed=0)


def test_a_column_that_appears_late_is_refused(tmp_path: Path, make_task: MakeTask) -> None:
    rows = [{"text": f"row {n}", "label": "a"} for n in range(ROWS_TO_LOOK_AT)]
    rows += [{"text": "late", "label": "a", "category": "b"}]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    train = write(tmp_path / "a.csv", "text,category", *"abababab")
    config = DataConfig(train=train, test=str(tmp_path / "b.jsonl"), columns=BY_CATEGORY)
    with pytest.raises(DataError, match=r"b\.jsonl:101: a column 'category', which the first 100") as caught:
        load(make_task(), config, seed=0)
    assert caught.value.code == "column-appears"


def test_an_error_in_the_first_rows_is_raised(tmp_path: Path, make_task: MakeTask) -> None:
    (tmp_path / "b.csv").write_bytes(b"text,category\none,a\ntwo,\xff\n")
    train = write(tmp_path / "a.csv", "text,category", *"abababab")
    config = DataConfig(train=train, test=str(tmp_path / "b.csv"), columns=BY_CATEGORY)
    with pytest.raises(DataError, match=r"b\.csv"):
        load(make_task(), config, seed=0)
