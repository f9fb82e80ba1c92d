from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.program import called


@pytest.mark.parametrize("merge", [False, True])
def test_lora(merge: bool, tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    to = tmp_path / "deep" / "model"
    answer = called("export", tuned("ner", "lora").folder.path, "--to", to, *(["--merge"] if merge else []))
    assert answer.code == 0, answer.err
    assert (to / "adapter_config.json").exists() is not merge
    loader = "AutoModelForTokenClassification.from_pretrained" if merge else "adaptkit.load"
    assert answer.out.endswith(f'\n  model = {loader}("{to}")\n')
    assert ("(README.md in that folder has the lines for peft alone)" in answer.out) is not merge
    card = (to / "README.md").read_text(encoding="utf-8")
    assert ("PeftModel" in card) is not merge
    assert 'folder = "."' in card
    assert str(tmp_path) not in card, "it may be published"


def test_a_folder_that_is_not_empty_is_not_changed(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    answer = called("export", tuned("ner", "full").folder.path, "--to", tmp_path)
    assert answer.code == 2
    assert "--to" in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_study_without_a_winner(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(tuned("ner", "full").folder.path, tmp_path / "early"))
    for record in copy.glob("trials/0*.json"):
        record.unlink()
    answer = called("export", copy, "--to", tmp_path / "to")
    assert answer.code == 2
    assert "no winner" in answer.err
    assert not (tmp_path / "to").exists()
