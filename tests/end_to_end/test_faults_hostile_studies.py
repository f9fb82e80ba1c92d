"""A study from elsewhere with control characters in every field: they are visible wherever it is shown."""

from __future__ import annotations

import json
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from tests.end_to_end.test_faults_studies import command, study
from tests.helpers.program import called

__all__ = ["command", "study"]  # fixtures

NASTY = "\x1b[31m\x1b]0;owned\x07\u202e\u2066\x9b2J<script>[/b]|`\r\n"


def hidden(text: str) -> set[str]:
    kinds = ("Cc", "Cf", "Cs")
    return {one for one in text if unicodedata.category(one) in kinds and one not in "\n\u200c\u200d"}


def spoilt(value: Any) -> Any:
    """The value with control characters in every text and key."""
    if isinstance(value, str):
        return value + NASTY
    if isinstance(value, dict):
        return {key + NASTY: spoilt(one) for key, one in value.items()}
    return [spoilt(one) for one in value] if isinstance(value, list) else value


def spoil(study: Path, kept: tuple[str, ...] = ()) -> None:
    """Puts control characters into every field of the study's files that holds text."""
    path = study / "summary.json"
    values = json.loads(path.read_text())
    splits = values.pop("data").items()
    data = {name + NASTY: {**one, "source": one["source"] + NASTY} for name, one in splits}
    spoilt_values = {key: one if key in kept else spoilt(one) for key, one in values.items()}
    head = f"token-classification\nimport os; os.system('true')  # {NASTY}"
    fixed = {"state": "finished", "direction": "maximize", "head": head, "data": data}
    path.write_text(json.dumps({**spoilt_values, **fixed}))
    for record in study.glob("trials/0*.json"):
        values = json.loads(record.read_text())
        fixed = {name: values.pop(name) for name in ("state", "rungs", "hyperparameters")}
        record.write_text(json.dumps({**{key: spoilt(one) for key, one in values.items()}, **fixed}))
    (study / "trials" / f"0009{NASTY.replace('/', '')}.json").write_text("{")


def test_control_characters_are_visible_everywhere(study: Path, tmp_path: Path) -> None:
    spoil(study, kept=("task", "strategy", "model", "pooling"))
    shown = [
        called("report", study), called("report", study, "--json"),
        called("studies", "--studies", study.parent),
        called("report", study, "--html", tmp_path / "a.html", "--markdown", tmp_path / "a.md"),
        called("export", study, "--to", tmp_path / f"to{NASTY.replace('/', '')}"),
        called("predict", study, "today Amara"), called("report", "nobody", "--studies", study.parent),
    ]  # fmt: skip
    for answer in shown:
        assert not hidden(answer.out + answer.err), answer
        assert "unexpected" not in answer.err
    assert [answer.code for answer in shown] == [0, 0, 0, 0, 0, 0, 2], shown
    for name in ("a.html", "a.md"):
        assert not hidden((tmp_path / name).read_text(encoding="utf-8"))
    (card,) = tmp_path.glob("to*/README.md")
    for line in card.read_text(encoding="utf-8").splitlines():
        assert not hidden(line), line
    assert "import os" not in shown[0].out
    assert "\\x1b[31m" in shown[0].out


@pytest.mark.parametrize("section", ["top", "provenance", "new key"])
def test_control_characters_in_study_toml(section: str, study: Path, command: list[object]) -> None:
    path = study / "study.toml"
    values = tomllib.loads(path.read_text())
    if section == "top":
        values["model"] += NASTY
        values["data"]["data"] += NASTY
    elif section == "provenance":
        for name in ("metric", "data_fingerprint", "pooling"):
            values["provenance"][name] += NASTY
        values["provenance"]["space"] = spoilt(values["provenance"]["space"])
    else:
        values["x" + NASTY] = "y" + NASTY
    path.write_text(tomli_w.dumps(values))
    for answer in (called(*command), called("export", study, "--to", study.parent / "out")):
        assert not hidden(answer.out + answer.err), answer
        assert "unexpected" not in answer.err
    assert called(*command).code == 2
