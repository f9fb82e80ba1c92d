from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.errors import ConfigError, StudyError


def test_a_study_is_opened_by_name_path_or_as_the_last(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("ner", "frozen")
    studies = study.folder.path.parent
    for opened in (
        adaptkit.open_study(study.name, studies=studies),
        adaptkit.open_study(study.folder.path),
        adaptkit.open_study(str(study.folder.path)),
    ):
        assert opened.name == study.name
        assert list(opened.trials) == list(study.trials)
        assert opened.best_params == study.best_params
        assert opened.confirmation == study.confirmation
        assert opened.config == study.config
    assert isinstance(adaptkit.open_study(studies=studies), adaptkit.Study)


def test_a_study_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"there is no study 'none'.*with studies=") as refused:
        adaptkit.open_study("none", studies=tmp_path)
    assert refused.value.code == "study-not-found"
    with pytest.raises(ConfigError, match=r"^study = 3"):
        adaptkit.open_study(3)  # type: ignore[arg-type]


def test_a_study_without_a_summary_has_not_started(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "study.toml").write_bytes(tuned("ner", "frozen").folder.toml.read_bytes())
    with pytest.raises(StudyError) as refused:
        adaptkit.open_study("new", studies=tmp_path)
    assert refused.value.code == "study-not-started"
