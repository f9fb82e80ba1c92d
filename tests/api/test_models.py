from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import polars as pl
import pytest

import adaptkit
from adaptkit.errors import AdaptkitError, ConfigError, DataError, ModelError, StudyError, TaskError
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
    [ROWS, FRAME, pl.DataFrame(ROWS), datasets.Dataset.from_list(ROWS), FRAME.to_dict("list")],
    ids=["list", "pandas", "polars", "dataset", "columns"],
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
    assert (found.rows, len(found.skipped), found.unknown_labels) == (12, 1, 1)
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


def test_another_task_is_used_if_it_is_named(study: Any) -> None:
    named = "adaptkit-text-classification:text-classification"
    model = adaptkit.load(study, task=named, device="cpu")
    assert model.predict("merry") == study.load(device="cpu").predict("merry")
    assert adaptkit.evaluate(study, ROWS, task=named, device="cpu") == adaptkit.evaluate(model, ROWS)
    for call in (adaptkit.load, lambda *given, **named: adaptkit.evaluate(given[0], ROWS, **named)):
        with pytest.raises(TaskError, match="no task 'nowhere:moods' is installed"):
            call(study, task="nowhere:moods", device="cpu")
        with pytest.raises(ConfigError, match=r"^task = 3"):
            call(study, task=3, device="cpu")
    with pytest.raises(ConfigError, match=r"^task = .*name the task in load"):
        adaptkit.evaluate(model, ROWS, task=named)


def test_files_are_read_as_the_caller_says(study: Any, tmp_path: Path) -> None:
    model, file = study.load(device="cpu"), tmp_path / "rows.data"
    lines = [f"{row['text']}§{row['label']}" for row in ROWS]
    file.write_text("\n".join(["text§label", *lines]), encoding="latin-1")
    how = {"delimiter": "§", "encoding": "latin-1"}
    assert model.predict(file, **how) == model.predict(ROWS)
    assert adaptkit.evaluate(model, file, **how) == adaptkit.evaluate(model, ROWS)
    for call in (model.predict, lambda data, **named: adaptkit.evaluate(model, data, **named)):
        with pytest.raises(AdaptkitError, match="no reader 'nonsense' is installed"):
            call(file, reader="nonsense")


@pytest.mark.parametrize("given", [3, "fp8", None])
def test_an_unknown_precision_is_refused(given: Any, study: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^onnx = "):
        adaptkit.export(study, tmp_path / "onnx", onnx=given)
    assert not (tmp_path / "onnx").exists()


@pytest.mark.slow
def test_a_winner_is_exported_as_onnx(study: Any, tmp_path: Path) -> None:
    expected = study.load(device="cpu").predict("merry")
    for onnx, folder in ((True, "plain"), ("int8", "small")):
        found = adaptkit.load(adaptkit.export(study, tmp_path / folder, onnx=onnx, max_loss=100))
        assert found.predict("merry")["label"] == expected["label"]
    plain, small = ((tmp_path / name / "model.onnx").stat().st_size for name in ("plain", "small"))
    assert small < plain
    with pytest.raises(ConfigError, match="already exists"):
        adaptkit.export(study, tmp_path / "plain", onnx=True)


def test_an_adapter_is_merged(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "lora")
    adaptkit.export(study, tmp_path / "merged", merge=True)
    assert (tmp_path / "merged" / "model.safetensors").exists()


def test_the_function_export_is_not_hidden_by_the_package() -> None:
    import adaptkit.export.saving

    assert callable(adaptkit.export)


def test_evaluate_warns_of_rows_that_are_truncated(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("text-classification", "full")
    rows = [{"text": "boats " * 5000, "label": "glad"}, {"text": "boats", "label": "sad"}]
    with pytest.warns(UserWarning, match="1 of 2 rows .* truncated"):
        assert adaptkit.evaluate(study, rows).rows == 2


@pytest.mark.parametrize("function", [adaptkit.evaluate, adaptkit.row_results])
def test_arguments_are_checked_before_a_model_is_loaded(function: Any) -> None:
    with pytest.raises(ConfigError, match="data = 5"):
        function("no-such-study", 5)
    with pytest.raises(ConfigError, match="skip_bad_rows"):
        function("no-such-study", [{"text": "a", "label": "b"}], skip_bad_rows="yes")


def test_rows_that_are_left_out_are_a_warning(tuned: Callable[[str, str], Any]) -> None:
    rows = [{"text": "boats", "label": "glad"}, {"text": "", "label": "sad"}]
    with pytest.warns(UserWarning, match=r"1 row.* left out; the first: .*row 2"):
        (one,) = adaptkit.row_results(tuned("text-classification", "full"), rows, skip_bad_rows=True)
    assert one.place.endswith("row 1")
