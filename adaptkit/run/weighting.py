"""The weights of the classes and the label smoothing that a study trains with."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.data.rows import listed
from adaptkit.documents import read_json_or_pipe, read_toml
from adaptkit.errors import ConfigError
from adaptkit.task import cross_entropy

if TYPE_CHECKING:
    from adaptkit.config import SearchConfig
    from adaptkit.engine.training import Training
    from adaptkit.task import Task

BALANCED = "balanced"


@dataclass(frozen=True, kw_only=True)
class Weighting:
    """How much the classes count in the loss."""

    weights: Mapping[str, float] | None = None
    """Label → weight, if a file gives them."""

    balanced: bool = False
    """Whether the weights make all classes count the same over the training items."""

    smoothing: float = 0.0
    """Label smoothing."""

    @property
    def in_words(self) -> str:
        """The weights for reports: "none", "balanced", or each label's."""
        if self.weights is None:
            return BALANCED if self.balanced else "none"
        return ", ".join(f"{label} {weight}" for label, weight in self.weights.items())

    def applied(self, training: Training, labels: Sequence[str]) -> Training:
        """The training with this loss."""
        from adaptkit.engine.weighting import weighted

        if self == UNWEIGHTED:
            return training
        equal = dict.fromkeys(labels, 1.0)
        weights = None if self.balanced else self.weights or equal
        return weighted(training, labels, weights, smoothing=self.smoothing)


UNWEIGHTED = Weighting()


def resolve_weighting(search: SearchConfig, task: Task, labels: Sequence[str]) -> Weighting:
    """The configured weighting.

    Raises:
        ConfigError: the task has another loss than cross-entropy, or the file does not fit the labels.
    """
    given, smoothing = search.class_weights, search.label_smoothing
    if given is None and not smoothing:
        return UNWEIGHTED
    if task.loss is not cross_entropy or not labels:
        raise ConfigError(
            f"class weights or label smoothing for the task {task.name!r}",
            expected="a task with one label per item, and adaptkit.cross_entropy as its loss",
            next_step="Leave --class-weights and --label-smoothing out.",
            code="no-class-weights",
        )
    if given in (None, BALANCED):
        return Weighting(balanced=given is not None, smoothing=smoothing)
    return Weighting(weights=_read(str(given), labels), smoothing=smoothing)


def _read(path: str, labels: Sequence[str]) -> dict[str, float]:
    """The weights in the order of the labels, from a file or from JSON itself; raises ConfigError."""
    found = _mapping(path)
    unknown = [label for label in found if label not in labels]
    missing = [label for label in labels if label not in found]
    wrong = [label for label, weight in found.items() if not _is_weight(weight)]
    problems = [
        *([f"unknown labels {listed(unknown)}"] if unknown else []),
        *([f"no weight for {listed(missing)}"] if missing else []),
        *([f"the weight of {wrong[0]!r} is {found[wrong[0]]!r:.40}"] if wrong else []),
    ]
    if problems:
        raise _wrong(path, "; ".join(problems), f"a number above 0 for each of {listed(labels, most=20)}")
    return {label: float(found[label]) for label in labels}


def _is_weight(value: object) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf  # type: ignore[operator]


def _mapping(path: str) -> Mapping[str, Any]:
    expected = f"{BALANCED!r}, or a JSON or TOML file of labels and their weights"
    try:
        found = json.loads(path) if path.startswith("{") else _document(Path(path))
    except (OSError, ValueError) as error:
        raise _wrong(path, f"{type(error).__name__}: {error}", expected) from error
    if not isinstance(found, dict):
        raise _wrong(path, "it is not a mapping of labels to weights", expected)
    return found


def _document(path: Path) -> Any:
    return read_toml(path) if path.suffix.lower() == ".toml" else read_json_or_pipe(path)


def _wrong(path: str, problem: str, expected: str) -> ConfigError:
    return ConfigError(
        f"class weights {path!r:.200}: {problem}",
        expected=expected,
        next_step="Correct the file, or name another with --class-weights.",
        code="invalid-class-weights",
    )
