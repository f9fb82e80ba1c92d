"""Exports a study's winner as ONNX: its weights, merged and proved, the rows to compare on, and its card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from adaptkit.errors import ConfigError, DataError, StudyError
from adaptkit.export.model_card import model_card
from adaptkit.models.pooling import with_pooling
from adaptkit.report.formatting import score
from adaptkit.run.finalize import export_trial
from adaptkit.run.reshuffling import data_of_split
from adaptkit.run.rows import rows_by_reference
from adaptkit.study.record import UNTESTED
from adaptkit.study.winner import exported_refit, split_of

if TYPE_CHECKING:
    from adaptkit.data.load import Dataset
    from adaptkit.export.loading import Description
    from adaptkit.export.onnx_model import Precision
    from adaptkit.run.exporting import Winner
    from adaptkit.study.record import StudySummary, TrialRecord
    from adaptkit.task import Row


def export_onnx(winner: Winner, to: Path, precision: Precision, most_loss: float) -> Description:
    """Write the winner as a folder with ``model.onnx``; LoRA is merged.

    Args:
        winner: what to export.
        to: the folder to write: a missing or an empty one.
        precision: of the weights.
        most_loss: the most points of the metric that the precision may cost on the dev rows.

    Raises:
        ConfigError: the packages for it are not installed.
        ExportError: the model cannot be converted, gives other outputs, or loses too much by its precision.
        StudyError: the folder cannot be written, or the rows to measure a lower precision on
            have changed.
    """
    from adaptkit.export.loading import load_exported, read_description
    from adaptkit.export.onnx_folder import OnnxExport, write_onnx_folder

    rows = _rows(winner, labelled=precision != "fp32")
    with TemporaryDirectory() as temporary:
        weights = Path(temporary) / "model"
        export_trial(
            winner.folder, winner.config, winner.task, winner.summary.labels, winner.summary, winner.trial,
            weights, merge=winner.summary.adapter,
        )  # fmt: skip
        about = read_description(weights)
        task = with_pooling(winner.task, about.pooling)
        given = OnnxExport(
            task=task, plugin_task=winner.task, model=load_exported(weights, task, about, "cpu"),
            weights=weights, description=about, rows=rows, card=_card(winner, to), precision=precision,
            metric=winner.summary.metric, direction=winner.summary.direction, most_loss=most_loss,
        )  # fmt: skip
        return write_onnx_folder(given, to)


def _rows(winner: Winner, *, labelled: bool) -> Sequence[Row]:
    """The study's dev rows; where no score is measured, the task's sample if they cannot be read."""
    from adaptkit.data.load import load, read_unlabelled

    config, provenance = winner.config, winner.folder.read_provenance()
    try:
        given = rows_by_reference(winner.folder, config.data, ())
        data: Dataset = load(winner.task, config.data, config.seed, split=provenance.split, given=given)
    except (DataError, ConfigError):
        if labelled or winner.task.sample is None:
            raise
        sample = str(winner.task.sample)  # its labels are not those of the study
        return read_unlabelled(winner.task, sample, columns={}, skip_bad_rows=False).values
    if labelled and data.fingerprint != provenance.data_fingerprint:
        raise StudyError(
            f"the data of the study {winner.folder.name!r} have changed since it started",
            expected=f"rows with the fingerprint {provenance.data_fingerprint[:12]}…,"
            f" not {data.fingerprint[:12]}…, to measure what the precision costs",
            next_step="Restore the files, or export without --int8 and --fp16.",
            code="data-changed",
        )
    split = split_of(winner.summary, winner.trial)
    return data_of_split(config, winner.task, data, split).dev.values


def scored_rows(summary: StudySummary, trial: TrialRecord) -> str:
    """The rows that the scores of precisions are of, in words, for the weights of this trial."""
    again = summary.refit == trial.number or exported_refit(summary, trial) is not None
    trained = bool(summary.folds) or again
    return "the dev rows, which the model was trained on, too" if trained else "the dev rows"


def _card(winner: Winner, to: Path) -> Callable[[Description], str]:
    """How the card of the folder is written."""
    summary, trial = winner.summary, winner.trial
    untested = {} if summary.best == trial.number else UNTESTED
    described = replace(summary, best=trial.number, model_folder=str(to), **untested)

    def card(about: Description) -> str:
        text = model_card(described, trial, winner.folder.read_trials(), loaded_as="onnx")
        if not about.onnx_scores:
            return text
        scores = ", ".join(f"{score(value)} with {name}" for name, value in about.onnx_scores.items())
        return f"{text}\n## Precision\n\n{summary.metric} on {scored_rows(summary, trial)}: {scores}.\n"

    return card
