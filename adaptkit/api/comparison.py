"""`compare`: models on the same labelled rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from adaptkit.api import arguments as given
from adaptkit.api.errors import in_python_words
from adaptkit.api.inputs import (
    StudyOrFolder,
    given_or_loaded,
    labelled_rows,
    read_options,
    row_source,
    warn_the_caller,
    warnings_about,
)
from adaptkit.api.sources import RowSource
from adaptkit.export.predictor import Predictor
from adaptkit.run.study import Study

if TYPE_CHECKING:
    from adaptkit.run.comparison import Comparison


def compare(
    models: Sequence[StudyOrFolder | Predictor],
    data: RowSource,
    *,
    columns: Mapping[str, str | int] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    reader: str | None = None,
    skip_bad_rows: bool = False,
    device: str = "auto",
    studies: str | os.PathLike[str] = "studies",
) -> Comparison:
    """Score models on the same labelled rows, and compare each with the first one.

    The difference of two scores has a 95% interval over the rows, paired by row. Use rows that none of the
    models was trained on. The other arguments are those of `evaluate`.

    Args:
        models: two models or more of one task: studies, their names, folders, or loaded models.
        data: the rows: a path, a list of dictionaries, a DataFrame or a `datasets.Dataset`.
        columns: the task's column → the column of the data, by name or by number from 1.
        delimiter: the character between the fields of a table, or "tab".
        encoding: the encoding of text files.
        reader: the reader of a plugin for files, by name.
        skip_bad_rows: leave out invalid rows, instead of raising an error.
        device: "auto", "cpu", "cuda" or "cuda:N", for the models that are not loaded yet.
        studies: the folder of the studies, for models that are given by name.

    Raises:
        ConfigError: there are fewer than two models, or they have different tasks.
        DataError: the rows cannot be used; the message names the first bad one.
        AdaptkitError: a model cannot be loaded, as `load` says, or cannot be scored.
    """
    from adaptkit.run.comparison import compare_models, refuse_other_tasks

    with in_python_words():
        if isinstance(models, (str, Mapping)) or not isinstance(models, Sequence) or len(models) < 2:
            given.refuse("models", models, "a list of two models or more")
        options = read_options(columns, delimiter, encoding, reader)
        source, skip = row_source(data, options), given.flag("skip_bad_rows", skip_bad_rows)
        loaded = [given_or_loaded(model, studies, device, None) for model in models]
        named = dict(zip(names_of(models), loaded, strict=True))
        refuse_other_tasks(named)
        rows = [labelled_rows(predictor, source, options, skip) for predictor in loaded]
        found = [
            warning
            for model, predictor, its in zip(models, loaded, rows, strict=True)
            for warning in warnings_about(model, predictor, its)
        ]
        warn_the_caller(list(dict.fromkeys(found)))
        return compare_models(named, rows)


def names_of(models: Sequence[object]) -> list[str]:
    """A name for each model: of its study, or as it was given; a loaded model has its number."""
    names = [_name(model, place) for place, model in enumerate(models, start=1)]
    return [
        f"{name} ({names[:place].count(name) + 1})" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


def _name(model: object, place: int) -> str:
    if isinstance(model, Study):
        return model.name
    return str(model) if isinstance(model, (str, os.PathLike)) else f"model {place}"
