"""Fixtures for all tests; the functions behind them are in tests/helpers/."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.data import write_data
from tests.helpers.models import TinyModels, write_model
from tests.helpers.shared import made_once, shared_root, tuned_once


@pytest.fixture(scope="session", autouse=True)
def cache_of_all_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache folder of session fixtures, instead of the user's own."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADAPTKIT_CACHE", str(folder))
        patch.delenv("ADAPTKIT_CACHE_LIMIT", raising=False)
        yield folder


@pytest.fixture(autouse=True)
def cache_of_one_test(cache_of_all_tests: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of this test, which does not exist yet, so that no test depends on another."""
    folder = cache_of_all_tests / secrets.token_hex(8)
    monkeypatch.setenv("ADAPTKIT_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_model() -> Callable[..., Any]:
    """``(family, head_class, **settings) -> LoadedModel``: random weights, the head newly initialized."""
    return TinyModels().load


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers share: for what is expensive to make, and only read."""
    return shared_root(tmp_path_factory)


@pytest.fixture(scope="session")
def tiny_folder(shared: Path) -> Path:
    """A model folder: a small BERT with random weights whose vocabulary covers `data_folder`."""
    return made_once(shared / "tiny", write_model)


@pytest.fixture(scope="session")
def data_folder(shared: Path) -> Path:
    """``ner/`` and ``text-classification/``, each with train, dev and test files."""
    return made_once(shared / "data", write_data)


@pytest.fixture(scope="session")
def tuned(shared: Path, tiny_folder: Path, data_folder: Path) -> Callable[[str, str], Any]:
    """``(task, strategy) -> Study`` with two trials. To be read, not written to."""

    def of(task: str, strategy: str) -> Any:
        return tuned_once(shared / "studies", task, strategy, data_folder / task, tiny_folder)

    return of


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a tmpfs is not permitted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
