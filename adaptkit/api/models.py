"""`load`, `evaluate`, `row_results` and `export`: what can be done with the model of a study."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from adaptkit.api import arguments as given
from adaptkit.api.errors import in_python_words
from adaptkit.api.inputs import (
    StudyOrFolder,
    given_or_loaded,
    labelled_rows,
    loaded,
    read_options,
    row_source,
    warn_the_caller,
    warnings_about,
)
from adaptkit.api.sources import RowSource
from adaptkit.export.onnx_model import Precision
from adaptkit.export.predictor import Predictor
from adaptkit.run.exporting import export_winner_to, new_place, winner_of
from adaptkit.run.study import Study
from adaptkit.study.find import find_study
from adaptkit.study.folder import StudyFolder

if TYPE_CHECKING:
    from adaptkit.run.row_results import RowResult


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The scores of a model on labelled rows."""

    values: Mapping[str, float]
    """Every number that the task reports."""

    intervals: Mapping[str, tuple[float, float]]
    """Name of a number → its 95% interval over these rows; without those that have none."""

    no_interval: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Name of a number that has none → why."""

    groups: Mapping[str, Mapping[str, float]]
    """The numbers of each class, label or type."""

    rows: int
    skipped: tuple[str, ...] = field(default=(), repr=False)
    """For each row that was left out, its place and the reason."""

    unknown_labels: int = 0
    """How many of these have a label that the model does not have: no score counts them as errors."""


def load(
    model: StudyOrFolder,
    *,
    task: str | None = None,
    device: str = "auto",
    studies: str | os.PathLike[str] = "studies",
) -> Predictor:
    """Load the winner of a study, or a model folder that adaptkit exported.

    Args:
        model: a study, its name, the path of its folder, or the path of a model folder.
        task: a task, as ``distribution:name``, to use instead of the one that the model was made with.
        device: "auto", "cpu", "cuda" or "cuda:N".
        studies: the folder of the studies, if `model` is a name.

    Raises:
        ModelError: the folder was not exported by adaptkit, or its base model cannot be loaded.
        StudyError: there is no such study, it has no winner yet, or one of its files is damaged.
        TaskError: the task's plugin is not installed, or is broken.
    """
    with in_python_words():
        predictor = loaded(model, studies, device, task)
    warn_the_caller(predictor.warnings)
    return predictor


def evaluate(
    model: StudyOrFolder | Predictor,
    data: RowSource,
    *,
    columns: Mapping[str, str | int] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    reader: str | None = None,
    skip_bad_rows: bool = False,
    task: str | None = None,
    device: str = "auto",
    studies: str | os.PathLike[str] = "studies",
) -> Evaluation:
    """Score a model on labelled rows, each number with its 95% interval over these rows.

    Args:
        model: a study, its name, a folder, or a loaded model.
        data: the rows: a path, a list of dictionaries, a DataFrame or a `datasets.Dataset`.
        columns: the task's column → the column of the data, by name or by number from 1; by default as in
            training, where the data have it.
        delimiter: the character between the fields of a table, or "tab".
        encoding: the encoding of text files; UTF-8 by default.
        reader: the reader of a plugin for files, by name.
        skip_bad_rows: leave out invalid rows, instead of raising an error.
        task: a task to use instead of the model's own, as `load` says, if the model is not loaded yet.
        device: "auto", "cpu", "cuda" or "cuda:N", if the model is not loaded yet.
        studies: the folder of the studies, if `model` is a name.

    Raises:
        DataError: the rows cannot be used; the message names the first bad one.
        AdaptkitError: the model cannot be loaded, as `load` says, or cannot be scored.
    """
    from adaptkit.run.scoring import score_rows

    with in_python_words():
        options = read_options(columns, delimiter, encoding, reader)
        source, skip = row_source(data, options), given.flag("skip_bad_rows", skip_bad_rows)
        predictor = given_or_loaded(model, studies, device, task)
        rows = labelled_rows(predictor, source, options, skip)
        warn_the_caller(warnings_about(model, predictor, rows))
        scored = score_rows(predictor, rows.values)
        return Evaluation(
            values=dict(scored.scores.values), intervals=dict(scored.intervals),
            no_interval=dict(scored.no_interval), groups=dict(scored.scores.groups),
            rows=len(rows), skipped=tuple(rows.skipped), unknown_labels=rows.unknown_labels,
        )  # fmt: skip


def row_results(
    model: StudyOrFolder | Predictor,
    data: RowSource,
    *,
    columns: Mapping[str, str | int] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    reader: str | None = None,
    skip_bad_rows: bool = False,
    task: str | None = None,
    device: str = "auto",
    studies: str | os.PathLike[str] = "studies",
) -> list[RowResult]:
    """What a model predicts for each labelled row, whether that is right, and the row's loss.

    ``pandas.DataFrame(map(vars, results))`` is a table of them. The arguments are those of `evaluate`, and
    so are the errors.
    """
    from adaptkit.data.rows import counted
    from adaptkit.run.row_results import results_of

    with in_python_words():
        options = read_options(columns, delimiter, encoding, reader)
        source, skip = row_source(data, options), given.flag("skip_bad_rows", skip_bad_rows)
        predictor = given_or_loaded(model, studies, device, task)
        rows = labelled_rows(predictor, source, options, skip)
        its = rows.skipped
        left_out = [f"{counted(len(its), 'row')} left out; the first: {its[0]}"] if its else []
        warn_the_caller([*warnings_about(model, predictor, rows), *left_out])
        return results_of(predictor, rows)


def export(
    study: Study | str | os.PathLike[str],
    to: str | os.PathLike[str],
    *,
    merge: bool = False,
    onnx: bool | Precision = False,
    max_loss: float = 1.0,
    studies: str | os.PathLike[str] = "studies",
) -> Path:
    """Write a study's winner to a folder that transformers, peft or ONNX Runtime loads, and verify it.

    Args:
        study: a study, its name, or the path of its folder.
        to: the folder to write, which must be new or empty.
        merge: for the strategy "lora": write a complete model instead of an adapter.
        onnx: whether to write ``model.onnx`` for ONNX Runtime, or with which precision: "fp32", "fp16" or
            "int8". The effect of the latter two on the dev score is measured.
        max_loss: the most points of the dev score (1 is 0.01) that "fp16" or "int8" may cost.
        studies: the folder of the studies, if `study` is a name.

    Returns:
        The folder.

    Raises:
        StudyError: there is no such study, or it has no winner yet.
        ConfigError: the folder exists, or there is nothing to merge.
        ExportError: the exported model does not give the winner's logits, or costs more than `max_loss`.
    """
    with in_python_words():
        folder, place = _study_folder(study, studies), Path(given.text("to", to))
        if (precision := _precision(onnx)) is None:
            return export_winner_to(folder, place, merge=given.flag("merge", merge))[1]
        from adaptkit.run.onnx import export_onnx

        winner, place = winner_of(folder), new_place(place)
        export_onnx(winner, place, precision, given.number("max_loss", max_loss))
        return place


def _precision(onnx: object) -> Precision | None:
    """The precision of an ONNX model; None for a folder of weights. Raises ConfigError."""
    if isinstance(onnx, str):
        if onnx not in get_args(Precision):
            given.refuse("onnx", onnx, f"True, False, or one of {', '.join(get_args(Precision))}")
        return cast("Precision", onnx)
    return "fp32" if given.flag("onnx", onnx) else None


def _study_folder(study: object, studies: object) -> StudyFolder:
    if isinstance(study, Study):
        return study.folder
    return find_study(Path(given.text("studies", studies)), given.text("study", study))
