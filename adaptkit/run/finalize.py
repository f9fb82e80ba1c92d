"""The end of a study: its winner exported and proved, scored once on the test rows, and reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.errors import NoTrialSucceeded, StudyError, TrialError
from adaptkit.export.model_card import model_card
from adaptkit.report.html import as_html
from adaptkit.run.context import RunContext, versions
from adaptkit.study.record import StudySummary, TrialRecord, best_trial
from adaptkit.system.files import write_text
from adaptkit.system.manifest import verify

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.data.rows import Rows
    from adaptkit.study.folder import StudyFolder
    from adaptkit.task import Task


def finalize_study(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, device: str
) -> Sequence[TrialRecord]:
    """Exports the winner, unless it lies there already, and writes the report; returns all trials.

    Raises:
        NoTrialSucceeded: there is no winner.
        ExportError: the exported model is not the trial.
    """
    records = context.folder.read_trials()
    best = best_trial(records, context.summary.direction)
    if best is None and all(record.interrupted for record in records):
        context.write(state="interrupted", best=None)  # the time was up before the first score
        write_text(context.folder.report, as_html(context.summary, records))
        return records
    if best is None:
        context.write(state="failed", best=None)
        write_text(context.folder.report, as_html(context.summary, records))
        reasons = sorted({record.reason for record in records})
        raise NoTrialSucceeded(
            f"no trial of {context.folder.name!r} has a score: {'; '.join(reasons)}",
            next_step=f"See 'adaptkit report {context.folder.path}'.",
        )
    exported = context.summary.model_folder is not None and is_whole(context.folder.current_best)
    if not exported or best.number != context.summary.best:
        context.interruption.check()
        context.progress.phase("exporting the winner and loading it back")
        with context.clock.phase("export"):
            export_trial(
                context.folder, config, task, data.labels, context.summary, best, context.folder.best
            )
        context.write(best=best.number, model_folder=str(context.folder.best), test={}, test_groups={})
    if data.test is not None and not context.summary.test:
        context.progress.phase("scoring the winner on the test rows")
        with context.clock.phase("score"), context.interruption.exposed():
            test = test_scores(context.folder.best, data.test, device, context.summary.metric)
        warnings = dict.fromkeys([*context.summary.warnings, *test.pop("warnings", [])])
        # The card first: a study killed in between scores the test rows again, and writes both.
        rewrite_card(context.folder.current_best, replace(context.summary, **test), best)
        context.write(**test, warnings=list(warnings))
    context.write(state="finished")
    write_text(context.folder.report, as_html(context.summary, records))
    return records


def export_trial(
    folder: StudyFolder,
    config: StudyConfig,
    task: Task,
    labels: Sequence[str],
    summary: StudySummary,
    trial: TrialRecord,
    to: Path,
    *,
    merge: bool = False,
) -> None:
    """Writes a trial of the study as a model folder; `adaptkit.export.export` says what may be raised."""
    from safetensors.torch import load_file

    from adaptkit.export.saving import TrialToExport, export

    weights = folder.weights(trial.number)
    if weights is None:
        raise StudyError(
            f"the weights of trial {trial.number} are not in {folder.path}",
            expected="the weights of the best trial, which the study keeps",
            next_step="Begin the study anew under another --study name.",
        )
    strategy = "full" if merge else summary.strategy  # how the folder is loaded
    told = replace(
        summary,
        best=trial.number,
        model_folder=str(to),
        test=summary.test if summary.best == trial.number else {},
    )
    kept = load_file(weights)
    winner = TrialToExport(
        config=config,
        task=task,
        labels=labels,
        parameters=kept["row"],
        vocabulary=kept.get("vocabulary"),
        calibration=trial.calibration,
        card=model_card(told, trial, loaded_as=strategy),
        plugin=summary.plugin,
        versions=versions(summary.plugin),
    )
    export(winner, to, merge=merge)


def rewrite_card(model_folder: Path, summary: StudySummary, trial: TrialRecord) -> None:
    """Writes the winner's card anew, once there are test scores to tell."""
    from adaptkit.export.saving import CARD

    write_text(model_folder / CARD, model_card(summary, trial, loaded_as=summary.strategy))


def is_whole(folder: Path) -> bool:
    """Whether a model folder is there, every file as it was written."""
    try:
        verify(folder)
    except StudyError:
        return False
    return True


def test_scores(model_folder: Path, rows: Rows, device: str, metric: str) -> dict[str, Any]:
    """The exported model's scores on the test rows, as they go into the summary.

    Rows that cannot be scored are no reason to lose the winner: they make a warning.
    """
    from adaptkit.export.predictor import load

    try:
        scores = load(model_folder, device=device).score(rows.values, metric)
    except TrialError as error:
        return {"warnings": [f"the test rows could not be scored: {error}"]}
    return {"test": dict(scores.values), "test_groups": dict(scores.groups)}
