from __future__ import annotations

import io
import os
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from adaptkit.analysis.baselines import baseline_scores, out_of_fold_scores
from adaptkit.config import DataConfig, StudyConfig
from adaptkit.data.folds import folds_of
from adaptkit.data.load import Dataset, load
from adaptkit.errors import Interrupted
from adaptkit.report.progress import Progress
from adaptkit.run.baselines import score_baselines, score_baselines_on_test
from adaptkit.run.context import Clock, RunContext
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import TrialRecord, as_json, summary_from_json
from adaptkit.system.signals import Interruption
from adaptkit.task import MAJORITY_CLASS, Row, Task
from adaptkit.tasks import registry


@pytest.fixture
def task() -> Task:
    return registry.load("text-classification")


@pytest.fixture
def data(task: Task) -> Dataset:
    return load(task, DataConfig(), 0)


@pytest.fixture
def context(tuned: Callable[[str, str], Any], tmp_path: Path) -> RunContext:
    study = tuned("text-classification", "frozen")
    folder = StudyFolder(Path(shutil.copytree(study.folder.path, tmp_path / "copy")))
    summary = folder.read_summary()
    assert summary is not None
    progress = Progress(Console(file=io.StringIO()), 2, "accuracy", "maximize")
    return RunContext(folder, replace(summary, baselines={}, folds=0), progress, Clock(), Interruption())


CONFIG = StudyConfig(task="text-classification", seed=3)


def test_the_scores_are_recorded_once(context: RunContext, task: Task, data: Dataset) -> None:
    assert score_baselines(context, CONFIG, task, data)
    expected = baseline_scores(task, data.train.values, data.dev.values, data.labels)
    recorded = context.folder.read_summary()
    assert recorded is not None
    assert recorded.baselines == expected
    assert MAJORITY_CLASS in expected
    assert not score_baselines(context, CONFIG, task, data)


def test_with_folds_the_rows_are_those_of_the_trials(context: RunContext, task: Task, data: Dataset) -> None:
    context.summary = replace(context.summary, folds=4)
    assert score_baselines(context, CONFIG, task, data)
    rows = data.train.joined(data.dev)
    folds = folds_of(task, rows, 4, 3).tolist()
    assert context.summary.baselines == out_of_fold_scores(task, rows.values, folds, data.labels)


def test_a_baseline_that_fails_is_a_warning(context: RunContext, task: Task, data: Dataset) -> None:
    def broken(train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]) -> Mapping[str, Any]:
        raise KeyError("label")

    for _ in range(2):
        assert not score_baselines(context, CONFIG, replace(task, baseline=broken), data)
    assert context.summary.baselines == {}
    warnings = [one for one in context.summary.warnings if "baselines" in one]
    assert warnings == ["the baselines could not be scored: KeyError: 'label'"]


def test_a_task_without_baselines_has_none(context: RunContext, task: Task, data: Dataset) -> None:
    assert not score_baselines(context, CONFIG, replace(task, baseline=None), data)
    assert context.summary.baselines == {}


@pytest.mark.parametrize("hidden", [False, True])
def test_a_signal_ends_it_at_once(context: RunContext, task: Task, data: Dataset, hidden: bool) -> None:
    """Also if a library turns the exception into one of its own."""

    def slow(train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]) -> Mapping[str, Any]:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            signal.sigtimedwait([], 60)
        except Interrupted:
            if hidden:
                raise ValueError("something else") from None
            raise
        return {}

    with pytest.raises(Interrupted), context.interruption, context.interruption.guarded():
        score_baselines(context, CONFIG, replace(task, baseline=slow), data)
    assert not any("baselines" in one for one in context.summary.warnings)


@pytest.fixture
def best(context: RunContext) -> TrialRecord:
    context.summary = replace(context.summary, test={"accuracy": 0.5}, test_baselines={}, refit=None)
    return context.folder.read_trials()[0]


def test_the_test_rows_are_scored_once(
    context: RunContext, task: Task, data: Dataset, best: TrialRecord
) -> None:
    assert data.test is not None
    assert score_baselines_on_test(context, CONFIG, task, data, best)
    expected = baseline_scores(task, data.train.values, data.test.values, data.labels)
    recorded = context.folder.read_summary()
    assert recorded is not None
    assert recorded.test_baselines == expected
    assert not score_baselines_on_test(context, CONFIG, task, data, best)


@pytest.mark.parametrize("changes", [{"folds": 4}, {"refit": 0}])
def test_on_test_they_have_the_exported_models_rows(
    context: RunContext, task: Task, data: Dataset, best: TrialRecord, changes: dict[str, int]
) -> None:
    trained: list[int] = []

    def counted(train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]) -> Mapping[str, Any]:
        trained.append(len(train))
        return {"first": [{"label": labels[0]} for _ in rows]}

    assert best.number == 0
    context.summary = replace(context.summary, **changes)  # type: ignore[arg-type]
    assert score_baselines_on_test(context, CONFIG, replace(task, baseline=counted), data, best)
    assert trained == [len(data.train) + len(data.dev)]


def test_without_a_test_score_there_is_nothing_to_compare(
    context: RunContext, task: Task, data: Dataset, best: TrialRecord
) -> None:
    assert not score_baselines_on_test(context, CONFIG, replace(task, baseline=None), data, best)
    assert not score_baselines_on_test(context, CONFIG, task, replace(data, test=None), best)
    context.summary = replace(context.summary, test={})
    assert not score_baselines_on_test(context, CONFIG, task, data, best)
    assert context.summary.test_baselines == {}


def test_records_without_baselines_are_read(context: RunContext) -> None:
    values = as_json(context.summary)
    del values["baselines"]
    assert summary_from_json(values).baselines == {}
