"""What was inferred to read a file: on the terminal, in study.toml, and the same in every command."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from tests.helpers.data import moods
from tests.helpers.program import called


def write_semicolons(path: Path, *, encoding: str = "utf-8") -> Path:
    rows = [f"{text}, für {number} €;{label}" for number, (text, label) in enumerate(moods(40, seed=2))]
    path.write_bytes("\n".join(["Text;Label", *rows]).encode(encoding))
    return path


def test_inferences_are_reported_and_recorded(tiny_folder: Path, tmp_path: Path) -> None:
    studies, data = tmp_path / "studies", write_semicolons(tmp_path / "train.csv", encoding="cp1252")
    command = (
        "tune", "--task", "text-classification", "--data", data, "--encoding", "cp1252", "--model",
        tiny_folder, "--strategy", "frozen", "--device", "cpu", "--precision", "fp32", "--trials", 1,
        "--studies", studies, "--study", "inferred",
    )  # fmt: skip
    found = "a semicolon between fields, the column 'Text' as 'text', the column 'Label' as 'label'"
    for _ in range(2):  # started, then continued
        answer = called(*command)
        assert answer.code == 0, answer.err
        assert f"read as: {found} (train)" in " ".join(answer.err.split())
    recorded = tomllib.loads((studies / "inferred" / "study.toml").read_text(encoding="utf-8"))
    assert recorded["provenance"]["read_as"] == {"train": found}
    assert recorded["data"]["encoding"] == "cp1252"

    study = studies / "inferred"
    answer = called("evaluate", study, "--data", data, "--encoding", "cp1252", "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["rows"] == 40
    assert f"read as {found}" in " ".join(answer.err.split())
    text = write_semicolons(tmp_path / "new.txt")
    answer = called("predict", study, "--file", text, "--json")
    assert answer.code == 0, answer.err
    assert len(answer.out.splitlines()) == 40, "a table, and not 41 texts"
    answer = called("predict", study, "--file", data)
    assert answer.code == 2
    assert "--encoding cp1252" in answer.err


def test_a_text_has_no_delimiter() -> None:
    answer = called("predict", "any", "a text", "--delimiter", ";")
    assert answer.code == 2
    assert "--delimiter needs --file" in answer.err
