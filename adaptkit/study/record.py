"""The records of a study: one JSON file per trial, and one for the study.

Reports and repairs read these files; Optuna's ``study.db`` is the sampler's. No torch and no Optuna here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from adaptkit.config import STRICT
from adaptkit.study.checked import checked, renamed, with_nan
from adaptkit.study.confirmation import Confirmation
from adaptkit.study.parts import RungRecord as RungRecord
from adaptkit.study.parts import SplitRecord as SplitRecord
from adaptkit.study.refit import Refit

TrialState = Literal["complete", "pruned", "fail"]
StudyState = Literal["running", "interrupted", "finished", "failed"]

Number = int | float
"""A number as it is written: whole numbers stay whole when a record is read."""
INTERRUPTED = "interrupted"
"""The start of the reason of a trial that was interrupted from outside: by a signal or a killed process."""

TIMEOUT = ("the timeout was reached", "time was up")
"""The end of the reason of a trial that the timeout cut short, today and in version 0.1.0."""


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """A trial that has ended: its hyperparameters, its scores, and why it ended."""

    __pydantic_config__ = STRICT

    number: int
    state: TrialState
    reason: str
    """Why it ended: "trained 3 epochs", "pruned after epoch 0.50: ...", "out of memory: ..."."""

    origin: str
    """Where its hyperparameters come from: "default", "search", or "retry of trial 3"."""

    hyperparameters: Mapping[str, Number]
    """``learning_rate``, ``batch_size``, ``epochs``, ``weight_decay``, ``warmup``; or ``l2`` alone."""

    seed: int
    rungs: Sequence[RungRecord] = ()
    best_rung: int | None = None
    """The place in ``rungs`` of the kept one: the best, or a later one about as good. None if it has none."""

    values: Mapping[str, Number] = field(default_factory=dict)
    """Every reported number on the dev set, at the kept rung."""

    groups: Mapping[str, Mapping[str, Number]] = field(default_factory=dict)
    """The per-class or per-type numbers, at the kept rung."""

    calibration: Mapping[str, Number] = field(default_factory=dict)
    """The numbers that the task chose on the dev set, such as a threshold, at the kept rung."""

    split: int = 0
    """The number of its split into training and dev rows: 0 for the study's own, else another one."""

    seconds: float = 0.0
    """From its first step to its end. Trials that are trained together share these seconds."""

    @property
    def score(self) -> float | None:
        """The optimised number at the kept rung."""
        return None if self.best_rung is None else self.rungs[self.best_rung].score

    @property
    def interrupted(self) -> bool:
        """Whether it was interrupted from outside. It does not count towards the study's total."""
        return self.state == "fail" and self.reason.startswith(INTERRUPTED)

    @property
    def cut_short(self) -> bool:
        """Whether the timeout ended it before its last rung. It counts with its score so far."""
        return self.state == "complete" and self.reason.endswith(TIMEOUT)

    @property
    def is_default(self) -> bool:
        """Whether it has the strategy's default hyperparameters, in the first attempt or a retry."""
        return self.origin in ("default", "retry of trial 0")


@dataclass(frozen=True, kw_only=True)
class StudySummary:
    """The study so far."""

    __pydantic_config__ = STRICT
    name: str
    state: StudyState
    task: str
    strategy: str
    model: str
    metric: str
    direction: str
    groups_title: str
    labels: Sequence[str]
    data: Mapping[str, SplitRecord]
    """Split name ("train", "dev", "test") → what was read."""

    space: Mapping[str, str]
    """Each searched hyperparameter and its range, in words."""

    trials: int
    """The requested total, or the number of trials if there are more."""

    trained_parameters: int
    total_parameters: int
    device: str
    precision: str
    parallel_trials: int
    """Trials in one population."""

    trials_per_pass: int
    """Trials in one forward pass, as measured."""

    micro_batch: int
    """The most examples of one trial in one forward pass."""

    workers: int = 1
    """The populations that the last run trained at the same time, each in a process of its own."""

    bytes_a_trial: int = 0
    """The memory that one more trial in the population takes, as measured."""

    speeds: Mapping[str, Number] = field(default_factory=dict)
    """Trials in one forward pass → examples per second of all of them; empty if not measured."""

    fast_paths: Sequence[str] | None = None
    """The fast paths in use, by name; None if not recorded."""

    not_together: str = ""
    """Why trials could not share a forward pass; empty if they could."""

    occurring_tokens: int | None = None
    """How many token embeddings are trained, if the embeddings of tokens that do not occur were left out."""

    sample: bool = False
    """Whether the study used the task's sample, because no data was given."""

    best: int | None = None
    """The number of the winning trial."""

    test: Mapping[str, Number] = field(default_factory=dict)
    """The winner's scores on the test set, computed once."""

    test_groups: Mapping[str, Mapping[str, Number]] = field(default_factory=dict)
    test_intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The 95% interval over the test rows of each number in ``test`` that has one."""

    test_no_interval: Mapping[str, str] = field(default_factory=dict)
    """Why the others have none."""

    importances: Mapping[str, Number] = field(default_factory=dict)
    """Each hyperparameter's share of the score's variance, as Optuna estimates it."""

    seconds: Mapping[str, Number] = field(default_factory=dict)
    """Phase, such as "data", "features", "train", "score", "confirm" or "refit" → seconds, over all runs."""

    peak_memory_bytes: int = 0
    encoder_passes: int | None = None
    """How often the frozen encoder read the data, or part of it; None for other strategies."""

    features_reused: int = 0
    """The examples whose features were read from the cache."""

    model_folder: str | None = None
    """The exported winner's folder; None before the export. The path is the one at the time of the export."""

    saved_as: str = ""
    """How trials are saved, "model" or "adapter"; earlier versions did not record it."""

    trained_how: str = ""
    """How the models are trained, in the strategy's words; earlier versions did not record it."""

    new_tokens: Sequence[str] = field(default_factory=list)
    """The tokens that the task adds to the tokenizer."""

    pooling: str = "checkpoint"
    """How the head pools the tokens' states; "checkpoint" where it is transformers' or the plugin's own."""

    pooling_scores: Mapping[str, Number] = field(default_factory=dict)
    """Pooling → what its solved head scored in cross-validation; empty if none had to be chosen."""

    layers: int = 0
    """How many of the encoder's layers are used; 0 for all."""

    folds: int = 0
    """The folds of cross-validation that scored the trials; 0 where dev rows did."""

    reshuffle: bool = False
    """Whether each trial had a split into training and dev rows of its own."""

    baselines_split: int = 0
    """The number of the split on whose dev rows the baselines were scored."""

    start_scores: Mapping[str, Mapping[str, Number]] = field(default_factory=dict)
    """With splits of their own: the number of a split → the scores of the head that its trials start with."""

    class_weights: str = "none"
    """The weights of the classes in the loss, in words."""

    label_smoothing: float = 0.0

    baselines: Mapping[str, Mapping[str, Number]] = field(default_factory=dict)
    """The name of each baseline → its numbers on the rows that scored the trials."""

    test_baselines: Mapping[str, Mapping[str, Number]] = field(default_factory=dict)
    """The same on the test rows, trained on the rows that the exported model was trained on."""

    refit: int | None = None
    """The trial whose head was solved on the training and dev rows together by an earlier version."""

    trained_again: Refit | None = None
    """The winner trained again on the training and dev rows together; None if it was not."""

    metric_is: str = ""
    """What the metric is, in the task's words; empty if its name says it."""

    head: str = ""
    """The tag of transformers' head, such as "token-classification"; empty for a task's own head."""

    gives: str = ""
    max_length: int = 0
    """`adaptkit.tasks.outputs.gives`, and the most tokens of an example; earlier versions had neither."""

    confirmation: Confirmation | None = None
    """What was confirmed with new seeds, and the result; None if nothing was."""

    warnings: Sequence[str] = ()
    truncation: Sequence[str] = field(default_factory=list)
    """The warnings about rows that are longer than the model reads; they are among ``warnings``, too."""

    plugin: str = ""
    """The distribution that the task comes from; its version is in ``versions``."""

    versions: Mapping[str, str] = field(default_factory=dict)
    """Distribution name → version."""

    started: str = ""
    """UTC, ISO 8601, as the next one."""
    updated: str = ""

    @property
    def adapter(self) -> bool:
        """Whether trials are saved as adapters."""
        return self.saved_as == "adapter" or (not self.saved_as and self.strategy == "lora")


NUMBERS = ("test", "importances", "seconds", "speeds")
"""The fields of the summary that hold numbers by name."""

UNTESTED: Mapping[str, Any] = {
    "test": {}, "test_groups": {}, "test_intervals": {}, "test_no_interval": {}, "test_baselines": {}
}  # fmt: skip
"""The changes to a summary whose winner is not, or no longer, the one that was scored on the test rows."""


def as_json(record: TrialRecord | StudySummary) -> dict[str, Any]:
    """The record as JSON-ready values."""
    return asdict(record)


def trial_from_json(values: Mapping[str, Any]) -> TrialRecord:
    """The trial record from its JSON values; raises ValueError if a value has the wrong type."""
    values = renamed(values, {"settings": "calibration"})
    rungs = [with_nan(rung) for rung in values["rungs"]]
    groups = {name: with_nan(group) for name, group in values["groups"].items()}
    numbers = {"rungs": rungs, "values": with_nan(values["values"]), "groups": groups}
    record = checked(TrialRecord, {**values, **numbers})
    if record.best_rung is not None and record.best_rung not in range(len(record.rungs)):
        raise ValueError(f"best_rung: {record.best_rung} of {len(record.rungs)} rungs")
    return replace(record, rungs=tuple(record.rungs))


def summary_from_json(values: Mapping[str, Any]) -> StudySummary:
    """The summary from its JSON values; raises ValueError if a value has the wrong type."""
    values = renamed(values, {"together": "parallel_trials", "rows_per_pass": "trials_per_pass"})
    numbers: dict[str, Any] = {name: with_nan(values[name]) for name in NUMBERS if name in values}
    for name in ("test_groups", "baselines", "test_baselines", "start_scores"):
        numbers[name] = {group: with_nan(its) for group, its in values.get(name, {}).items()}
    return checked(StudySummary, {**values, **numbers})


def best_trial(trials: Sequence[TrialRecord], direction: str) -> TrialRecord | None:
    """The complete trial with the best score, the earlier one of equals; None if no trial is complete."""
    scored = [trial for trial in trials if trial.state == "complete" and trial.score is not None]
    sign = -1.0 if direction == "maximize" else 1.0
    return min(scored, key=lambda trial: (sign * (trial.score or 0.0), trial.number), default=None)
