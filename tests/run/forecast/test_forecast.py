"""A forecast measures what the study is made of, scales it to all rows, and writes nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from adaptkit.config import DataConfig, SearchConfig, StudyConfig
from adaptkit.errors import ConfigError, DataError
from adaptkit.run.forecast import rows as forecast_rows
from adaptkit.run.forecast.forecast import forecast
from adaptkit.run.forecast.solved import _confirmed_solving


def config(data_folder: Path, model: Path, **changes: Any) -> StudyConfig:
    settings: dict[str, Any] = {
        "task": "text-classification", "strategy": "full", "model": str(model), "device": "cpu",
        "precision": "fp32", "data": DataConfig(data=str(data_folder / "text-classification")),
        "search": SearchConfig(trials=4, epochs=2), **changes,
    }  # fmt: skip
    return StudyConfig(**settings)


def quiet(configuration: StudyConfig) -> Any:
    return forecast(configuration, Console(quiet=True))


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_trained_studies_have_all_phases(strategy: Any, data_folder: Path, tiny_folder: Path) -> None:
    found = quiet(config(data_folder, tiny_folder, strategy=strategy))
    assert list(found.seconds) == [
        "starting, reading rows and model", "encoding", "measuring", "search", "confirmation", "refit",
        "baselines", "export", "test",
    ]  # fmt: skip
    assert {name for name, seconds in found.seconds.items() if seconds == 0} == {"refit"}
    assert found.memory_bytes > 0
    assert found.disk_bytes > 0
    assert found.spared_seconds >= 0
    assert found.cache_bytes > 0  # the features that the head starts from
    assert len(found.not_known) == 2


def test_solved_heads_have_features_in_the_cache(data_folder: Path, tiny_folder: Path) -> None:
    train = str(next((data_folder / "text-classification").glob("train*")))
    search = SearchConfig(trials=4)
    found = quiet(
        config(data_folder, tiny_folder, strategy="frozen", search=search, data=DataConfig(train=train))
    )
    assert found.seconds["search"] > 0
    assert found.seconds["confirmation"] > 0
    assert found.cache_bytes > 0


def test_a_head_to_start_with_leaves_features_in_the_cache(data_folder: Path, tiny_folder: Path) -> None:
    assert quiet(config(data_folder, tiny_folder, pooling="mean")).cache_bytes > 0


def test_no_confirmation_takes_no_time(data_folder: Path, tiny_folder: Path) -> None:
    search = SearchConfig(trials=4, epochs=2, confirm=0)
    assert quiet(config(data_folder, tiny_folder, search=search)).seconds["confirmation"] == 0


def test_a_part_of_the_rows_stands_for_all(
    data_folder: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = quiet(config(data_folder, tiny_folder))
    monkeypatch.setattr(forecast_rows, "ROWS_MEASURED", complete.train_rows // 4)
    part = quiet(config(data_folder, tiny_folder))
    assert part.train_rows == complete.train_rows
    assert part.rows_measured <= complete.train_rows // 3
    assert part.disk_bytes == complete.disk_bytes


def unpruned(trials: int, epochs: int) -> SearchConfig:
    return SearchConfig(trials=trials, epochs=epochs, pruning=False, patience=0)


def test_twice_the_trials_take_twice_the_search(data_folder: Path, tiny_folder: Path) -> None:
    few, many = (
        quiet(config(data_folder, tiny_folder, search=unpruned(trials, epochs)))
        for trials, epochs in ((4, 1), (40, 4))
    )
    assert many.seconds["search"] > 4 * few.seconds["search"]  # 40 times the training


def test_nothing_is_written(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    before = sorted(tiny_folder.rglob("*"))
    quiet(config(data_folder, tiny_folder))
    assert sorted(tiny_folder.rglob("*")) == before
    assert not (Path.cwd() / "studies" / "forecast").exists()


def test_mistakes_are_refused_as_by_a_study(tiny_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        quiet(config(tmp_path, tiny_folder, data=DataConfig(train=str(tmp_path / "none.csv"))))
    with pytest.raises(ConfigError):
        quiet(config(tmp_path, tiny_folder, search=SearchConfig(trials=0)))


def test_a_search_without_pruning_spares_nothing(data_folder: Path, tiny_folder: Path) -> None:
    search = SearchConfig(trials=8, epochs=3, pruning=False, patience=0)
    found = quiet(config(data_folder, tiny_folder, search=search))
    assert found.spared_seconds == pytest.approx(0)
    assert found.not_known == ()


def test_pruning_is_expected_to_spare_time(data_folder: Path, tiny_folder: Path) -> None:
    found = quiet(config(data_folder, tiny_folder, search=SearchConfig(trials=8, epochs=3)))
    assert found.spared_seconds > 0


def test_an_adapter_takes_less_disk_than_a_model(data_folder: Path, tiny_folder: Path) -> None:
    lora, full = (quiet(config(data_folder, tiny_folder, strategy=one)) for one in ("lora", "full"))
    assert lora.disk_bytes < full.disk_bytes


def test_a_refit_takes_time(data_folder: Path, tiny_folder: Path) -> None:
    search = SearchConfig(trials=4, epochs=2, refit=True)
    assert quiet(config(data_folder, tiny_folder, search=search)).seconds["refit"] > 0
    train = DataConfig(train=str(next((data_folder / "text-classification").glob("train*"))))
    for refit, due in ((None, True), (False, False)):
        search = SearchConfig(trials=4, epochs=2, refit=refit)
        seconds = quiet(config(data_folder, tiny_folder, search=search, data=train)).seconds
        assert (seconds["refit"] > 0) == due


@pytest.mark.parametrize(
    ("folds", "reshuffle", "share"), [(0, False, 0.0), (0, True, 1.0), (5, False, pytest.approx(5 / 6))]
)
def test_which_heads_are_solved_once_more(folds: int, reshuffle: bool, share: float) -> None:
    """On the dev rows of the search, the trials' own heads are compared."""
    study = SimpleNamespace(method=SimpleNamespace(folds=folds), config=SimpleNamespace(reshuffle=reshuffle))
    assert _confirmed_solving(study, 1.0) == share  # type: ignore[arg-type]


def test_scoring_heads_on_resamples_takes_time(data_folder: Path, tiny_folder: Path) -> None:
    found = quiet(config(data_folder, tiny_folder, strategy="frozen", search=SearchConfig(trials=8)))
    assert found.seconds["confirmation"] > 0


def test_the_metric_of_a_plugin_is_measured(data_folder: Path, tiny_folder: Path) -> None:
    search = SearchConfig(trials=2, epochs=1, metric="accuracy")
    assert quiet(config(data_folder, tiny_folder, search=search)).total_seconds > 0
