"""The interval of a test score: computed once, and shown wherever the test score is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from adaptkit.export.saving import CARD
from tests.helpers.data import moods, write_csv
from tests.helpers.program import called


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Labelled texts; one in four test rows has another label than its words."""
    test = moods(60, seed=3)
    other = [(text, "calm" if place % 4 == 0 else label) for place, (text, label) in enumerate(test)]
    rows = {"train": moods(48, seed=1), "dev": moods(18, seed=2), "test": other}
    return {split: write_csv(tmp_path / f"{split}.csv", its) for split, its in rows.items()}


def tuned(files: dict[str, Path], model: Path, folder: Path, trials: int = 2) -> dict[str, Any]:
    answer = called(
        "tune", "--task", "text-classification", "--strategy", "frozen", "--model", model, "--study", "moods",
        "--studies", folder, "--trials", trials, "--device", "cpu", "--precision", "fp32", "--json",
        *(part for split, file in files.items() for part in (f"--{split}", file)),
    )  # fmt: skip
    assert answer.code == 0, answer.err
    return dict(json.loads(answer.out))


def test_every_report_shows_the_interval(files: dict[str, Path], tiny_folder: Path, tmp_path: Path) -> None:
    study = tuned(files, tiny_folder, tmp_path)["study"]
    assert set(study["test_intervals"]) == {"accuracy", "macro_f1"}
    low, high = study["test_intervals"]["accuracy"]
    assert 0 < low < study["test"]["accuracy"] < high < 1

    ends, folder = f"{low:.4f} to {high:.4f}", tmp_path / "moods"
    terminal = called("report", folder).out
    assert f"95% interval over the test rows: accuracy {ends}" in " ".join(terminal.split())
    assert max(map(cell_len, terminal.splitlines())) <= 80
    assert f"95% interval over the test rows: {ends}" in (folder / "report.html").read_text(encoding="utf-8")
    called("report", folder, "--markdown", tmp_path / "report.md")
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert f"| 95% interval over the test rows | {ends} |" in markdown
    card = (folder / "best" / CARD).read_text(encoding="utf-8")
    assert f"{study['test']['accuracy']:.4f} (95% interval over the test rows: {ends})" in card

    evaluated = json.loads(called("evaluate", folder, "--data", files["test"], "--json").out)
    assert evaluated["intervals"] == study["test_intervals"]
    shown = called("evaluate", folder, "--data", files["test"]).out
    assert f"(95% interval over these rows: {ends})" in shown


def test_more_trials_keep_or_renew_the_interval(
    files: dict[str, Path], tiny_folder: Path, tmp_path: Path
) -> None:
    before = tuned(files, tiny_folder, tmp_path)["study"]
    after = tuned(files, tiny_folder, tmp_path, trials=4)["study"]
    if after["best"] == before["best"]:
        assert after["test_intervals"] == before["test_intervals"]
    low, high = after["test_intervals"]["accuracy"]
    assert low < after["test"]["accuracy"] < high


def test_a_perfect_score_has_a_reason_instead(
    files: dict[str, Path], tiny_folder: Path, tmp_path: Path
) -> None:
    write_csv(files["test"], [("today Amara", "calm")] * 12)
    study = tuned(files, tiny_folder, tmp_path)["study"]
    assert study["test"]["accuracy"] in (0.0, 1.0)
    assert study["test_intervals"] == {}
    reason = "no 95% interval, as all resamples of the rows give the same number"
    shown = called("evaluate", tmp_path / "moods", "--data", files["test"]).out
    assert f"accuracy: {study['test']['accuracy']:.4f} ({reason})\n" in shown
    said = json.loads(called("evaluate", tmp_path / "moods", "--data", files["test"], "--json").out)
    assert (said["intervals"], said["no_interval"]) == ({}, study["test_no_interval"])
    called("report", tmp_path / "moods", "--markdown", tmp_path / "report.md")
    for text in (
        called("report", tmp_path / "moods").out,
        (tmp_path / "report.md").read_text(encoding="utf-8"),
        (tmp_path / "moods" / "report.html").read_text(encoding="utf-8"),
        (tmp_path / "moods" / "best" / CARD).read_text(encoding="utf-8"),
    ):
        assert reason[1:] in " ".join(text.split())
