"""Studies that version 0.1.0 made, by each strategy, are read and continued by today's commands.

`tests/fixtures/studies-0.1.0.tar.xz` holds a tiny model, small data files, and four finished studies of
three trials each. They were made in the folder of the archive by the command of `COMMAND`.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from adaptkit.system.manifest import entry_of, read_manifest, write_entries
from tests.helpers.program import called

ARCHIVE = Path(__file__).parents[1] / "fixtures" / "studies-0.1.0.tar.xz"
STUDIES = {
    "ner-frozen-ce8c6f": ("ner", "frozen"),
    "ner-lora-d37ef4": ("ner", "lora"),
    "ner-full-d3352c": ("ner", "full"),
    "multi-label-frozen-f97893": ("multi-label", "frozen"),
}
TEXTS = {"ner": "today Amara Bela has seen Quarn .", "multi-label": "the bright old boats"}
TEST_FILES = {"ner": "data/ner/test.conll", "multi-label": "data/multi/test.jsonl"}
DATA = {"ner": "data/ner", "multi-label": "data/multi"}


@pytest.fixture(params=STUDIES)
def study(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of one of the studies, in the current folder with its model and its data."""
    with tarfile.open(ARCHIVE) as archive:
        if hasattr(tarfile, "data_filter"):  # from Python 3.11.4 on
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(tmp_path)
    for best in tmp_path.glob("studies/*/best"):
        base_model_here(best, tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    return str(request.param)


def base_model_here(best: Path, model: Path) -> None:
    """An adapter names its base model by the path that it had where the study was made."""
    path = best / "adaptkit.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    if description.get("base_model"):
        path.write_text(json.dumps({**description, "base_model": str(model)}), encoding="utf-8")
        write_entries(best, {**read_manifest(best), path.name: entry_of(path)})


def command(study: str, trials: int) -> list[object]:
    """The command that made the study, for this many trials."""
    task, strategy = STUDIES[study]
    return [
        "tune", "--task", task, "--data", DATA[task], "--model", "model", "--strategy", strategy,
        "--trials", trials, "--epochs", 6, "--lr", 2e-3, 2e-2, "--batch-size", "4,8",
        "--device", "cpu", "--precision", "fp32", "--json",
    ]  # fmt: skip


def report_of(study: str) -> dict[str, Any]:
    answer = called("report", study, "--json")
    assert answer.code == 0, answer.err
    return dict(json.loads(answer.out))


def test_report_opens_it(study: str) -> None:
    found = report_of(study)
    assert [trial["state"] for trial in found["trials"]] == ["complete"] * 3
    assert found["study"]["state"] == "finished"
    assert found["best"]["score"] == max(trial["score"] for trial in found["trials"])
    assert bool(found["best"]["calibration"]) == study.startswith("multi-label")
    assert found["study"]["test_intervals"] == {}
    answer = called("report", study)
    assert answer.code == 0
    assert "interval" not in answer.out


def test_predict_and_evaluate_read_its_model(study: str) -> None:
    task, _ = STUDIES[study]
    answer = called("predict", study, TEXTS[task])
    assert answer.code == 0, answer.err
    assert answer.out.strip()
    answer = called("evaluate", study, "--data", TEST_FILES[task], "--json")
    assert answer.code == 0, answer.err
    recorded = report_of(study)["study"]["test"]
    assert json.loads(answer.out)["values"] == pytest.approx(recorded, abs=1e-4)
    assert set(json.loads(answer.out)["intervals"]) <= set(recorded)


def test_export_writes_its_model_anew(study: str) -> None:
    answer = called("export", study, "--to", "exported")
    assert answer.code == 0, answer.err
    written = json.loads(Path("exported/adaptkit.json").read_text())
    kept = json.loads(Path("studies", study, "best", "adaptkit.json").read_text())
    assert written["labels"] == kept["labels"]
    assert written["calibration"] == kept["settings"]


def test_tune_continues_it(study: str) -> None:
    before = report_of(study)["trials"]
    answer = called(*command(study, trials=5))
    assert answer.code == 0, answer.err
    after = json.loads(answer.out)
    assert after["study"]["name"] == study
    assert after["trials"][:3] == before
    assert len(after["trials"]) == 5
