"""A study is the same whether its rows are kept in memory or, as many rows are, in a file."""

from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.data import encode, packed


def facts_of(study: Any) -> dict[str, Any]:
    """What must not depend on where rows are kept."""
    summary = study.summary
    return {
        "data": summary.data, "warnings": summary.warnings, "test": summary.test,
        "baselines": summary.baselines,
        "fingerprint": study.folder.read_provenance().data_fingerprint,
        "trials": [(one.score, one.values, one.rungs) for one in study.trials],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("task", "strategy"),
    [
        ("text-classification", "frozen"),
        ("ner", "full"),
        pytest.param("text-classification", "lora", marks=pytest.mark.slow),
        pytest.param("qa", "frozen", marks=pytest.mark.slow),
    ],
)
def test_rows_in_a_file_give_the_same_study(
    task: str,
    strategy: str,
    tiny_folder: Path,
    data_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = data_folder / task if (data_folder / task).exists() else None
    settings: dict[str, Any] = {
        "data": data, "model": tiny_folder, "strategy": strategy, "trials": 2, "epochs": 1, "confirm": 1,
        "device": "cpu", "parallel_trials": 2, "progress": False, "study": "one",
    }  # fmt: skip
    plain = adaptkit.tune(task, studies=tmp_path / "plain", **settings)
    monkeypatch.setattr(packed, "MOST_IN_MEMORY", 3)
    monkeypatch.setattr(packed, "A_CHUNK", 4)
    monkeypatch.setattr(encode, "ENCODED_AT_ONCE", 7)
    assert facts_of(adaptkit.tune(task, studies=tmp_path / "packed", **settings)) == facts_of(plain)
