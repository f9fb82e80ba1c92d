"""Folders that all worker processes of a test run share: made by the first that asks for one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from adaptkit.run.study import Study


def shared_root(factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of the test run; pytest-xdist gives each worker a folder of its own inside it."""
    own = factory.getbasetemp()
    root = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    (root / "shared").mkdir(exist_ok=True)
    return root / "shared"


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Call ``make(folder)`` unless the folder exists; other workers wait until it is complete."""
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            _make_or_remove(folder, make)
    return folder


def _make_or_remove(folder: Path, make: Callable[[Path], object]) -> None:
    try:
        make(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def tuned_once(studies: Path, task: str, strategy: str, data: Path, model: Path) -> Study:
    """A study of two trials in ``studies``."""
    import adaptkit
    from adaptkit.run.study import Study
    from adaptkit.study.folder import StudyFolder

    # As transformers' pipelines decode, with which some tests compare.
    options = {"decoding": "argmax"} if task == "ner" else {}

    def tune(path: Path) -> Any:
        return adaptkit.tune(
            task, options=options, data=str(data), model=str(model), strategy=strategy, trials=2,
            epochs=3, learning_rate=(2e-3, 2e-2), batch_sizes=(4,), study=path.name,
            studies=path.parent, device="cpu", precision="fp32",  # as exported models are scored
        )  # fmt: skip

    folder = StudyFolder(made_once(studies / f"{task}-{strategy}", tune))
    summary = folder.read_summary()
    assert summary is not None
    return Study(folder, summary, folder.read_trials())
