from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from adaptkit.config import DataConfig
from adaptkit.data.load import load, read_labelled, read_unlabelled
from adaptkit.data.rows import Rows
from adaptkit.errors import ConfigError, DataError
from adaptkit.task import Row, Task

MakeTask = Callable[..., Task]


def write(path: Path, *rows: tuple[str, str]) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "data/train.csv", ("one", "a"), ("two", "b"), ("three", "a"), ("four", "b"))
    write(tmp_path / "data/dev.csv", ("five", "a"), ("One!", "b"))
    write(tmp_path / "data/test.csv", ("six", "b"))
    return tmp_path / "data"


def test_a_folder_gives_its_three_splits(folder: Path, make_task: MakeTask) -> None:
    data = load(make_task(), DataConfig(data=str(folder)), seed=0)
    assert (len(data.train), len(data.dev), data.labels, data.sample) == (4, 2, ("a", "b"), False)
    assert data.test is not None
    assert data.test.origins == [f"{folder / 'test.csv'}:2"]
    assert data.dev.source == str(folder / "dev.csv")
    (warning,) = data.warnings
    assert warning.startswith("1 of the 2 dev rows is also a training row")


def test_files_named_one_by_one(folder: Path, make_task: MakeTask) -> None:
    config = DataConfig(train=str(folder / "train.csv"), dev=str(folder / "dev.csv"))
    data = load(make_task(), config, seed=0)
    assert (len(data.train), len(data.dev), data.test) == (4, 2, None)


def test_a_single_file_gives_a_dev_split_and_no_test(folder: Path, make_task: MakeTask) -> None:
    data = load(make_task(), DataConfig(data=str(folder / "train.csv"), dev_fraction=0.25), seed=0)
    assert (len(data.train), len(data.dev), data.test) == (3, 1, None)


def test_a_fraction_beside_dev_rows_is_not_used(folder: Path, make_task: MakeTask) -> None:
    given = DataConfig(train=str(folder / "train.csv"), dev=str(folder / "dev.csv"), dev_fraction=0.25)
    data = load(make_task(), given, seed=0)
    assert (len(data.train), len(data.dev)) == (4, 2)
    assert "the dev fraction 0.25 is not used: dev rows are given" in data.warnings


def test_without_data_the_tasks_sample_is_loaded(folder: Path, make_task: MakeTask) -> None:
    assert load(make_task(sample=folder), DataConfig(), seed=0).sample
    with pytest.raises(DataError, match=r"the task 'toy' has no sample.*--data") as caught:
        load(make_task(), DataConfig(), seed=0)
    assert caught.value.code == "no-data"


def only_text_and_label(row: Row) -> Row:
    return {name: row[name] for name in ("text", "label")}


def conversations(path: Path) -> str:
    """Two rows for each of 20 conversations, and a table of them."""
    lines = [f"text {n},{'ab'[n % 2]},c{n // 2}" for n in range(40)]
    path.write_text("\n".join(["text,label,conversation", *lines]))
    return str(path)


def test_dev_rows_are_split_off_by_a_column(tmp_path: Path, make_task: MakeTask) -> None:
    config = DataConfig(data=conversations(tmp_path / "d.csv"), group="conversation")
    data = load(make_task(prepare=only_text_and_label), config, seed=0)
    assert (len(data.train), len(data.dev), data.dev_from_train) == (34, 6, True)
    assert not set(data.train.groups) & set(data.dev.groups)
    numbers = {int(row["text"].split()[1]) for row in data.dev.values}
    assert {number ^ 1 for number in numbers} == numbers  # the other row of each conversation, too
    with pytest.raises(DataError, match=r"d\.csv:2: no column 'talk' .*'conversation'"):
        load(make_task(), replace(config, group="talk"), seed=0)


def test_a_column_may_be_named_by_position(tmp_path: Path, make_task: MakeTask) -> None:
    path = tmp_path / "d.tsv"
    path.write_text("".join(f"{n // 2}\ttext {n}\t{'ab'[n % 2]}\n" for n in range(20)))
    config = DataConfig(data=str(path), columns={"text": "2", "label": "3"}, group="1")
    data = load(make_task(), config, seed=0)
    assert (len(data.train), len(data.dev)) == (18, 2)
    assert not set(data.train.groups) & set(data.dev.groups)


def test_copies_in_two_groups_are_reported(tmp_path: Path, make_task: MakeTask) -> None:
    path = tmp_path / "d.csv"
    lines = [f"{'same' if n % 2 else n},{'ab'[n % 2]},c{n // 4}" for n in range(40)]
    path.write_text("\n".join(["text,label,conversation", *lines]))
    config = DataConfig(data=str(path), group="conversation")
    data = load(make_task(prepare=only_text_and_label), config, seed=0)
    repeats, warning = data.warnings
    assert repeats.startswith("train: 19 of the 40 rows repeat the input of an earlier row")
    assert warning.startswith(f"{len(data.dev) // 2} of the {len(data.dev)} dev rows are also training rows")


def test_the_tasks_groups_stay_together_from_version_2_on(tmp_path: Path, make_task: MakeTask) -> None:
    source = conversations(tmp_path / "d.csv")
    grouped = make_task(group_by=lambda row: row["conversation"])
    new, old = (load(grouped, DataConfig(data=source), seed=0, split=split) for split in (2, 1))
    as_before = load(make_task(), DataConfig(data=source), seed=0)
    assert (new.split, old.split) == (2, 1)
    assert not {row["conversation"] for row in new.train.values} & {
        row["conversation"] for row in new.dev.values
    }
    assert new.warnings == ()
    assert old.fingerprint == as_before.fingerprint != new.fingerprint
    assert old.train.groups == ()
    (warning,) = old.warnings
    assert warning.startswith(f"{len(old.dev)} of the {len(old.dev)} dev rows have the same conversation as")


def test_given_splits_that_share_a_group_are_reported_once(folder: Path, make_task: MakeTask) -> None:
    write(folder / "test.csv", ("one more", "b"), ("Two", "b"))
    task = make_task(group_by=lambda row: row["text"].split()[0])
    dev, test, groups = load(task, DataConfig(data=str(folder)), seed=0).warnings
    assert dev.startswith("1 of the 2 dev rows is also a training row")
    assert test.startswith("1 of the 2 test rows is also a training row")
    assert groups.startswith("1 of the 2 test rows has the same text as training rows")
    assert groups.endswith(f"{folder / 'test.csv'}:2")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (DataConfig(data="x", train="y"), "--data together with --train.*Leave out --data"),
        (DataConfig(data="x", dev="y", test="z"), "--data together with --dev and --test"),
        (DataConfig(dev="y"), r"--dev without --train.*Name the training rows"),
    ],
)
def test_sources_that_contradict_each_other(make_task: MakeTask, config: DataConfig, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(make_task(), config, seed=0)
    assert caught.value.code == "conflicting-sources"


def test_a_dev_label_that_training_lacks_is_refused(folder: Path, make_task: MakeTask) -> None:
    write(folder / "dev.csv", ("five", "a"), ("six", "A"))
    with pytest.raises(
        DataError, match=r"dev\.csv:3: unknown label 'A'\. Expected one of the 2 known labels"
    ):
        load(make_task(), DataConfig(data=str(folder)), seed=0)
    data = load(make_task(), DataConfig(data=str(folder), skip_bad_rows=True), seed=0)
    assert len(data.dev) == 1
    assert data.warnings[0].startswith("dev: 1 row left out")


@pytest.mark.parametrize("content", ["", "text,label\n"])
def test_an_empty_or_header_only_split_is_refused(folder: Path, make_task: MakeTask, content: str) -> None:
    (folder / "test.csv").write_text(content)
    with pytest.raises(DataError, match=r"test\.csv: ") as caught:
        load(make_task(), DataConfig(data=str(folder)), seed=0)
    assert caught.value.code == "no-rows"


def test_a_folder_without_training_rows_is_refused(folder: Path, make_task: MakeTask) -> None:
    (folder / "train.csv").unlink()
    with pytest.raises(DataError, match="dev, test") as caught:
        load(make_task(), DataConfig(data=str(folder)), seed=0)
    assert caught.value.code == "no-train-split"


def test_a_data_error_has_exit_code_2_and_a_next_step(make_task: MakeTask) -> None:
    with pytest.raises(DataError) as caught:
        load(make_task(), DataConfig(data="no/such/file"), seed=0)
    assert caught.value.exit_code == 2
    assert caught.value.next_step


def test_the_fingerprint_depends_on_the_rows_only(folder: Path, make_task: MakeTask) -> None:
    def fingerprint(source: Path) -> str:
        return load(make_task(), DataConfig(data=str(source)), seed=0).fingerprint

    first = fingerprint(folder)
    lines = (folder / "train.csv").read_text().splitlines()
    rows = [dict(zip(("text", "label"), line.split(","), strict=True)) for line in lines[1:]]
    (folder / "train.csv").unlink()
    (folder / "train.jsonl").write_text("".join(json.dumps(row, indent=None) + "\n" for row in rows))
    moved = folder.rename(folder.with_name("moved"))
    assert fingerprint(moved) == first
    write(moved / "test.csv", ("six", "a"))
    assert fingerprint(moved) != first


def test_rows_to_evaluate_on_need_known_answers(folder: Path, make_task: MakeTask) -> None:
    def read(source: Path) -> Rows:
        return read_labelled(make_task(), str(source), labels=["a", "b"], columns={}, skip_bad_rows=False)

    assert read(folder).source == str(folder / "test.csv")
    assert len(read(folder / "dev.csv")) == 2
    write(folder / "more.csv", ("x", "c"))
    with pytest.raises(DataError, match=r"more\.csv:2: unknown label 'c'"):
        read(folder / "more.csv")
    (folder / "more.csv").write_text("text\nx\n")
    with pytest.raises(DataError, match=r"more\.csv:2: no column 'label'"):
        read(folder / "more.csv")


def test_rows_to_predict_need_no_answers(tmp_path: Path, make_task: MakeTask) -> None:
    def read(name: str, content: str) -> Rows:
        (tmp_path / name).write_text(content)
        source = str(tmp_path / name)
        return read_unlabelled(make_task(), source, columns={"text": "said"}, skip_bad_rows=False)

    assert read("f.csv", "said\nx\n").values == [{"text": "x"}]
    assert read("f.jsonl", '{"said": "x", "label": "never seen"}\n').values == [{"text": "x"}]
    with pytest.raises(DataError, match=r"f\.csv:2: no column 'said'; the columns are 'label'"):
        read("f.csv", "label\na\n")


def test_a_text_file_gives_one_row_per_line(tmp_path: Path, make_task: MakeTask) -> None:
    (tmp_path / "f.txt").write_text("one, two\n\nthree\n")
    rows = read_unlabelled(make_task(), str(tmp_path / "f.txt"), columns={}, skip_bad_rows=False)
    assert rows.values == [{"text": "one, two"}, {"text": "three"}]
    assert rows.origins == [f"{tmp_path / 'f.txt'}:1", f"{tmp_path / 'f.txt'}:3"]
