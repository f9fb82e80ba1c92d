"""`tune` and `run_study`, with rows in memory; tests/run/test_tune.py has the studies themselves."""

from __future__ import annotations

import inspect
import json
import pickle
import re
import shutil
import typing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import adaptkit
from adaptkit.errors import AdaptkitError, ConfigError, DataError, StudyError
from tests.api.conftest import mood_rows
from tests.helpers.data import write_csv
from tests.helpers.program import called

TASK = "text-classification"
TRAIN, DEV = mood_rows(48, 1), mood_rows(16, 2)


def test_the_same_rows_continue_the_same_study(settings: dict[str, Any]) -> None:
    first = adaptkit.tune(TASK, train=pd.DataFrame(TRAIN), dev=DEV, **settings)
    again = adaptkit.tune(TASK, train=TRAIN, dev=pd.DataFrame(DEV), **{**settings, "trials": 3})
    assert again.name == first.name
    assert len(again.trials) == 3
    assert again.trials[0] == first.trials[0]


def test_changed_rows_are_noticed(settings: dict[str, Any]) -> None:
    changed = [*TRAIN[:-1], {**TRAIN[-1], "label": TRAIN[0]["label"]}]
    study = adaptkit.tune(TASK, train=TRAIN, dev=DEV, study="mine", **settings)
    kept = {path: path.read_bytes() for path in (study.folder.path / "data").iterdir()}
    with pytest.raises(
        StudyError, match=r"data: .* \(fingerprint .* → .*another name with study="
    ) as refused:
        adaptkit.tune(TASK, train=changed, dev=DEV, study="mine", **settings)
    assert refused.value.code == "study-differs"
    assert {path: path.read_bytes() for path in (study.folder.path / "data").iterdir()} == kept
    del settings["studies"]
    lines: list[str] = []
    other = adaptkit.tune(
        TASK,
        train=changed,
        dev=DEV,
        studies=study.folder.path.parent,
        **{**settings, "progress": lines.append},
    )
    assert other.name != study.name


def test_rows_are_kept_for_the_command_line(settings: dict[str, Any], tmp_path: Path) -> None:
    study = adaptkit.tune(TASK, train=pd.DataFrame(TRAIN), dev=DEV, test=DEV, **settings)
    toml = study.folder.toml
    answer = called("tune", "--config", toml, "--trials", 3, "--studies", toml.parent.parent, "--json")
    assert answer.code == 0, answer.err
    document = json.loads(answer.out)
    assert document["study"]["name"] == study.name
    assert len(document["trials"]) == 3
    assert document["study"]["data"]["train"]["source"] == "train rows given in Python"
    kept = toml.parent / "data" / "train.jsonl"
    assert [json.loads(line) for line in kept.read_text().splitlines()] == TRAIN
    assert called("evaluate", study.folder.path, "--data", toml.parent / "data" / "test.jsonl").code == 0


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("{}\n")])
def test_lost_rows_are_noticed_and_written_again(settings: dict[str, Any], damage: Any) -> None:
    study = adaptkit.tune(TASK, train=TRAIN, dev=DEV, **settings)
    kept = study.folder.rows("train")
    before = kept.read_text()
    damage(kept)
    more = replace(study.config, search=replace(study.config.search, trials=3))
    with pytest.raises(
        StudyError, match=r"train rows were given in Python.*the same rows from Python"
    ) as lost:
        adaptkit.run_study(more, studies=settings["studies"], progress=False)
    assert lost.value.code == "rows-lost"
    adaptkit.tune(TASK, train=TRAIN, dev=DEV, **settings)
    assert kept.read_text() == before
    assert len(adaptkit.run_study(more, studies=settings["studies"], progress=False).trials) == 3


def test_a_moved_study_finds_its_rows(settings: dict[str, Any], tmp_path: Path) -> None:
    study = adaptkit.tune(TASK, train=TRAIN, dev=DEV, **settings)
    moved = tmp_path / "moved"
    shutil.copytree(study.folder.path, moved / study.name)
    config = adaptkit.open_study(moved / study.name).config
    more = replace(config, search=replace(config.search, trials=3))
    assert len(adaptkit.run_study(more, studies=moved, progress=False).trials) == 3


def test_rows_in_memory_are_audited_like_a_file(settings: dict[str, Any], tmp_path: Path) -> None:
    rows = [*TRAIN, {"text": TRAIN[0]["text"], "label": "GLAD"}, {"text": DEV[0]["text"], "label": "sad"}]
    file = write_csv(tmp_path / "rows.csv", [(row["text"], row["label"]) for row in rows])
    in_memory, from_file = (
        adaptkit.tune(TASK, train=source, dev=DEV, **settings).summary.warnings for source in (rows, file)
    )
    place = re.compile(re.escape(f"{file}:") + r"(\d+)")
    as_rows = [place.sub(lambda line: f"train row {int(line[1]) - 1}", text) for text in from_file]
    assert len(in_memory) > 2
    assert list(in_memory) == as_rows


def test_a_bad_row_is_named_and_nothing_is_written(settings: dict[str, Any]) -> None:
    rows = pd.DataFrame([*TRAIN, {"text": None, "label": "sad"}])
    with pytest.raises(DataError, match=r"^train row 49: .*skip_bad_rows=True") as refused:
        adaptkit.tune(TASK, train=rows, dev=DEV, **settings)
    assert "Correct the rows" in str(refused.value)
    assert not settings["studies"].exists()
    study = adaptkit.tune(TASK, train=rows, dev=DEV, skip_bad_rows=True, **settings)
    assert study.summary.data["train"].skipped == 1
    assert study.folder.left_out.read_text().startswith("train row 49: ")


def test_a_refused_model_leaves_no_rows_behind(settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(AdaptkitError):
        adaptkit.tune(TASK, train=TRAIN, dev=DEV, layers=77, **settings)
    assert not settings["studies"].exists()


def test_dev_is_a_fraction_of_the_rows(settings: dict[str, Any]) -> None:
    study = adaptkit.tune(TASK, train=pd.DataFrame(TRAIN), dev=0.25, folds=0, **settings)
    assert study.summary.data["dev"].rows == pytest.approx(12, abs=2)
    assert study.config.data.dev_fraction == 0.25
    with pytest.raises(ConfigError, match=r"^dev_fraction = 0\.3"):
        adaptkit.tune(TASK, train=TRAIN, dev=0.25, dev_fraction=0.3, **settings)


def test_columns_of_a_frame_are_named(settings: dict[str, Any]) -> None:
    frame = pd.DataFrame(TRAIN).rename(columns={"text": "review", "label": "mood"})
    study = adaptkit.tune(TASK, train=frame, columns={"text": "review", "label": "mood"}, **settings)
    assert study.summary.labels == ["calm", "glad", "sad"] or study.summary.labels == ("calm", "glad", "sad")


WRONG = {
    "task": 3, "data": 3, "train": 3, "dev": 3, "test": 3, "columns": "text", "dev_fraction": "half",
    "skip_bad_rows": "no", "delimiter": 3, "encoding": 3, "group": 3, "options": ["a"], "model": 3,
    "strategy": 3, "pooling": 3, "head_solver": 3, "head_init": 3, "folds": "five", "layers": 1.5,
    "lora_rank": None, "max_length": "long", "trials": 0, "epochs": -1, "learning_rate": "fast",
    "batch_sizes": "many", "class_weights": 3, "label_smoothing": 2, "metric": 3, "pruning": None,
    "patience": -1, "confirm": 1.5, "evals_per_epoch": 0, "timeout": "soon", "seed": -1, "device": 3,
    "refit": "maybe", "soup": 1, "reshuffle": 1, "strategy_options": ["a"], "metric_options": ["a"],
    "reader": 3,
    "precision": "fp8", "parallel_trials": 0, "fast_paths": 1, "study": 3, "studies": 3, "progress": "yes",
    "callbacks": 3, "devices": 3, "ray": 3,
}  # fmt: skip


def test_the_signature_is_complete() -> None:
    signature = inspect.signature(adaptkit.tune, eval_str=True)
    hints = typing.get_type_hints(adaptkit.tune)
    assert set(signature.parameters) == set(WRONG)
    assert set(hints) == {*WRONG, "return"}
    documented = inspect.getdoc(adaptkit.tune) or ""
    for name in signature.parameters:
        assert f"\n    {name}: " in documented, name


@pytest.mark.parametrize(
    "function",
    [
        adaptkit.load, adaptkit.evaluate, adaptkit.export, adaptkit.open_study, adaptkit.run_study,
        adaptkit.Predictor.predict,
    ],
    ids=lambda function: function.__name__,
)  # fmt: skip
def test_the_signatures_of_the_others_are_complete(function: Any) -> None:
    hints, documented = typing.get_type_hints(function), inspect.getdoc(function) or ""
    names = set(inspect.signature(function, eval_str=True).parameters) - {"self"}
    assert set(hints) == {*names, "return"}
    for name in names:
        assert f"\n    {name}: " in documented, name


@pytest.mark.parametrize("how", [{"reader": "vertical"}, {"delimiter": ";"}, {"encoding": "latin-1"}])
def test_rows_in_memory_are_not_read_in_a_way(how: dict[str, Any], settings: dict[str, Any]) -> None:
    ((name, value),) = how.items()
    for call in (
        lambda: adaptkit.tune(TASK, train=TRAIN, **how, **settings),
        lambda: adaptkit.evaluate("a-study", TRAIN, **how),
    ):
        with pytest.raises(ConfigError, match=rf"^{name} = '{value}'.*rows are given in Python"):
            call()
    assert not settings["studies"].exists()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_refused_by_its_name(name: str, settings: dict[str, Any]) -> None:
    given = {"task": TASK, "train": TRAIN, **settings, name: WRONG[name]}
    if name == "data":
        del given["train"]
    with pytest.raises(ConfigError, match=rf"^{name}\b"):
        adaptkit.tune(**given)
    assert not settings["studies"].exists()


def test_natural_values_reach_the_configuration(settings: dict[str, Any]) -> None:
    given = {**settings, "strategy": "full", "trials": 1}
    study = adaptkit.tune(
        TASK, train=TRAIN, batch_sizes=16, learning_rate=1e-4, timeout="30m", epochs=1, **given
    )
    search = study.config.search
    assert (search.batch_sizes, search.learning_rate, search.timeout) == ((16,), (1e-4, 1e-4), 1800.0)
    assert study.best_params["batch_size"] == 16


def test_class_weights_of_a_dictionary_are_those_of_the_study(settings: dict[str, Any]) -> None:
    weights = {label: 1.0 + place for place, label in enumerate(sorted({row["label"] for row in TRAIN}))}
    study = adaptkit.tune(TASK, train=TRAIN, class_weights=weights, **settings)
    assert study.summary.class_weights == ", ".join(f"{label} {one}" for label, one in weights.items())


def test_tune_and_a_configuration_can_be_pickled() -> None:
    config = adaptkit.StudyConfig(
        task=TASK, options={"metric": "accuracy"}, data=adaptkit.DataConfig(train="train.csv"),
        search=adaptkit.SearchConfig(batch_sizes=(8, 16)),
    )  # fmt: skip
    assert pickle.loads(pickle.dumps(config)) == config
    assert pickle.loads(pickle.dumps(adaptkit.tune)) is adaptkit.tune
    assert pickle.loads(pickle.dumps(adaptkit.export)) is adaptkit.export


def test_progress_goes_to_a_function(settings: dict[str, Any], capfd: Any) -> None:
    lines: list[str] = []
    study = adaptkit.tune(TASK, train=TRAIN, dev=DEV, **{**settings, "progress": lines.append})
    assert any("trial 1 complete" in line for line in lines)
    assert capfd.readouterr() == ("", "")
    assert pickle.loads(pickle.dumps(study)).best == study.best
