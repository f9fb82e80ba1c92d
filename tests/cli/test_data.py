from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.data import write_csv
from tests.helpers.program import called

ROWS = [("the boats", "glad"), ("rain again", "sad"), ("the boats", "sad"), ("a bright day", "glad"),
        ("grey", "sad"), ("merry", "glad")]  # fmt: skip


def test_rows_labels_and_warnings_are_shown(tmp_path: Path) -> None:
    train = write_csv(tmp_path / "train.csv", ROWS)
    test = write_csv(tmp_path / "test.csv", [("grey", "sad"), ("river", "glad")])
    answer = called("data", "--task", "text-classification", "--train", train, "--test", test)
    assert answer.code == 0, answer.err
    out = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert out[0] == "split rows left out characters: median 95% up to longest"
    assert out[3] == "test 2 0 4 5 5"
    assert f"test: {test}; the longest row: line 3" in out
    assert "2 labels: rows with it train dev test" in out
    assert any(line.startswith("sad ") and line.endswith(" 1") for line in out)
    assert any(line.startswith("warning: train: 1 input occurs more than once") for line in out)
    assert any("1 of the 2 test rows" in line for line in out)
    assert not (tmp_path / "studies").exists()


def test_the_json_has_all_of_it(tmp_path: Path) -> None:
    train = write_csv(tmp_path / "train.csv", [*ROWS, ("unlabelled", "")])
    options = ("--train", train, "--dev", train, "--skip-bad-rows", "--json")
    found = json.loads(called("data", "--task", "text-classification", *options).out)
    assert found["splits"]["dev"]["labels"] == {"glad": 3, "sad": 3}
    assert found["splits"]["train"]["characters"]["longest"] == len("a bright day")
    assert found["splits"]["train"]["left_out"] == 1
    assert len(found["left_out"]) == 2
    assert found["warnings"]


def test_many_labels_are_shown_together(tmp_path: Path) -> None:
    rows = [(f"text {number} {copy}", f"label {number:02}") for number in range(40) for copy in range(2)]
    train = write_csv(tmp_path / "train.csv", rows)
    out = called("data", "--task", "text-classification", "--train", train).out
    assert "40 labels" in out
    assert "10 rarer ones, together" in out


def test_dev_rows_that_were_split_off_are_said(tmp_path: Path) -> None:
    train = write_csv(tmp_path / "train.csv", [*ROWS, *((f"text {number}", "glad") for number in range(14))])
    options = ("--task", "text-classification", "--train", train)
    out = called("data", *options, "--dev-fraction", "0.25").out
    assert "\ndev: split off the training rows; the longest row" in out
    assert "Warnings about train count its 20 rows before dev was split off.\nwarning: " in out
    assert "Warnings about train" not in called("data", *options, "--dev", train).out


def test_rows_left_out_alike_are_shown_once(tmp_path: Path) -> None:
    train = write_csv(tmp_path / "train.csv", [*ROWS, ("bare", ""), ("bald", ""), ("", "sad")])
    out = called("data", "--task", "text-classification", "--train", train, "--skip-bad-rows").out
    left_out = [line for line in out.splitlines() if "left out: " in line]
    assert [line.partition(train.name)[0] for line in left_out] == [
        f"left out: 2 rows like {tmp_path}/",
        f"left out: {tmp_path}/",
    ]
    assert left_out[0].startswith(f"left out: 2 rows like {train}:8: ")
    assert "--json lists all" in out


def test_rows_without_a_label_are_counted_below() -> None:
    out = called("data", "--task", "ner").out
    assert "\nrows with none of the labels: 77 in train, 21 in dev, 22 in test\n" in out


def test_numbers_are_shown_with_their_range() -> None:
    assert "; score: 0 to 5, median " in called("data", "--task", "similarity").out


@pytest.mark.parametrize("task", ["ner", "qa", "similarity"])
def test_samples_of_other_tasks_are_shown(task: str) -> None:
    answer = called("data", "--task", task)
    assert answer.code == 0, answer.err
    assert answer.out.startswith("split ")


def test_errors_are_those_of_tune(tmp_path: Path) -> None:
    for command in ("data", "tune"):
        missing = called(command, "--task", "ner", "--train", tmp_path / "none.conll")
        assert missing.code == 2
        assert "no file or folder" in missing.err
    assert "--dev-fraction 7" in called("data", "--task", "ner", "--dev-fraction", "7").err
    assert "no task was given" in called("data").err
