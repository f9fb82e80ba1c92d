"""Which pooling a new study has, and how one is chosen where nothing says which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import adaptkit
from adaptkit.config import DataConfig, SearchConfig, StudyConfig
from adaptkit.data.load import load
from adaptkit.report.progress import Progress
from adaptkit.run import pooling
from adaptkit.run.context import Clock
from adaptkit.run.method import resolve_method
from adaptkit.run.pooling import poolings_for
from adaptkit.tasks import registry
from tests.helpers.model_folders import as_sentence_encoder
from tests.run.test_method import started_with

FROZEN = StudyConfig(task="text-classification", strategy="frozen")


def poolings(config: StudyConfig, model: Path, **options: Any) -> Any:
    given = {"earlier": None, "rows": 100, "steps": False, **options}
    return poolings_for(replace(config, model=str(model)), registry.load(config.task), **given)


@pytest.mark.parametrize(
    ("changes", "options", "expected"),
    [
        ({}, {}, ("mean", "first")),
        ({"task": "nli"}, {}, ("pair", "mean", "first")),
        ({"pooling": "first"}, {}, ("first",)),
        ({}, {"steps": True}, ("checkpoint",)),
        ({}, {"earlier": started_with(pooling="first")}, ("first",)),
        ({"strategy": "full"}, {}, ("checkpoint",)),
        ({"task": "ner"}, {}, ("checkpoint",)),
    ],
)
def test_a_pooling_is_open_where_nothing_says_which(
    changes: dict[str, Any], options: dict[str, Any], expected: tuple[str, ...], tiny_folder: Path
) -> None:
    assert poolings(replace(FROZEN, **changes), tiny_folder, **options) == expected


def test_a_declared_pooling_is_not_open(tiny_folder: Path, tmp_path: Path) -> None:
    assert poolings(FROZEN, as_sentence_encoder(tiny_folder, tmp_path / "model")) == ("mean",)


@pytest.mark.parametrize(
    ("task", "rows", "strategy", "expected"),
    [
        ("nli", 1_000, "full", "pair"),
        ("nli", 1_001, "lora", "checkpoint"),
        ("similarity", 3_000, "lora", "pair"),
        ("similarity", 3_001, "full", "checkpoint"),
        ("nli", 100_000, "frozen", "pair"),
        ("text-classification", 100_000, "full", "mean"),
    ],
)
def test_texts_are_read_together_on_many_rows(
    task: str, rows: int, strategy: str, expected: str, tiny_folder: Path, tmp_path: Path
) -> None:
    config = StudyConfig(task=task, strategy=strategy)
    model = as_sentence_encoder(tiny_folder, tmp_path / "model")
    assert poolings(config, model, rows=rows) == (expected,)


@pytest.mark.parametrize(("rows", "expected"), [(3_000, "pair"), (3_001, "mean")])
def test_a_frozen_encoder_with_steps_reads_apart_on_more_rows(
    rows: int, expected: str, tiny_folder: Path, tmp_path: Path
) -> None:
    config, model = (
        StudyConfig(task="nli", strategy="frozen"),
        as_sentence_encoder(tiny_folder, tmp_path / "m"),
    )
    assert poolings(config, model, rows=rows, steps=True) == (expected,)


def test_a_head_in_steps_has_no_choice(tiny_folder: Path, data_folder: Path) -> None:
    config = replace(FROZEN, model=str(tiny_folder), head_solver="adamw", search=SearchConfig(epochs=1))
    task = registry.load("text-classification")
    data = load(task, DataConfig(data=str(data_folder / "text-classification")), seed=0)
    method = resolve_method(config, task, None, data)
    assert (method.pooling, list(method.poolings)) == ("checkpoint", ["checkpoint"])


@pytest.fixture
def frozen(tiny_folder: Path, data_folder: Path, tmp_path: Path) -> Callable[..., Any]:
    """Runs a study of one trial on the frozen encoder."""

    def run(name: str, **options: Any) -> Any:
        return adaptkit.tune(
            "text-classification", model=str(tiny_folder), strategy="frozen", device="cpu", study=name,
            studies=tmp_path,
            **{"trials": 1, "train": data_folder / "text-classification" / "train.csv", **options},
        )  # fmt: skip

    return run


def test_the_best_pooling_is_chosen(frozen: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The scores are those of each pooling alone, and the study reads no text again."""
    study = frozen("open")
    scores = study.summary.pooling_scores
    assert set(scores) == {"mean", "first"}
    assert study.summary.pooling == max(scores, key=lambda name: scores[name])
    assert study.folder.read_provenance().pooling == study.summary.pooling
    assert study.summary.features_reused == study.summary.data["train"].examples
    monkeypatch.setattr(pooling, "MOST_ROWS_TO_CHOOSE", 20)
    fewer = frozen("fewer").summary
    assert set(fewer.pooling_scores) == {"mean", "first"}
    assert fewer.pooling_scores != scores


@pytest.mark.parametrize(("direction", "best"), [("maximize", "first"), ("minimize", "mean")])
def test_the_better_pooling_wins_whichever_it_is(
    direction: str, best: str, tiny_folder: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, task = replace(FROZEN, model=str(tiny_folder)), registry.load("text-classification")
    data = load(task, DataConfig(data=str(data_folder / "text-classification")), seed=0)
    found = {"mean": 0.25, "first": 0.75}
    monkeypatch.setattr(pooling, "_scores", lambda *_: found)
    progress = Progress(Console(file=StringIO()), 1, "accuracy", direction)
    method = resolve_method(config, task, None, data)
    chosen = pooling.choose_pooling(config, task, data, method, ("accuracy", direction), progress, Clock())
    assert (chosen.pooling, chosen.pooling_scores) == (best, found)


def test_a_started_study_keeps_its_choice(frozen: Callable[..., Any]) -> None:
    before = frozen("open").summary
    after = frozen("open", trials=2).summary
    assert (after.pooling, after.pooling_scores) == (before.pooling, before.pooling_scores)
    assert after.pooling_scores


def test_pairs_may_be_read_together_or_apart(
    frozen: Callable[..., Any], tmp_path: Path, tiny_folder: Path
) -> None:
    lines = [
        f"a {'old' if n % 2 else 'river'} bridge {n},has seen,{'yes' if n % 2 else 'no'}" for n in range(40)
    ]
    (tmp_path / "pairs.csv").write_text("\n".join(["premise,hypothesis,label", *lines]))
    study = adaptkit.tune(
        "nli", model=str(tiny_folder), strategy="frozen", trials=1, device="cpu", studies=tmp_path,
        train=tmp_path / "pairs.csv",
    )  # fmt: skip
    scores = study.summary.pooling_scores
    assert list(scores) == ["pair", "mean", "first"]
    assert study.summary.pooling == max(scores, key=lambda name: scores[name])


def test_one_group_of_rows_leaves_the_first_pooling(frozen: Callable[..., Any], tmp_path: Path) -> None:
    """Rows that must stay together cannot be divided into folds."""
    lines = [f"{'old' if n % 2 else 'river'} bridge,{'yes' if n % 2 else 'no'},one" for n in range(20)]
    (tmp_path / "train.csv").write_text("\n".join(["text,label,topic", *lines]))
    (tmp_path / "dev.csv").write_text("\n".join(["text,label,topic", "a boat,yes,two", "the sea,no,two"]))
    study = frozen("group", train=tmp_path / "train.csv", dev=tmp_path / "dev.csv", group="topic")
    assert (study.summary.pooling, study.summary.pooling_scores) == ("mean", {})
