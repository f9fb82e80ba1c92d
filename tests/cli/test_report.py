from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.program import called


def test_json_and_files_together(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("ner", "frozen")
    answer = called("report", study.folder.path, "--json", "--html", tmp_path / "page.html")
    assert json.loads(answer.out)["study"]["name"] == study.folder.name
    assert "wrote" in answer.err
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!")


def test_a_report_may_go_to_standard_output(
    tuned: Callable[[str, str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    study = tuned("ner", "frozen").folder.path
    for option, start in (("--markdown", "# Study"), ("--html", "<!")):
        answer = called("report", study, option, "-")
        assert answer.code == 0, answer.err
        assert answer.out.startswith(start)
        assert answer.err == ""
    assert list(tmp_path.iterdir()) == []


def test_without_a_name_the_last_updated_study_is_shown(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    for age, strategy in ((1000, "lora"), (10, "frozen")):
        copy = shutil.copytree(tuned("ner", strategy).folder.path, tmp_path / f"ner-{strategy}")
        for file in ("study.toml", "summary.json"):
            os.utime(copy / file, (1e9 - age, 1e9 - age))
    report = json.loads(called("report", "--studies", tmp_path, "--json").out)
    assert report["study"]["name"] == "ner-frozen"


def test_an_unknown_study_is_reported_with_the_existing_ones(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("ner", "frozen")
    answer = called("report", "nonsense", "--studies", study.folder.path.parent)
    assert answer.code == 2
    assert "'nonsense'" in answer.err
    assert "'ner-frozen'" in answer.err


def test_a_damaged_trial_record_is_left_out_and_named(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(tuned("ner", "frozen").folder.path, tmp_path / "damaged"))
    record = copy / "trials" / "0001.json"
    record.write_bytes(record.read_bytes()[:50])
    answer = called("report", copy)
    assert answer.code == 0
    assert "0001.json" in answer.err


def test_a_page_that_cannot_be_written_is_named(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    answer = called("report", tuned("ner", "frozen").folder.path, "--html", tmp_path / "no" / "page.html")
    assert answer.code == 2
    assert "page.html" in answer.err
