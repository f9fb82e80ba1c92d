from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from adaptkit.cache.entries import Cache
from adaptkit.data.load import load
from adaptkit.models.loading import load_model
from adaptkit.report.progress import Progress
from adaptkit.run.context import Clock, RunContext
from adaptkit.run.resolve import Machine
from adaptkit.run.setup import measure_capacity, prepare_training
from adaptkit.search.space import space_for
from adaptkit.study.folder import StudyFolder
from adaptkit.system.signals import Interruption
from adaptkit.tasks import registry


def desk_of(study: Any, place: Path, said: io.StringIO) -> RunContext:
    """A context with a copy of the study, in the folder ``place``."""
    folder = StudyFolder(Path(shutil.copytree(study.folder.path, place, dirs_exist_ok=True)))
    summary = folder.read_summary()
    assert summary is not None
    progress = Progress(Console(file=said, width=200), 2, summary.metric, summary.direction)
    return RunContext(folder, summary, progress, Clock(), Interruption())


def training_of(study: Any, context: RunContext, kept: Path) -> Any:
    """What the study trains with, made anew; features are kept in the folder ``kept``."""
    config = study.folder.read_config()
    task = registry.load(config.task)
    data = load(task, config.data, config.seed)
    loaded = load_model(task, config.model, data.labels, seed=config.seed, max_length=config.max_length)
    space = space_for(config.strategy, config.search, task.hints, rows=len(data.train))
    machine = Machine(device="cpu", precision="fp32", cache=Cache(folder=kept, limit=10**9))
    return prepare_training(context, config, task, data, loaded, machine, space, 1)


@pytest.mark.parametrize("strategy", ["frozen", "full"])
def test_what_was_prepared_and_measured_is_told_in_the_summary(
    strategy: str, tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    study = tuned("text-classification", strategy)
    said = io.StringIO()
    context = desk_of(study, tmp_path / "study", said)
    training = training_of(study, context, tmp_path / "kept")
    assert context.summary.trained_parameters == training.layout.width == training.initial.numel()
    assert context.summary.total_parameters >= context.summary.trained_parameters
    assert (context.summary.device.split()[0], context.summary.precision) == ("cpu", "fp32")
    assert context.summary.data["dev"].examples == len(training.dev.examples)

    capacity = measure_capacity(context, study.folder.read_config(), training, wanted=2)
    assert 1 <= capacity.limits.slots <= capacity.slots <= 2
    told = context.folder.read_summary()
    assert told is not None
    assert (told.parallel_trials, told.trials_per_pass) == (capacity.slots, capacity.limits.slots)
    assert told.bytes_a_trial == capacity.bytes_a_slot > 4 * training.layout.width
    assert "encoding the data" in said.getvalue()
    assert "measuring how many trials fit together" in said.getvalue()


def test_on_a_cpu_freed_memory_is_kept(
    tuned: Callable[[str, str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr("adaptkit.system.allocator.keep_freed_memory", lambda: asked.append(True))
    study = tuned("text-classification", "full")
    training_of(study, desk_of(study, tmp_path / "study", io.StringIO()), tmp_path / "kept")
    assert asked == [True]


def test_features_of_before_are_reused_and_told(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "frozen")
    reused = []
    for _ in range(2):
        context = desk_of(study, tmp_path / "study", io.StringIO())
        training_of(study, context, tmp_path / "kept")
        reused.append(context.summary.features_reused)
    assert reused[0] == 0
    assert reused[1] > 0


def test_measuring_leaves_the_draws_to_the_seed(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "frozen")
    context = desk_of(study, tmp_path / "study", io.StringIO())
    training = training_of(study, context, tmp_path / "kept")
    drawn = []
    for wanted in (2, 2, 3):
        measure_capacity(context, study.folder.read_config(), training, wanted)
        drawn.append(torch.rand(3).tolist())
    assert drawn[0] == drawn[1] != drawn[2]
