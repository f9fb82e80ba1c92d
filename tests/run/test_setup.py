from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from adaptkit.cache.entries import Cache
from adaptkit.config import DataConfig, StudyConfig
from adaptkit.data.load import load
from adaptkit.models.loading import load_model
from adaptkit.report.progress import Progress
from adaptkit.run.context import Clock, RunContext
from adaptkit.run.method import Method
from adaptkit.run.resolve import Machine
from adaptkit.run.setup import measure_capacity, prepare_training, read_data
from adaptkit.search.space import space_for
from adaptkit.strategies.registry import built_in
from adaptkit.study.folder import StudyFolder
from adaptkit.study.provenance import Provenance
from adaptkit.system.signals import Interruption
from adaptkit.tasks import registry


def context_of(study: Any, place: Path, output: io.StringIO) -> RunContext:
    """A context with a copy of the study, in the folder ``place``."""
    folder = StudyFolder(Path(shutil.copytree(study.folder.path, place, dirs_exist_ok=True)))
    summary = folder.read_summary()
    assert summary is not None
    progress = Progress(Console(file=output, width=200), 2, summary.metric, summary.direction)
    return RunContext(folder, summary, progress, Clock(), Interruption())


def training_of(study: Any, context: RunContext, kept: Path) -> Any:
    """The study's training, prepared again. Features are kept in the folder ``kept``."""
    config = study.folder.read_config()
    task = registry.load(config.task)
    data = load(task, config.data, config.seed)
    loaded = load_model(task, config.model, data.labels, seed=config.seed, max_length=config.max_length)
    space = space_for(built_in(config.strategy), config.search, task.hints, rows=len(data.train))
    machine = Machine(device="cpu", precision="fp32", cache=Cache(folder=kept, limit=10**9))
    method = Method(pooling="checkpoint", solver="adamw", folds=0, layers=0)
    _, training = prepare_training(context, config, task, data, loaded, machine, space, 1, method)
    return training


def test_a_study_keeps_how_its_dev_rows_were_split_off(tmp_path: Path) -> None:
    lines = [f"p{n // 3},h{n},{'yes' if n % 2 else 'no'}" for n in range(60)]
    (tmp_path / "train.csv").write_text("\n".join(["premise,hypothesis,label", *lines]))
    config = StudyConfig(task="nli", data=DataConfig(data=str(tmp_path / "train.csv")))
    task, progress = registry.load("nli"), Progress(Console(file=io.StringIO()), 2, "f1", "maximize")
    recorded = Provenance(
        versions={}, data_fingerprint="", labels=2, space={}, fixed={}, metric="f1", direction="maximize"
    )
    new, by_row, by_premise = (
        read_data(config, task, earlier, progress, Clock())
        for earlier in (None, recorded, replace(recorded, split=2))
    )
    assert (new.split, by_row.split, by_premise.split) == (3, 1, 2)
    assert new.fingerprint == by_premise.fingerprint == load(task, config.data, 0).fingerprint
    assert by_row.fingerprint == load(task, config.data, 0, split=1).fingerprint != new.fingerprint


def test_an_earlier_study_keeps_copies_of_rows_in_train(tmp_path: Path) -> None:
    lines = [f"text {n % 45},{'yes' if n % 3 else 'no'}" for n in range(60)]
    (tmp_path / "train.csv").write_text("\n".join(["text,label", *lines]))
    config = StudyConfig(task="text-classification", data=DataConfig(data=str(tmp_path / "train.csv")))
    task, progress = registry.load(config.task), Progress(Console(file=io.StringIO()), 2, "f1", "maximize")
    recorded = Provenance(
        versions={}, data_fingerprint="", labels=2, space={}, fixed={}, metric="f1", direction="maximize",
        split=2,
    )  # fmt: skip
    new, earlier = (read_data(config, task, its, progress, Clock()) for its in (None, recorded))
    copied = {f"text {n}" for n in range(15)}
    assert (new.split, earlier.split) == (3, 2)
    assert copied & {row["text"] for row in new.dev.values}
    assert not copied & {row["text"] for row in earlier.dev.values}


@pytest.mark.parametrize("strategy", ["frozen", "full"])
def test_the_summary_has_what_was_prepared_and_measured(
    strategy: str, tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    study = tuned("text-classification", strategy)
    output = io.StringIO()
    context = context_of(study, tmp_path / "study", output)
    training = training_of(study, context, tmp_path / "kept")
    assert context.summary.trained_parameters == training.layout.width == training.initial.numel()
    assert context.summary.total_parameters >= context.summary.trained_parameters
    assert (context.summary.device.split()[0], context.summary.precision) == ("cpu", "fp32")
    assert context.summary.data["dev"].examples == len(training.dev.examples)

    capacity = measure_capacity(context, study.folder.read_config(), training, wanted=2)
    assert 1 <= capacity.limits.slots <= capacity.slots <= 2
    written = context.folder.read_summary()
    assert written is not None
    assert (written.parallel_trials, written.trials_per_pass) == (capacity.slots, capacity.limits.slots)
    assert written.bytes_a_trial == capacity.bytes_a_slot > 4 * training.layout.width
    assert "encoding the data" in output.getvalue()
    assert "measuring how many trials fit together" in output.getvalue()


def test_the_reason_for_one_trial_at_a_time_is_reported(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    study, output = tuned("text-classification", "full"), io.StringIO()
    context = context_of(study, tmp_path / "study", output)
    training = training_of(study, context, tmp_path / "kept")
    assert list(context.summary.fast_paths or ()) == list(training.fast_paths)
    config = replace(study.folder.read_config(), parallel_trials=1)
    measure_capacity(context, config, training, wanted=2)
    assert context.summary.not_together == "--parallel-trials 1"
    assert "trials are not trained together: --parallel-trials 1" in output.getvalue()
    measure_capacity(context, replace(config, parallel_trials=2), training, wanted=2)
    assert context.summary.not_together == ""


def test_the_allocator_of_a_users_process_is_left_alone(
    tuned: Callable[[str, str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr("adaptkit.system.allocator.keep_freed_memory", lambda: asked.append(True))
    study = tuned("text-classification", "full")
    training_of(study, context_of(study, tmp_path / "study", io.StringIO()), tmp_path / "kept")
    assert asked == []


def test_kept_features_are_reused_and_counted(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "frozen")
    reused = []
    for _ in range(2):
        context = context_of(study, tmp_path / "study", io.StringIO())
        training_of(study, context, tmp_path / "kept")
        reused.append(context.summary.features_reused)
    assert reused[0] == 0
    assert reused[1] > 0


def test_measuring_does_not_change_the_random_draws(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "frozen")
    context = context_of(study, tmp_path / "study", io.StringIO())
    training = training_of(study, context, tmp_path / "kept")
    drawn = []
    for wanted in (2, 2, 3):
        measure_capacity(context, study.folder.read_config(), training, wanted)
        drawn.append(torch.rand(3).tolist())
    assert drawn[0] == drawn[1] != drawn[2]
