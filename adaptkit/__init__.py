"""adaptkit adapts pre-trained encoders to tasks, tuned. Its public names, loaded when first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adaptkit.data.text import numbered_lines as numbered_lines
    from adaptkit.data.text import whole_text as whole_text
    from adaptkit.errors import AdaptkitError as AdaptkitError
    from adaptkit.export.predictor import Predictor as Predictor
    from adaptkit.export.predictor import load as load
    from adaptkit.run.study import Study as Study
    from adaptkit.run.tune import tune as tune
    from adaptkit.task import CONTRACT_VERSION as CONTRACT_VERSION
    from adaptkit.task import DataWarning as DataWarning
    from adaptkit.task import Example as Example
    from adaptkit.task import Form as Form
    from adaptkit.task import Metric as Metric
    from adaptkit.task import Prediction as Prediction
    from adaptkit.task import Row as Row
    from adaptkit.task import Scores as Scores
    from adaptkit.task import SearchHints as SearchHints
    from adaptkit.task import SkipRow as SkipRow
    from adaptkit.task import Task as Task
    from adaptkit.task import cross_entropy as cross_entropy
    from adaptkit.tasks.baselines import class_baselines as class_baselines
    from adaptkit.tasks.baselines import label_set_baselines as label_set_baselines
    from adaptkit.tasks.baselines import similarity_baselines as similarity_baselines
    from adaptkit.tasks.classification import class_name as class_name
    from adaptkit.tasks.classification import classification_metric as classification_metric
    from adaptkit.tasks.classification import most_probable_class as most_probable_class
    from adaptkit.tasks.truncation import shortened as shortened
    from adaptkit.tasks.words import cuts_word as cuts_word

__version__ = "0.1.0"

_HOMES = {
    "AdaptkitError": "adaptkit.errors",
    "CONTRACT_VERSION": "adaptkit.task",
    "DataWarning": "adaptkit.task",
    "Example": "adaptkit.task",
    "Form": "adaptkit.task",
    "Metric": "adaptkit.task",
    "Prediction": "adaptkit.task",
    "Predictor": "adaptkit.export.predictor",
    "Row": "adaptkit.task",
    "Scores": "adaptkit.task",
    "SearchHints": "adaptkit.task",
    "SkipRow": "adaptkit.task",
    "Study": "adaptkit.run.study",
    "Task": "adaptkit.task",
    "class_baselines": "adaptkit.tasks.baselines",
    "class_name": "adaptkit.tasks.classification",
    "classification_metric": "adaptkit.tasks.classification",
    "cross_entropy": "adaptkit.task",
    "label_set_baselines": "adaptkit.tasks.baselines",
    "cuts_word": "adaptkit.tasks.words",
    "load": "adaptkit.export.predictor",
    "most_probable_class": "adaptkit.tasks.classification",
    "numbered_lines": "adaptkit.data.text",
    "shortened": "adaptkit.tasks.truncation",
    "similarity_baselines": "adaptkit.tasks.baselines",
    "tune": "adaptkit.run.tune",
    "whole_text": "adaptkit.data.text",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'adaptkit' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
