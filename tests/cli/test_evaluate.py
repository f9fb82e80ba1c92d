from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import adaptkit
from tests.helpers.data import moods, write_csv
from tests.helpers.program import called


def test_the_output_as_text_and_as_json(tuned: Callable[[str, str], Any], data_folder: Path) -> None:
    study, data = tuned("ner", "full"), data_folder / "ner" / "test.conll"
    said = json.loads(called("evaluate", study.folder.path, "--data", data, "--json").out)
    assert said["rows"] == 16
    assert said["values"]["f1"] == study.summary.test["f1"]
    shown = called("evaluate", study.folder.path, "--data", data).out
    assert "16 rows of" in shown
    low, high = said["intervals"]["f1"]
    assert [low, high] == list(study.summary.test_intervals["f1"])
    score = f"{said['values']['f1']:.4f}"
    assert f"\n  f1: {score} (95% interval over these rows: {low:.4f} to {high:.4f})\n" in shown
    (people,) = (line for line in shown.splitlines() if line.startswith("  PER: "))
    assert people.endswith(f", support {said['groups']['PER']['support']:.0f}")


def test_a_label_that_the_model_lacks(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    data = write_csv(tmp_path / "new.csv", [("boats", "glad"), ("boats", "angry")])
    study = tuned("text-classification", "full").folder.path
    answer = called("evaluate", study, "--data", data)
    assert answer.code == 2
    assert "new.csv:3" in answer.err
    assert "'angry'" in answer.err
    answer = called("evaluate", study, "--data", data, "--skip-bad-rows", "--json")
    said = json.loads(answer.out)
    assert (said["rows"], said["skipped"], said["unknown_labels"]) == (1, 1, 1)
    assert said["intervals"] == {}  # one row says nothing about others
    assert f"left out: {data}:3: " in answer.err
    answer = called("evaluate", study, "--data", data, "--skip-bad-rows")
    assert "The score is too high: 1 row with a label that the model does not have was left out" in answer.out


def test_tags_that_do_not_fit_their_scheme(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    data = tmp_path / "odd.conll"
    data.write_text("Ada B-PER\nByron I-PER\n\nAda B-PER\nNorth I-LOC\n")
    answer = called("evaluate", tuned("ner", "full").folder.path, "--data", data)
    assert answer.code == 0, answer.err
    assert f"the first: {data}:4 ('B-PER I-LOC'). All tags are read as 3 entities" in answer.err


def test_other_column_names(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    data = write_csv(tmp_path / "named.csv", [("boats", "glad")], header=("sentence", "mood"))
    study = tuned("text-classification", "full").folder.path
    answer = called(
        "evaluate", study, "--data", data, "--column", "text=sentence", "--column", "label=mood", "--json"
    )
    assert answer.code == 0, answer.err


def test_columns_of_the_training_are_reused(tmp_path: Path, tiny_folder: Path) -> None:
    header = ("review", "mood")
    data = write_csv(tmp_path / "named.csv", moods(60, 1), header=header)
    studies = ("--studies", tmp_path / "studies")
    columns = ("--column", "text=review", "--column", "label=mood")
    made = called(
        *("tune", "--task", "text-classification", "--data", data, *columns, *studies, "--study", "s"),
        *("--model", tiny_folder, "--strategy", "frozen", "--trials", 1, "--confirm", 0),
    )
    assert made.code == 0, made.err
    assert called("export", "s", *studies, "--to", tmp_path / "model").code == 0
    for model in ("s", tmp_path / "model"):
        answer = called("evaluate", model, "--data", data, *studies)
        assert answer.code == 0, answer.err
        assert "60 rows of" in answer.out
        assert f"{data}: columns as in training: text=review, label=mood" in answer.err
    own = write_csv(tmp_path / "own.csv", moods(9, 2))
    answer = called("evaluate", "s", "--data", own, *studies)
    assert (answer.code, answer.err) == (0, "")
    unlabelled = tmp_path / "unlabelled.csv"
    unlabelled.write_text("id,review,body\n1,merry boats,grey river\n")
    for text, more in (("merry boats", ()), ("grey river", ("--column", "text=body"))):
        answer = called("predict", "s", "--file", unlabelled, *more, "--json", *studies)
        assert answer.out == called("predict", "s", text, "--json", *studies).out, answer.err
    predictor = adaptkit.load(tmp_path / "model")
    assert predictor.predict({"review": "merry boats"}) == predictor.predict("merry boats")
    assert adaptkit.evaluate(predictor, [{"review": "merry boats", "mood": "glad"}]).rows == 1


def test_rows_in_another_form_get_other_advice(tmp_path: Path, tiny_folder: Path) -> None:
    train = write_csv(
        tmp_path / "train.csv", [(f"boats {n}", "a|b" if n % 2 else "b") for n in range(40)],
        header=("text", "labels"),
    )  # fmt: skip
    columns = write_csv(
        tmp_path / "test.csv",
        [("boats", "1", "1"), ("boats", "0", "1"), ("old", "1", "0")],
        header=("text", "a", "b"),
    )
    studies = ("--studies", tmp_path / "studies")
    made = called(
        *("tune", "--task", "multi-label", "--data", train, *studies, "--study", "s"),
        *("--model", tiny_folder, "--strategy", "frozen", "--trials", 1, "--confirm", 0),
    )
    assert made.code == 0, made.err
    answer = called("evaluate", "s", *studies, "--data", columns)
    assert answer.code == 2
    assert "Name the columns of the labels with --option" not in answer.err
    assert "Write these rows in the form of the training rows" in answer.err


def test_truncated_rows_give_a_warning(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    data = write_csv(tmp_path / "long.csv", [("boats", "glad"), ("boats " * 5000, "sad")])
    answer = called("evaluate", tuned("text-classification", "full").folder.path, "--data", data)
    assert answer.code == 0, answer.err
    assert f"warning: {data}: 1 of 2 rows (50%) is longer than" in answer.err
    assert f"the first: {data}:3" in answer.err
