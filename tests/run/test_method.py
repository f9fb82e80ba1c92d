"""The folds that a study resolves to, from its rows and their groups."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adaptkit.config import DataConfig, StudyConfig
from adaptkit.data.load import Dataset, load
from adaptkit.errors import ConfigError
from adaptkit.run.method import resolve_method
from adaptkit.tasks import registry

CONFIG = StudyConfig(task="nli", strategy="frozen", pooling="pair", layers=0)


def rows_about(premises: int, folder: Path) -> Dataset:
    lines = [f"p{n % premises},h{n},{'yes' if n % 4 < 2 else 'no'}" for n in range(40)]
    (folder / "rows.csv").write_text("\n".join(["premise,hypothesis,label", *lines]))
    return load(registry.load("nli"), DataConfig(data=str(folder / "rows.csv")), seed=0)


@pytest.mark.parametrize(("premises", "folds"), [(20, 5), (5, 5), (3, 3), (2, 2)])
def test_there_are_no_more_folds_than_groups(
    premises: int, folds: int, tiny_folder: Path, tmp_path: Path
) -> None:
    config, data = replace(CONFIG, model=str(tiny_folder)), rows_about(premises, tmp_path)
    assert resolve_method(config, registry.load("nli"), None, data).folds == folds


def test_more_folds_than_groups_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    config, data = replace(CONFIG, folds=4, model=str(tiny_folder)), rows_about(3, tmp_path)
    with pytest.raises(ConfigError, match=r"4 folds, but the rows are in 3 groups.*--folds") as caught:
        resolve_method(config, registry.load("nli"), None, data)
    assert caught.value.code == "too-many-folds"
