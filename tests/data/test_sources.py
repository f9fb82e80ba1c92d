from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import datasets
import pytest

from adaptkit.data.sources import one_split, refuse_missing, splits_of
from adaptkit.errors import DataError
from adaptkit.task import Task

MakeTask = Callable[..., Task]


def fill(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(f"text,label\n{name},a\n")
    return folder


def texts(folder: Path, task: Task) -> dict[str, list[str]]:
    return {
        name: [row.values["text"] for row in split.rows]
        for name, split in splits_of(str(folder), task, ()).items()
    }


@pytest.mark.parametrize("dev", ["dev", "validation", "valid", "val", "devel", "DEV"])
def test_a_folder_of_split_files(tmp_path: Path, make_task: MakeTask, dev: str) -> None:
    fill(tmp_path, "train.csv", f"{dev}.csv", "test.csv", "README.md", "train.md", "other.csv")
    assert texts(tmp_path, make_task()) == {
        "train": ["train.csv"],
        "dev": [f"{dev}.csv"],
        "test": ["test.csv"],
    }


def test_two_files_for_one_split_are_refused(tmp_path: Path, make_task: MakeTask) -> None:
    fill(tmp_path, "train.csv", "valid.csv", "dev.csv")
    with pytest.raises(DataError, match=r"'dev\.csv', 'valid\.csv'.*--train, --dev") as caught:
        splits_of(str(tmp_path), make_task(), ())
    assert caught.value.code == "ambiguous-split"


def test_a_folder_without_splits_is_refused_with_its_files(tmp_path: Path, make_task: MakeTask) -> None:
    fill(tmp_path, "data.csv")
    with pytest.raises(DataError, match=r"its files: 'data\.csv'") as caught:
        splits_of(str(tmp_path), make_task(), ())
    assert caught.value.code == "no-data-in-folder"


def test_a_saved_dictionary_of_data_sets(tmp_path: Path, make_task: MakeTask) -> None:
    names = ("train", "validation", "test", "unsupervised")
    splits = {name: datasets.Dataset.from_dict({"text": [name]}) for name in names}
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "saved")
    found = texts(tmp_path / "saved", make_task())
    assert found == {"train": ["train"], "dev": ["validation"], "test": ["test"]}


def test_a_damaged_saved_data_set_is_refused(tmp_path: Path, make_task: MakeTask) -> None:
    datasets.Dataset.from_dict({"text": ["x"]}).save_to_disk(tmp_path / "saved")
    (data,) = (tmp_path / "saved").glob("*.arrow")
    data.write_bytes(data.read_bytes()[:20])
    with pytest.raises(DataError, match=r"saved: ") as caught:
        splits_of(str(tmp_path / "saved"), make_task(), ())
    assert caught.value.code == "unreadable-file"


def test_unknown_split_names_are_refused(tmp_path: Path, make_task: MakeTask) -> None:
    splits = {"en": datasets.Dataset.from_dict({"text": ["x"]})}
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "saved")
    with pytest.raises(DataError, match=r"'en'") as caught:
        splits_of(str(tmp_path / "saved"), make_task(), ())
    assert caught.value.code == "unknown-splits"


def test_a_missing_file_names_its_neighbours(tmp_path: Path, make_task: MakeTask) -> None:
    fill(tmp_path, "training.csv", "unrelated.bin")
    wanted = str(tmp_path / "trainning.csv")
    with pytest.raises(DataError) as caught:
        splits_of(wanted, make_task(), ())
    assert str(caught.value).startswith(f"no file or folder {wanted!r}.")
    assert str(caught.value).endswith(f"Did you mean {str(tmp_path / 'training.csv')!r}?")


def test_other_names_with_the_same_suffix_are_no_neighbours(tmp_path: Path, make_task: MakeTask) -> None:
    fill(tmp_path, "one.csv", "num.csv", "broken.csv")
    with pytest.raises(DataError) as caught:
        splits_of(str(tmp_path / "nope.csv"), make_task(), ())
    assert "Did you mean" not in str(caught.value)
    fill(tmp_path, "nopes.jsonl", "nope.tsv.gz")
    with pytest.raises(DataError, match=r"Did you mean '[^']*nope\.tsv\.gz' or '[^']*nopes\.jsonl'\?"):
        splits_of(str(tmp_path / "nope.csv"), make_task(), ())


@pytest.mark.parametrize(
    "source", ["", "no/such/folder", "a\0b", "x" * 5000, "data/train.csv", "mine.txt", "~"]
)
def test_a_source_that_is_no_path_and_no_hub_id_is_refused(make_task: MakeTask, source: str) -> None:
    with pytest.raises(DataError) as caught:
        splits_of(source, make_task(), ())
    assert caught.value.code == "no-such-source"


def test_a_missing_source_is_refused_without_a_task(tmp_path: Path) -> None:
    fill(tmp_path, "train.csv")
    for source in ("nope.csv", "nope.conll", str(tmp_path / "nope"), ""):
        with pytest.raises(DataError) as caught:
            refuse_missing(source)
        assert caught.value.code == "no-such-source"
    for source in (str(tmp_path), str(tmp_path / "train.csv"), "imdb", "owner/name.v2", "glue:stsb-1.0"):
        refuse_missing(source)


def test_a_file_of_another_kind_does_not_hide_a_hub_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "news.csv", "db.sqlite3")
    monkeypatch.chdir(tmp_path)
    refuse_missing("ag_news")
    refuse_missing("imdb")


def test_a_pipe_is_refused(tmp_path: Path, make_task: MakeTask) -> None:
    os.mkfifo(tmp_path / "rows.csv")
    with pytest.raises(
        DataError, match=r"neither a file nor a folder.*Save what it gives to a file"
    ) as caught:
        splits_of(str(tmp_path / "rows.csv"), make_task(), ())
    assert caught.value.code == "not-a-file"


def test_a_mistyped_folder_is_not_a_hub_id(
    tmp_path: Path, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "reviews", "train.csv")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"Did you mean 'reviews'\?"):
        splits_of("review", make_task(), ())
    with pytest.raises(DataError, match=r"'reviews/small'") as caught:
        splits_of("reviews/small", make_task(), ())
    assert caught.value.code == "no-such-source"


def test_a_source_for_one_split(tmp_path: Path, make_task: MakeTask) -> None:
    fill(tmp_path, "train.csv", "test.csv", "alone.csv")
    task = make_task()
    assert one_split(str(tmp_path), "test", task, ()).source == str(tmp_path / "test.csv")
    assert one_split(str(tmp_path / "alone.csv"), "test", task, ()).source == str(tmp_path / "alone.csv")
    with pytest.raises(DataError, match=r"no dev split; .*'train', 'test'") as caught:
        one_split(str(tmp_path), "dev", task, ())
    assert caught.value.code == "no-such-split"
