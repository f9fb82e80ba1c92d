from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pytest

import adaptkit
from adaptkit.errors import ConfigError, DataError, ModelError, StudyError
from tests.api.conftest import mood_rows
from tests.helpers.program import called

ROWS = mood_rows(12, 5)
FRAME = pd.DataFrame(ROWS)


@pytest.fixture
def study(tuned: Callable[[str, str], Any]) -> Any:
    return tuned("text-classification", "frozen")


def test_a_model_is_loaded_by_study_name_or_folder(study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = study.folder.path
    monkeypatch.chdir(folder.parent.parent)
    expected = study.load(device="cpu").predict("merry boats")
    relative = os.path.relpath(folder)
    for source in (study, study.folder, folder, relative, folder / "best", str(folder / "best")):
        assert adaptkit.load(source, device="cpu").predict("merry boats") == expected
    assert adaptkit.load(study.name, studies=folder.parent, device="cpu").predict("merry boats") == expected


@pytest.mark.parametrize(
    ("model", "kind", "code"),
    [
        ("no-such-study", StudyError, "study-not-found"),
        ("some/where", ModelError, "not-a-model-folder"),
        (Path("/no/where"), ModelError, "not-a-model-folder"),
        (3, ConfigError, "invalid-argument"),
        (None, ConfigError, "invalid-argument"),
    ],
)
def test_what_cannot_be_loaded_is_refused(model: Any, kind: Any, code: str, tmp_path: Path) -> None:
    with pytest.raises(kind) as refused:
        adaptkit.load(model, studies=tmp_path)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "data",
    [ROWS, FRAME, datasets.Dataset.from_list(ROWS), FRAME.to_dict("list")],
    ids=["list", "frame", "dataset", "columns"],
)
def test_every_kind_of_rows_is_evaluated_alike(data: Any, study: Any, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    pd.DataFrame(ROWS).to_csv(file, index=False)
    expected = adaptkit.evaluate(study, file, device="cpu")
    found = adaptkit.evaluate(study.load(device="cpu"), data)
    assert found == expected
    assert found.rows == 12
    assert found.intervals["accuracy"][0] <= found.values["accuracy"] <= found.intervals["accuracy"][1]
    answer = called("evaluate", study.folder.path, "--data", file, "--device", "cpu")
    assert f"accuracy: {found.values['accuracy']:.4f}" in answer.out


def test_bad_rows_are_refused_or_left_out(study: Any) -> None:
    rows = [*ROWS, {"text": "boats", "label": "no such label"}]
    with pytest.raises(DataError, match=r"^row 13: .*skip_bad_rows=True"):
        adaptkit.evaluate(study, rows, device="cpu")
    found = adaptkit.evaluate(study, rows, skip_bad_rows=True, device="cpu")
    assert (found.rows, len(found.skipped)) == (12, 1)
    with pytest.raises(ConfigError, match=r"^data = 3"):
        adaptkit.evaluate(study, 3, device="cpu")  # type: ignore[arg-type]


def test_a_winner_is_exported(study: Any, tmp_path: Path) -> None:
    to = tmp_path / "model"
    assert adaptkit.export(study, to) == to
    assert adaptkit.load(to, device="cpu").predict("merry") == study.load(device="cpu").predict("merry")
    with pytest.raises(ConfigError, match=r"already exists.*with to=") as refused:
        adaptkit.export(study.folder.path, to)
    assert refused.value.code == "folder-exists"
    with pytest.raises(ConfigError, match=r"^merge=True for a study with the strategy 'frozen'"):
        adaptkit.export(study, tmp_path / "other", merge=True)


def test_an_adapter_is_merged(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "lora")
    adaptkit.export(study, tmp_path / "merged", merge=True)
    assert (tmp_path / "merged" / "model.safetensors").exists()


def test_the_function_export_is_not_hidden_by_the_package() -> None:
    import adaptkit.export.saving

    assert callable(adaptkit.export)
