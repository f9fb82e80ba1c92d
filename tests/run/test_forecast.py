"""A forecast measures what the study is made of, scales it to all rows, and writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from adaptkit.config import DataConfig, SearchConfig, StudyConfig
from adaptkit.errors import ConfigError, DataError
from adaptkit.run import forecast as module
from adaptkit.run.forecast import forecast


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
    assert list(found.seconds) == ["reading rows and model", "encoding", "search", "confirmation", "test"]
    assert all(seconds > 0 for seconds in found.seconds.values())
    assert found.memory_bytes > 0
    assert found.disk_bytes > 0
    assert found.cache_bytes == 0


def test_solved_heads_have_features_in_the_cache(data_folder: Path, tiny_folder: Path) -> None:
    train = str(next((data_folder / "text-classification").glob("train*")))
    search = SearchConfig(trials=4)
    found = quiet(
        config(data_folder, tiny_folder, strategy="frozen", search=search, data=DataConfig(train=train))
    )
    assert found.seconds["search"] > 0
    assert found.seconds["confirmation"] > 0
    assert found.cache_bytes > 0


def test_no_confirmation_takes_no_time(data_folder: Path, tiny_folder: Path) -> None:
    search = SearchConfig(trials=4, epochs=2, confirm=0)
    assert quiet(config(data_folder, tiny_folder, search=search)).seconds["confirmation"] == 0


def test_a_part_of_the_rows_stands_for_all(
    data_folder: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = quiet(config(data_folder, tiny_folder))
    monkeypatch.setattr(module, "ROWS_MEASURED", complete.train_rows // 4)
    part = quiet(config(data_folder, tiny_folder))
    assert part.train_rows == complete.train_rows
    assert part.rows_measured <= complete.train_rows // 3
    assert part.disk_bytes == complete.disk_bytes


def test_twice_the_trials_take_twice_the_search(data_folder: Path, tiny_folder: Path) -> None:
    few, many = (
        quiet(config(data_folder, tiny_folder, search=SearchConfig(trials=trials, epochs=epochs)))
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
