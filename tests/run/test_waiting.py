"""The time that the search takes is announced from the measured speed."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from rich.console import Console

from adaptkit.config import SearchConfig, StudyConfig
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.capacity import Capacity
from adaptkit.report.progress import Progress
from adaptkit.run.context import RunContext
from adaptkit.run.head_init import START
from adaptkit.run.method import Method
from adaptkit.run.waiting import expected_seconds, show_waiting
from tests.helpers.number_task import number_rows
from tests.helpers.populations import make_training

if TYPE_CHECKING:
    from adaptkit.data.load import Dataset

METHOD = Method(pooling="mean", solver="adamw", head_init="solved", folds=0, layers=0)


@pytest.fixture
def capacity(tiny_model: Any) -> Capacity:
    """Of a training with 40 examples and 2 rungs per epoch, at 10 examples a second."""
    training = make_training(
        tiny_model("bert"), "full", "token-classification", number_rows(40), micro_batch=8, rungs=2
    )
    limits = BatchLimits(slots=2, examples=8)
    return Capacity(training=training, slots=4, limits=limits, bytes_a_slot=1, speeds={1: 6.0, 2: 10.0})


def shown(capacity: Capacity, strategy: Any, trials: int, *, dev_from_train: bool = False) -> str:
    output = io.StringIO()
    progress = Progress(Console(file=output, width=200), trials, "f1", "maximize")
    summary = SimpleNamespace(baselines={START: {}})  # so the runs' weights are averaged
    context = cast("RunContext", SimpleNamespace(progress=progress, summary=summary))
    config = StudyConfig(task="ner", strategy=strategy, search=SearchConfig(trials=trials))
    data = cast("Dataset", SimpleNamespace(train=range(40), dev=range(10), dev_from_train=dev_from_train))
    show_waiting(context, config, METHOD, data, capacity, trials=trials, rungs=6)
    return output.getvalue()


def test_the_time_is_that_of_all_examples(capacity: Capacity) -> None:
    assert expected_seconds(capacity, trials=5, rungs=6) == pytest.approx(1.2 * 5 * 40 * 3 / 10)
    assert expected_seconds(replace(capacity, speeds={}), trials=5, rungs=6) is None
    assert expected_seconds(replace(capacity, speeds={1: 3.0, 2: 0.0}), trials=5, rungs=6) is None


def test_a_short_training_is_announced(capacity: Capacity) -> None:
    assert "search: about 1 min 12 s at most, confirmation: 58 s\n" in shown(capacity, "full", 5)
    assert "search: about 43 s at most\n" in shown(capacity, "full", 3)  # too few trials to confirm
    assert shown(replace(capacity, speeds={}), "full", 5) == ""


def test_the_training_on_all_rows_is_announced(capacity: Capacity) -> None:
    confirmed = shown(capacity, "full", 5, dev_from_train=True)
    assert "confirmation: 58 s, refit: 36 s\n" in confirmed  # 2 runs on 50 rows in place of 40
    assert "refit" not in shown(capacity, "full", 3, dev_from_train=True)


def test_a_long_training_names_what_is_quicker(capacity: Capacity) -> None:
    assert "on this CPU" in shown(capacity, "full", 50)
    assert "--strategy frozen" in shown(capacity, "full", 50)
    assert "--strategy frozen" not in shown(capacity, "frozen", 50)
