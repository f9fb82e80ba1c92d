"""adaptkit adapts pre-trained encoders to tasks, tuned. Its public names, loaded when first used."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adaptkit.api.comparison import compare as compare
    from adaptkit.api.data import check_data as check_data
    from adaptkit.api.models import Evaluation as Evaluation
    from adaptkit.api.models import evaluate as evaluate
    from adaptkit.api.models import export as export
    from adaptkit.api.models import load as load
    from adaptkit.api.models import row_results as row_results
    from adaptkit.api.studies import open_study as open_study
    from adaptkit.api.tune import run_study as run_study
    from adaptkit.api.tune import tune as tune
    from adaptkit.config import DataConfig as DataConfig
    from adaptkit.config import SearchConfig as SearchConfig
    from adaptkit.config import StudyConfig as StudyConfig
    from adaptkit.data.json_shapes import document_rows as document_rows
    from adaptkit.data.overview import DataOverview as DataOverview
    from adaptkit.data.text import numbered_lines as numbered_lines
    from adaptkit.data.text import whole_text as whole_text
    from adaptkit.data.word_lines import word_lines as word_lines
    from adaptkit.errors import AdaptkitError as AdaptkitError
    from adaptkit.export.predictor import Predictor as Predictor
    from adaptkit.reader import FileReader as FileReader
    from adaptkit.reader import RowNumber as RowNumber
    from adaptkit.run.callbacks import Callback as Callback
    from adaptkit.run.callbacks import RungScore as RungScore
    from adaptkit.run.callbacks import StartedTrial as StartedTrial
    from adaptkit.run.comparison import ComparedModel as ComparedModel
    from adaptkit.run.comparison import Comparison as Comparison
    from adaptkit.run.row_results import RowResult as RowResult
    from adaptkit.run.study import Study as Study
    from adaptkit.strategy import AdaptableModel as AdaptableModel
    from adaptkit.strategy import Strategy as Strategy
    from adaptkit.strategy import StrategySpace as StrategySpace
    from adaptkit.task import CONTRACT_VERSION as CONTRACT_VERSION
    from adaptkit.task import DataWarning as DataWarning
    from adaptkit.task import Example as Example
    from adaptkit.task import Form as Form
    from adaptkit.task import Metric as Metric
    from adaptkit.task import Prediction as Prediction
    from adaptkit.task import Reading as Reading
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
    from adaptkit.tasks.classification import named_class as named_class
    from adaptkit.tasks.classification import only_class as only_class
    from adaptkit.tasks.columns import first_column as first_column
    from adaptkit.tasks.columns import is_missing as is_missing
    from adaptkit.tasks.columns import required_text as required_text
    from adaptkit.tasks.columns import text_parts as text_parts
    from adaptkit.tasks.draws import uniform_numbers as uniform_numbers
    from adaptkit.tasks.examples import text_examples as text_examples
    from adaptkit.tasks.marks import Mark as Mark
    from adaptkit.tasks.marks import contradiction as contradiction
    from adaptkit.tasks.marks import marks_of as marks_of
    from adaptkit.tasks.scores import class_scores as class_scores
    from adaptkit.tasks.scores import softmax as softmax
    from adaptkit.tasks.thresholds import best_threshold as best_threshold
    from adaptkit.tasks.truncation import shortened as shortened
    from adaptkit.tasks.word_examples import WordStarts as WordStarts
    from adaptkit.tasks.word_examples import word_examples as word_examples
    from adaptkit.tasks.word_examples import word_outputs as word_outputs
    from adaptkit.tasks.word_spans import found_words as found_words
    from adaptkit.tasks.word_spans import located_words as located_words
    from adaptkit.tasks.word_spans import marks_in as marks_in
    from adaptkit.tasks.word_spans import split_words as split_words
    from adaptkit.tasks.word_spans import words_of_mark as words_of_mark
    from adaptkit.tasks.words import cuts_word as cuts_word
    from adaptkit.tasks.written import plain_number as plain_number
    from adaptkit.tasks.written import read_written as read_written
    from adaptkit.tracking.mlflow import MLflowCallback as MLflowCallback
    from adaptkit.tracking.tensorboard import TensorBoardCallback as TensorBoardCallback
    from adaptkit.tracking.wandb import WandbCallback as WandbCallback

__version__ = "0.1.0"

_HOMES = {
    "AdaptableModel": "adaptkit.strategy",
    "AdaptkitError": "adaptkit.errors",
    "CONTRACT_VERSION": "adaptkit.task",
    "Callback": "adaptkit.run.callbacks",
    "ComparedModel": "adaptkit.run.comparison",
    "Comparison": "adaptkit.run.comparison",
    "DataConfig": "adaptkit.config",
    "DataOverview": "adaptkit.data.overview",
    "DataWarning": "adaptkit.task",
    "Evaluation": "adaptkit.api.models",
    "Example": "adaptkit.task",
    "FileReader": "adaptkit.reader",
    "Form": "adaptkit.task",
    "MLflowCallback": "adaptkit.tracking.mlflow",
    "Mark": "adaptkit.tasks.marks",
    "Metric": "adaptkit.task",
    "Prediction": "adaptkit.task",
    "Predictor": "adaptkit.export.predictor",
    "Reading": "adaptkit.task",
    "Row": "adaptkit.task",
    "RowNumber": "adaptkit.reader",
    "RowResult": "adaptkit.run.row_results",
    "RungScore": "adaptkit.run.callbacks",
    "Scores": "adaptkit.task",
    "SearchConfig": "adaptkit.config",
    "SearchHints": "adaptkit.task",
    "SkipRow": "adaptkit.task",
    "StartedTrial": "adaptkit.run.callbacks",
    "Strategy": "adaptkit.strategy",
    "StrategySpace": "adaptkit.strategy",
    "Study": "adaptkit.run.study",
    "StudyConfig": "adaptkit.config",
    "Task": "adaptkit.task",
    "TensorBoardCallback": "adaptkit.tracking.tensorboard",
    "WandbCallback": "adaptkit.tracking.wandb",
    "WordStarts": "adaptkit.tasks.word_examples",
    "best_threshold": "adaptkit.tasks.thresholds",
    "class_baselines": "adaptkit.tasks.baselines",
    "class_name": "adaptkit.tasks.classification",
    "check_data": "adaptkit.api.data",
    "class_scores": "adaptkit.tasks.scores",
    "classification_metric": "adaptkit.tasks.classification",
    "compare": "adaptkit.api.comparison",
    "contradiction": "adaptkit.tasks.marks",
    "cross_entropy": "adaptkit.task",
    "cuts_word": "adaptkit.tasks.words",
    "document_rows": "adaptkit.data.json_shapes",
    "evaluate": "adaptkit.api.models",
    "export": "adaptkit.api.models",
    "first_column": "adaptkit.tasks.columns",
    "found_words": "adaptkit.tasks.word_spans",
    "is_missing": "adaptkit.tasks.columns",
    "label_set_baselines": "adaptkit.tasks.baselines",
    "load": "adaptkit.api.models",
    "located_words": "adaptkit.tasks.word_spans",
    "marks_in": "adaptkit.tasks.word_spans",
    "marks_of": "adaptkit.tasks.marks",
    "most_probable_class": "adaptkit.tasks.classification",
    "named_class": "adaptkit.tasks.classification",
    "numbered_lines": "adaptkit.data.text",
    "only_class": "adaptkit.tasks.classification",
    "open_study": "adaptkit.api.studies",
    "plain_number": "adaptkit.tasks.written",
    "read_written": "adaptkit.tasks.written",
    "required_text": "adaptkit.tasks.columns",
    "row_results": "adaptkit.api.models",
    "run_study": "adaptkit.api.tune",
    "shortened": "adaptkit.tasks.truncation",
    "similarity_baselines": "adaptkit.tasks.baselines",
    "softmax": "adaptkit.tasks.scores",
    "split_words": "adaptkit.tasks.word_spans",
    "text_examples": "adaptkit.tasks.examples",
    "text_parts": "adaptkit.tasks.columns",
    "tune": "adaptkit.api.tune",
    "uniform_numbers": "adaptkit.tasks.draws",
    "whole_text": "adaptkit.data.text",
    "word_examples": "adaptkit.tasks.word_examples",
    "word_lines": "adaptkit.data.word_lines",
    "word_outputs": "adaptkit.tasks.word_examples",
    "words_of_mark": "adaptkit.tasks.word_spans",
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


class _Package(ModuleType):
    """This package. ``adaptkit.export`` is the function, not the subpackage."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name == "export" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
