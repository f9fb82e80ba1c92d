"""What several functions take: a model, and labelled rows for it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.api import arguments as given
from adaptkit.api.sources import RowSource, refuse_for_rows, source_of
from adaptkit.config import columns_of
from adaptkit.export.loading import DESCRIPTION
from adaptkit.export.predictor import Predictor, load_quietly
from adaptkit.run.study import Study, no_model
from adaptkit.study.find import find_study
from adaptkit.study.folder import StudyFolder

if TYPE_CHECKING:
    from adaptkit.data.in_memory import MemoryRows
    from adaptkit.data.options import ReadOptions
    from adaptkit.data.rows import Rows

StudyOrFolder = Study | str | os.PathLike[str]
"""A study, its name, the path of its folder, or the path of a model folder."""


def read_options(columns: object, delimiter: object, encoding: object, reader: object) -> ReadOptions:
    """How rows are read; raises ConfigError."""
    from adaptkit.data.options import ReadOptions

    options = ReadOptions(
        columns=columns_of(given.mapping("columns", columns)),
        delimiter=given.optional_text("delimiter", delimiter),
        encoding=given.optional_text("encoding", encoding),
        reader=given.optional_text("reader", reader),
    )
    options.check()
    return options


def given_or_loaded(model: object, studies: object, device: object, task: object) -> Predictor:
    """The model that was given, or the one that is named; raises ConfigError for a task of a loaded one."""
    if not isinstance(model, Predictor):
        return loaded(model, studies, device, task)
    if task is not None:
        given.refuse("task", task, "None, as the model is loaded already: name the task in load")
    return model


def row_source(data: RowSource, options: ReadOptions) -> str | MemoryRows:
    """Where the rows are; raises ConfigError for options that they cannot have."""
    source = source_of("data", data)
    if not isinstance(source, str):
        refuse_for_rows(delimiter=options.delimiter, encoding=options.encoding, reader=options.reader)
    return source


def labelled_rows(
    predictor: Predictor, source: str | MemoryRows, options: ReadOptions, skip_bad_rows: bool
) -> Rows:
    """The labelled rows for this model; raises DataError."""
    from adaptkit.data.load import read_labelled
    from adaptkit.data.trained_columns import with_trained_columns

    options = with_trained_columns(predictor.task, source, options, predictor.description.columns)
    return read_labelled(
        predictor.task, source,
        labels=predictor.description.labels, columns=options.columns, skip_bad_rows=skip_bad_rows,
        options=options,
    )  # fmt: skip


def warnings_about(model: object, predictor: Predictor, rows: Rows) -> list[str]:
    """What is to be known of a model that was loaded for the caller, and of the rows."""
    from adaptkit.run.scoring import row_warnings

    of_model = [] if model is predictor else predictor.warnings
    return [*of_model, *row_warnings(predictor, rows)]


def loaded(model: object, studies: object, device: object, task: object) -> Predictor:
    """The model that is named; raises ConfigError, ModelError, StudyError or TaskError."""
    folder, named = model_folder(model, studies), given.optional_text("task", task)
    return load_quietly(folder, device=given.device(device), task=named)


def warn_the_caller(found: Sequence[str]) -> None:
    """Give the warnings, at the line that called the function that calls this one."""
    for warning in found:
        warnings.warn(warning, stacklevel=3)


def model_folder(model: object, studies: object) -> Path:
    """The folder of the model that is named; raises ConfigError or StudyError."""
    if isinstance(model, Study):
        return _winner_of(model.folder)
    if isinstance(model, StudyFolder):
        return _winner_of(model)
    name = given.text("model", model)
    path = Path(name)
    is_study = (path / "study.toml").exists() and not (path / DESCRIPTION).exists()
    if not is_study and (path.is_dir() or path.name != name):
        return path  # what is wrong with it is said when it is loaded
    return _winner_of(find_study(Path(given.text("studies", studies)), name))


def _winner_of(folder: StudyFolder) -> Path:
    if not folder.current_best.exists():
        raise no_model(folder)
    return folder.current_best
