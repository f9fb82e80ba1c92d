"""What "auto" resolves to: folds, layers, and the range of rates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adaptkit.config import DataConfig, SearchConfig, StudyConfig
from adaptkit.data.load import Dataset, load
from adaptkit.errors import ConfigError
from adaptkit.run.method import resolve_method, space_of
from adaptkit.study.provenance import Provenance
from adaptkit.tasks import registry
from tests.helpers.data import sentences, write_conll
from tests.helpers.model_folders import as_sentence_encoder

CONFIG = StudyConfig(task="nli", strategy="frozen", pooling="pair", layers=0)


def rows_about(premises: int, folder: Path) -> Dataset:
    lines = [f"p{n % premises},h{n},{'yes' if n % 4 < 2 else 'no'}" for n in range(40)]
    (folder / "rows.csv").write_text("\n".join(["premise,hypothesis,label", *lines]))
    return load(registry.load("nli"), DataConfig(data=str(folder / "rows.csv")), seed=0)


def tagged_rows(folder: Path) -> Dataset:
    path = write_conll(folder / "train.conll", sentences(20, seed=0))
    return load(registry.load("ner"), DataConfig(train=str(path)), seed=0)


def started_with(**resolved: Any) -> Provenance:
    """What an earlier study resolved to; by default one of version 0.1.0."""
    return Provenance(
        versions={}, data_fingerprint="", labels=2, space={}, fixed={}, metric="f1", direction="maximize",
        **resolved,
    )  # fmt: skip


@pytest.mark.parametrize(("premises", "folds"), [(20, 5), (5, 5), (3, 3), (2, 2)])
def test_there_are_no_more_folds_than_groups(
    premises: int, folds: int, tiny_folder: Path, tmp_path: Path
) -> None:
    config, data = replace(CONFIG, model=str(tiny_folder)), rows_about(premises, tmp_path)
    assert resolve_method(config, registry.load("nli"), None, data).folds == folds


def test_a_given_dev_fraction_means_no_folds(tiny_folder: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, model=str(tiny_folder), data=DataConfig(dev_fraction=0.15))
    data, task = rows_about(20, tmp_path), registry.load("nli")
    assert resolve_method(config, task, None, data).folds == 0
    assert resolve_method(replace(config, folds=0), task, None, data).folds == 0
    for ranges, folds in ((9, 5), (10, 0)):  # a started study of an earlier version keeps its folds
        earlier = started_with(pooling="pair", solver="lbfgs", folds=5, ranges=ranges)
        assert resolve_method(config, task, earlier, data).folds == folds


def test_more_folds_than_groups_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    config, data = replace(CONFIG, folds=4, model=str(tiny_folder)), rows_about(3, tmp_path)
    with pytest.raises(ConfigError, match=r"--folds 4, but the rows are in 3 groups.*--folds") as caught:
        resolve_method(config, registry.load("nli"), None, data)
    assert caught.value.code == "too-many-folds"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"strategy": "full", "head_solver": "lbfgs"}, "solver-strategy"),
        ({"head_solver": "lbfgs", "search": SearchConfig(learning_rate=(1e-3, 1e-2))}, "solver-steps"),
        ({"head_solver": "lbfgs", "search": SearchConfig(epochs=3)}, "solver-steps"),
        ({"head_init": "solved"}, "head-init"),
        ({"folds": 1}, "folds"),
        ({"folds": 2, "data": DataConfig(dev_fraction=0.2)}, "folds-fraction"),
        ({"strategy": "full", "folds": 3}, "folds"),
        ({"layers": 9}, "layers"),
    ],
)
def test_options_that_contradict_are_rejected(
    changes: dict[str, Any], code: str, tiny_folder: Path, tmp_path: Path
) -> None:
    config, data = replace(CONFIG, model=str(tiny_folder), **changes), rows_about(20, tmp_path)
    with pytest.raises(ConfigError) as rejected:
        resolve_method(config, registry.load("nli"), None, data)
    assert rejected.value.code == code


@pytest.mark.parametrize("search", [SearchConfig(epochs=2), SearchConfig(evals_per_epoch=2)])
def test_options_of_steps_choose_steps(search: SearchConfig, tiny_folder: Path, tmp_path: Path) -> None:
    config, data = replace(CONFIG, model=str(tiny_folder), search=search), rows_about(20, tmp_path)
    method = resolve_method(config, registry.load("nli"), None, data)
    assert (method.solver, method.folds) == ("adamw", 0)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        (
            {"search": SearchConfig(epochs=2)},
            "--epochs: the head is trained in gradient steps and scored on dev rows; without this option it "
            "is solved and scored in 5 folds",
        ),
        (
            {"search": SearchConfig(epochs=2, batch_sizes=(8,)), "folds": 0},
            "--batch-size, --epochs: the head is trained in gradient steps; without these options it is "
            "solved",
        ),
        ({"search": SearchConfig(epochs=2), "head_solver": "adamw"}, ""),
        ({"search": SearchConfig(epochs=2), "pooling": "checkpoint"}, ""),
        ({"search": SearchConfig(epochs=2), "strategy": "lora"}, ""),
        ({}, ""),
    ],
)
def test_options_that_change_a_solved_head_are_noted(
    changes: dict[str, Any], note: str, tiny_folder: Path, tmp_path: Path
) -> None:
    config, data = replace(CONFIG, model=str(tiny_folder), **changes), rows_about(20, tmp_path)
    task = registry.load("nli")
    method = resolve_method(config, task, None, data)
    assert method.note == note
    earlier = started_with(solver=method.solver, pooling=method.pooling)
    assert resolve_method(config, task, earlier, data).note == note


@pytest.mark.parametrize(
    ("strategy", "search"),
    [
        ("lora", SearchConfig()), ("full", SearchConfig()), ("frozen", SearchConfig()),
        ("frozen", SearchConfig(epochs=2)),
    ],
)  # fmt: skip
def test_heads_on_tokens_read_half_a_sentence_encoder(
    strategy: str, search: SearchConfig, tiny_folder: Path, tmp_path: Path
) -> None:
    model = as_sentence_encoder(tiny_folder, tmp_path / "encoder")  # of two layers
    config = StudyConfig(task="ner", strategy=strategy, model=str(model), search=search)
    task, data = registry.load("ner"), tagged_rows(tmp_path)
    assert resolve_method(config, task, None, data).layers == 1
    assert resolve_method(replace(config, layers=0), task, None, data).layers == 0
    assert resolve_method(replace(config, model=str(tiny_folder)), task, None, data).layers == 0
    assert resolve_method(config, task, started_with(ranges=2), data).layers == 0


@pytest.mark.parametrize(("task", "rate"), [("ner", 2e-3), ("nli", 1e-3)])
def test_rates_of_lora_are_higher_on_tokens(
    task: str, rate: float, tiny_folder: Path, tmp_path: Path
) -> None:
    config = StudyConfig(task=task, strategy="lora", model=str(tiny_folder))
    data = tagged_rows(tmp_path) if task == "ner" else rows_about(20, tmp_path)
    for ranges, expected in ((3, rate), (2, 1e-3)):
        earlier = started_with(ranges=ranges)
        space = space_of(
            config, registry.load(task), resolve_method(config, registry.load(task), earlier, data), data
        )
        assert space.default["learning_rate"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("task", "pooling", "ranges", "epochs"),
    [
        ("ner", "checkpoint", 5, 10), ("ner", "checkpoint", 4, 3),
        ("qa", "checkpoint", 7, 20), ("qa", "checkpoint", 6, 3),
        ("nli", "checkpoint", 6, 10), ("nli", "checkpoint", 5, 3), ("nli", "pair", 6, 3),
        ("multi-label", "mean", 12, 10), ("multi-label", "mean", 11, 3),
        ("text-classification", "mean", 12, 3),
    ],
)  # fmt: skip
def test_heads_far_from_their_optimum_have_more_epochs(
    task: str, pooling: str, ranges: int, epochs: float, tiny_folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("adaptkit.run.method.EXAMPLES_TO_SEE", 1)
    monkeypatch.setattr("adaptkit.run.method.MORE_EXAMPLES_TO_SEE", 2_000)  # there are few rows here
    config = StudyConfig(task=task, strategy="full", model=str(tiny_folder))
    data = tagged_rows(tmp_path) if task == "ner" else rows_about(20, tmp_path)
    earlier = started_with(ranges=ranges, pooling=pooling)
    method = resolve_method(config, registry.load(task), earlier, data)
    assert space_of(config, registry.load(task), method, data).epochs == epochs


def test_a_started_study_keeps_its_method(tiny_folder: Path, tmp_path: Path) -> None:
    config, data = (
        StudyConfig(task="nli", strategy="frozen", model=str(tiny_folder)),
        rows_about(20, tmp_path),
    )
    method = resolve_method(config, registry.load("nli"), started_with(), data)
    assert (method.pooling, method.solver, method.folds, method.layers) == ("checkpoint", "adamw", 0, 0)
    method = resolve_method(config, registry.load("nli"), None, data)
    assert (method.pooling, method.solver, method.folds, method.layers) == ("pair", "lbfgs", 5, 0)
