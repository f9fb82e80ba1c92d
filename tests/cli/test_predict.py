from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workshop import SENTENCE, called

from adaptkit.cli.predict import ROWS_AT_ONCE


def test_for_people(tuned: Callable[[str, str], Any]) -> None:
    answer = called("predict", tuned("ner", "full").folder.path, SENTENCE)
    assert answer.code == 0, answer.err
    assert f"text: {SENTENCE}" in answer.out
    assert "label PER" in answer.out or "label LOC" in answer.out


def test_a_pipe_longer_than_one_batch(tuned: Callable[[str, str], Any]) -> None:
    count = ROWS_AT_ONCE + 3
    stdin = "".join(f"boats {number}\n" for number in range(count))
    answer = called("predict", tuned("text-classification", "full").folder.path, "--json", stdin=stdin)
    assert answer.code == 0, answer.err
    assert len([json.loads(line) for line in answer.out.splitlines()]) == count


def test_an_empty_text_is_told_by_its_number(tuned: Callable[[str, str], Any]) -> None:
    answer = called("predict", tuned("text-classification", "full").folder.path, "boats", " ")
    assert answer.code == 2
    assert "text 2: the text is empty" in answer.err


def test_texts_or_a_file(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "full").folder.path
    assert called("predict", study, "boats", "--file", tmp_path / "a.csv").code == 2
    answer = called("predict", study, "--file", tmp_path / "missing.csv")
    assert answer.code == 2
    assert "missing.csv" in answer.err


def test_what_is_no_study_is_told(tmp_path: Path) -> None:
    answer = called("predict", tmp_path / "nowhere", "boats", "--studies", tmp_path)
    assert answer.code == 2
    assert "nowhere" in answer.err
