"""Every command in turn, as a user runs them."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

from adaptkit.study.folder import StudyFolder
from tests.helpers.data import SENTENCE
from tests.helpers.program import Answer, adaptkit, called


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def command(tiny_folder: Path, data_folder: Path, home: Path) -> list[object]:
    return [
        "tune", "--task", "text-classification", "--data", data_folder / "text-classification",
        "--model", tiny_folder, "--strategy", "frozen", "--trials", "2", "--epochs", "2", "--device", "cpu",
        "--studies", home / "studies",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def first(command: list[object], home: Path) -> Answer:
    """The output of a study that runs in its own process."""
    answer = adaptkit(*command, "--json", cwd=home)
    assert answer.code == 0, answer.err
    return answer


@pytest.fixture(scope="module")
def study(first: Answer, home: Path) -> Path:
    (path,) = (home / "studies").iterdir()
    return path


def test_tune_prints_json_on_standard_output(first: Answer, study: Path) -> None:
    report = json.loads(first.out)
    assert report["study"]["state"] == "finished"
    assert report["study"]["name"] == study.name
    assert [trial["number"] for trial in report["trials"]] == [0, 1]
    assert report["best"]["model_folder"] == str(study / "best")
    assert "training" in first.err
    assert "Traceback" not in first.err
    assert "Warning" not in first.err


def test_the_same_command_only_shows_the_report(first: Answer, command: list[object], study: Path) -> None:
    before = {
        path: path.read_bytes() for path in study.rglob("*") if path.suffix in (".safetensors", ".json")
    }
    answer = called(*command)
    assert answer.code == 0, answer.err
    assert "training" not in answer.err
    assert "Winner: trial" in answer.out
    kept = {path: data for path, data in before.items() if path.name != "summary.json"}
    assert {path: path.read_bytes() for path in kept} == kept


def test_report(study: Path, home: Path) -> None:
    answer = called("report", study)
    assert answer.code == 0, answer.err
    assert max(map(len, answer.out.splitlines())) <= 80
    assert "Winner: trial" in answer.out
    assert called("report", "--studies", study.parent).out == answer.out
    report = json.loads(called("report", study, "--json").out)
    assert report["study"]["name"] == study.name
    page, text = home / "report.html", home / "report.md"
    answer = called("report", study, "--html", page, "--markdown", text)
    assert (answer.code, answer.out) == (0, "")
    assert html.escape(study.name) in page.read_text(encoding="utf-8")
    assert study.name in text.read_text(encoding="utf-8")


def test_studies(study: Path) -> None:
    answer = called("studies", "--studies", study.parent)
    assert answer.code == 0
    assert "finished" in answer.out
    (row,) = json.loads(called("studies", "--studies", study.parent, "--json").out)["studies"]
    assert (row["name"], row["trials"], row["total"]) == (study.name, 2, 2)


def test_predict_from_arguments_a_file_and_a_pipe(study: Path, home: Path) -> None:
    texts = [SENTENCE, "the cold river", "old boats"]
    answer = called("predict", study, *texts, "--json")
    assert answer.code == 0, answer.err
    said = [json.loads(line) for line in answer.out.splitlines()]
    assert len(said) == 3
    assert {one["label"] for one in said} <= {"calm", "glad", "sad"}
    lines = home / "texts.txt"
    lines.write_text("\n".join(texts) + "\n", encoding="utf-8")
    table = home / "texts.csv"
    table.write_text("text\n" + "\n".join(texts) + "\n", encoding="utf-8")
    for same in (
        called("predict", study, "--file", lines, "--json"),
        called("predict", study, "--file", table, "--json"),
        called("predict", study, "--json", stdin="\n".join(texts) + "\n"),
        called("predict", study / "best", *texts, "--json"),
    ):
        assert same.code == 0, same.err
        assert [json.loads(line)["label"] for line in same.out.splitlines()] == [one["label"] for one in said]
    assert said[0]["label"] in called("predict", study, texts[0]).out


def test_evaluate(study: Path, data_folder: Path) -> None:
    report = json.loads(called("report", study, "--json").out)
    data = data_folder / "text-classification" / "test.csv"
    answer = called("evaluate", study, "--data", data, "--json")
    assert answer.code == 0, answer.err
    said = json.loads(answer.out)
    assert said["rows"] == 16
    assert said["values"] == pytest.approx(report["study"]["test"])
    assert "16 rows" in called("evaluate", study, "--data", data).out


def test_export(study: Path, home: Path) -> None:
    to = home / "exported"
    answer = called("export", study, "--to", to)
    assert answer.code == 0, answer.err
    assert (to / "model.safetensors").read_bytes() == (study / "best" / "model.safetensors").read_bytes()
    again = called("export", study, "--to", to)
    assert again.code == 2
    assert "already exists" in again.err
    merged = called("export", study, "--to", home / "merged", "--merge")
    assert merged.code == 2
    assert "'lora'" in merged.err
    assert not (home / "merged").exists()


def test_more_trials_continue_the_study(command: list[object], study: Path) -> None:
    """The last test of this module, because it changes the study."""
    before = [(study / "trials" / f"000{number}.json").read_bytes() for number in (0, 1)]
    answer = called(*command, "--trials", "3")
    assert answer.code == 0, answer.err
    assert [trial.number for trial in StudyFolder(study).read_trials()] == [0, 1, 2]
    assert [(study / "trials" / f"000{number}.json").read_bytes() for number in (0, 1)] == before
    assert "2 of 3" in answer.err or "3 of 3" in answer.err
    assert len(list(study.parent.iterdir())) == 1
