"""What a forecast measures its steps on, and what all kinds of steps share."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.run.confirmation_scheduler import RESAMPLES
from adaptkit.run.ended_trials import WEIGHTS_KEPT
from adaptkit.run.weights import weights_writer
from adaptkit.study.weights import KeptWeights
from adaptkit.tasks.resampled import resampled_scores, resamples

if TYPE_CHECKING:
    import torch

    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.engine.evaluate import ScoringSet
    from adaptkit.engine.prepare import Model
    from adaptkit.engine.training import Training
    from adaptkit.engine.types import Outcome, RungReport, Trial
    from adaptkit.models.loading import LoadedModel
    from adaptkit.run.method import Method
    from adaptkit.run.resolve import Machine
    from adaptkit.task import Task

TIMED_RESAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What is measured."""

    config: StudyConfig
    task: Task
    """With the head that the study uses."""

    data: Dataset
    """All rows."""

    part: Dataset
    """The rows that are measured."""

    loaded: LoadedModel
    """Its parts are used and changed."""

    machine: Machine
    method: Method
    metric: str
    direction: str
    place: Path
    """A folder for temporary files."""

    @property
    def share(self) -> float:
        """How many times as many rows there are for training and scoring."""
        rows = len(self.data.train) + len(self.data.dev)
        return rows / (len(self.part.train) + len(self.part.dev))


class Listed:
    """An `adaptkit.engine.types.Scheduler` with a list of trials that keeps their outcomes."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.waiting = list(trials)
        self.outcomes: list[Outcome] = []

    def suggest(self, free: int) -> Sequence[Trial]:
        """The next trials of the list."""
        taken, self.waiting = self.waiting[:free], self.waiting[free:]
        return taken

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        """Nothing is pruned."""
        return {}

    def on_trial_end(self, outcome: Outcome) -> None:
        """Keep the outcome."""
        self.outcomes.append(outcome)

    def check(self) -> None:
        """Nothing ends the trials."""

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        """Nothing ends the trials."""
        return True


def seconds_of(work: Callable[[], object]) -> float:
    """How long the work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class Counted:
    """An `adaptkit.engine.store.FeatureStore` in memory that counts what the cache would keep."""

    def __init__(self) -> None:
        self.nbytes = 0

    def find(self, key: str) -> torch.Tensor | None:
        """None: nothing is kept from before."""
        return None

    def keep(self, key: str, shape: Sequence[int], parts: Iterable[torch.Tensor]) -> torch.Tensor:
        """The parts as one tensor."""
        from adaptkit.engine.store import gathered

        features = gathered(shape, parts)
        self.nbytes += features.nbytes
        return features


def model_of(of: Measured, store: Counted) -> Model:
    """The loaded model as the study's strategy trains it, with a frozen encoder's features in a store."""
    from adaptkit.engine.patches.fast_paths import FAST_PATHS
    from adaptkit.engine.prepare import prepare_model
    from adaptkit.run.resolve import strategy_of

    return prepare_model(
        of.task, of.loaded, of.data.labels, strategy_of(of.config),
        device=of.machine.device, bfloat16=of.machine.precision == "bf16",
        store=store,
        fast_paths=FAST_PATHS if of.config.fast_paths else (),
    )  # fmt: skip


def resampling(of: Measured, outcomes: Sequence[Outcome], dev: ScoringSet) -> float:
    """The seconds in which a confirmation run is scored on the resamples of all dev rows."""
    predictions = next((one.predictions for one in outcomes if one.predictions), None)
    if predictions is None:
        return 0.0
    places = resamples(len(dev.rows), seed=0, count=TIMED_RESAMPLES)  # [resamples, rows]
    seconds = seconds_of(lambda: resampled_scores(of.task.metric, of.metric, predictions, dev.rows, places))
    return seconds * RESAMPLES / TIMED_RESAMPLES


def keeping_weights(of: Measured, training: Training) -> float:
    """The seconds in which the weights of one trial are written."""
    write, folder = weights_writer(training.initial, training.vocabulary), of.place / "weights"
    folder.mkdir()
    return seconds_of(lambda: KeptWeights(folder).keep("0.safetensors", write))


def times_kept(trials: int) -> float:
    """How often a trial is among the best so far, in an order by chance: its weights are then written."""
    best = min(trials, WEIGHTS_KEPT)
    return best * (1 + math.log(trials / best)) if trials else 0.0
