from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adaptkit.export.predictor import ROWS_AT_ONCE
from tests.helpers.data import SENTENCE
from tests.helpers.program import called


def test_the_output_as_text(tuned: Callable[[str, str], Any]) -> None:
    answer = called("predict", tuned("ner", "full").folder.path, SENTENCE)
    assert answer.code == 0, answer.err
    assert f"text: {SENTENCE}" in answer.out
    assert "label PER" in answer.out or "label LOC" in answer.out


def test_each_prediction_shows_its_row(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "full").folder.path
    (file := tmp_path / "rows.csv").write_text("text\nboats\nthe rain\n")
    answer = called("predict", study, "--file", file)
    assert answer.code == 0, answer.err
    first, second = answer.out.strip().split("\n\n")
    assert first.startswith(f"{file}:2\n  text: boats\n  predicted label: ")
    assert second.startswith(f"{file}:3\n  text: the rain\n  predicted label: ")
    assert first.count("probabilit") == 1
    answer = called("predict", study, "boats", " ", "rain", "--skip-bad-rows")
    assert answer.out.startswith("text 1\n  text: boats\n")
    assert "\n\ntext 3\n  text: rain\n" in answer.out
    assert "left out: text 2: " in answer.err


def test_a_file_name_as_a_text_is_a_warning(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    (file := tmp_path / "rows.csv").write_text("text\nboats\n")
    answer = called("predict", tuned("text-classification", "full").folder.path, file)
    assert answer.code == 0, answer.err
    assert f"is read as a text. To read the file, write --file {file}" in answer.err


def test_a_pipe_longer_than_one_batch(tuned: Callable[[str, str], Any]) -> None:
    count = ROWS_AT_ONCE + 3
    stdin = "".join(f"boats {number}\n" for number in range(count))
    answer = called("predict", tuned("text-classification", "full").folder.path, "--json", stdin=stdin)
    assert answer.code == 0, answer.err
    assert len([json.loads(line) for line in answer.out.splitlines()]) == count


def test_an_empty_text_is_reported_by_its_number(tuned: Callable[[str, str], Any]) -> None:
    answer = called("predict", tuned("text-classification", "full").folder.path, "boats", " ")
    assert answer.code == 2
    assert "text 2: the text is empty" in answer.err


def test_texts_or_a_file(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "full").folder.path
    assert called("predict", study, "boats", "--file", tmp_path / "a.csv").code == 2
    answer = called("predict", study, "--file", tmp_path / "missing.csv")
    assert answer.code == 2
    assert "missing.csv" in answer.err


def test_the_rows_may_be_named_as_for_evaluate(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text\nboats\nrivers\n", encoding="utf-8")
    answer = called(
        "predict", tuned("text-classification", "full").folder.path, "--data", tmp_path / "rows.csv", "--json"
    )
    assert answer.code == 0, answer.err
    assert len(answer.out.splitlines()) == 2


def test_an_unknown_study_is_named(tmp_path: Path) -> None:
    answer = called("predict", tmp_path / "nowhere", "boats", "--studies", tmp_path)
    assert answer.code == 2
    assert "nowhere" in answer.err


def test_invalid_texts_are_left_out_on_request(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("text-classification", "full").folder.path
    answer = called("predict", study, "--skip-bad-rows", "--json", stdin="boats\n\nrivers\n")
    assert answer.code == 0, answer.err
    assert len(answer.out.splitlines()) == 2
    assert "left out: text 2: " in answer.err


def test_a_column_without_a_file_is_rejected(tuned: Callable[[str, str], Any]) -> None:
    answer = called("predict", tuned("text-classification", "full").folder.path, "a", "--column", "text=b")
    assert answer.code == 2
    assert "--column needs --file" in answer.err


def test_every_row_that_was_left_out_is_listed(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    file = tmp_path / "texts.csv"
    file.write_text("text\nboats\n \nrivers\n  \n")
    answer = called(
        "predict", tuned("text-classification", "full").folder.path, "--file", file, "--skip-bad-rows"
    )
    assert answer.code == 0, answer.err
    assert f"left out: {file}:3: " in answer.err
    assert f"left out: {file}:5: " in answer.err


def test_a_txt_file_is_read_as_tune_reads_it(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    file = tmp_path / "new.txt"
    file.write_text("Amara\tB-PER\nslept\tO\n")
    answer = called("predict", tuned("ner", "full").folder.path, "--file", file, "--json")
    assert answer.code == 0, answer.err
    assert [json.loads(line)["text"] for line in answer.out.splitlines()] == ["Amara slept"]
    assert "one text per line" not in answer.err


def test_a_txt_file_of_texts_gives_a_note(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    file = tmp_path / "new.txt"
    file.write_text("Amara slept.\nThe rain in Porto stopped.\n")
    answer = called("predict", tuned("ner", "full").folder.path, "--file", file, "--json")
    assert answer.code == 0, answer.err
    assert [json.loads(line)["text"] for line in answer.out.splitlines()] == file.read_text().splitlines()
    assert f"{file}: read as one text per line. To read columns, rename the file" in answer.err


def test_each_prediction_has_the_number_of_its_row(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "full").folder.path
    (file := tmp_path / "texts.txt").write_text("boats\n\nrivers\n")
    answer = called("predict", study, "--file", file, "--json")
    assert answer.code == 0, answer.err
    assert [json.loads(line)["row"] for line in answer.out.splitlines()] == [1, 3]
    assert f"left out: {file}:2: the line is empty" in answer.err
    assert "more empty" not in answer.err
    file.write_text("boats\n\n\n\nrivers\n")
    said = called("predict", study, "--file", file).err
    assert f"left out: {file}:2: the line is empty\nleft out: 2 more empty lines\n" in said
    said = called("predict", study, stdin="boats\n\n\nrivers\n").err
    assert "left out: text 2: the line is empty\n" in said
    assert "left out: 1 more empty line\n" in said
    answer = called("predict", study, "--json", stdin="boats\n\nrivers\n")
    assert answer.code == 0, answer.err
    assert [json.loads(line)["row"] for line in answer.out.splitlines()] == [1, 3]
    assert "left out: text 2: the line is empty" in answer.err
    (table := tmp_path / "texts.csv").write_text("text\nboats\n \nrivers\n")
    answer = called("predict", study, "--file", table, "--json", "--skip-bad-rows")
    assert [json.loads(line)["row"] for line in answer.out.splitlines()] == [1, 3]


def test_truncated_texts_give_a_warning(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("text-classification", "full").folder.path
    answer = called("predict", study, "boats", "boats " * 5000)
    assert "warning: 1 of 2 rows is longer than" in answer.err
    assert "the first: row 2" in answer.err
    answer = called("predict", study, stdin="boats\n\n" + "boats " * 5000)
    assert "the first: row 3" in answer.err
