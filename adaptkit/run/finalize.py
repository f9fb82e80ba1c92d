"""The end of a study: its winner exported and proved, scored once on the test rows, and reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.errors import NoTrialSucceeded, StudyError, TrialError
from adaptkit.export.model_card import model_card
from adaptkit.report.html import as_html
from adaptkit.run.context import Desk, versions
from adaptkit.study.record import StudySummary, TrialRecord, best_trial
from adaptkit.system.files import write_text
from adaptkit.system.manifest import verify

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.data.rows import Rows
    from adaptkit.study.folder import StudyFolder
    from adaptkit.task import Task


def finish(desk: Desk, config: StudyConfig, task: Task, data: Dataset, device: str) -> Sequence[TrialRecord]:
    """Exports the winner, unless it lies there already, and writes the report; returns all trials.

    Raises:
        NoTrialSucceeded: there is no winner.
        ExportError: the exported model is not the trial.
    """
    records = desk.folder.read_trials()
    best = best_trial(records, desk.summary.direction)
    if best is None and all(record.interrupted for record in records):
        desk.write(state="interrupted", best=None)  # the time was up before the first score
        write_text(desk.folder.report, as_html(desk.summary, records))
        return records
    if best is None:
        desk.write(state="failed", best=None)
        write_text(desk.folder.report, as_html(desk.summary, records))
        reasons = sorted({record.reason for record in records})
        raise NoTrialSucceeded(
            f"no trial of {desk.folder.name!r} has a score: {'; '.join(reasons)}",
            next_step=f"See 'adaptkit report {desk.folder.path}'.",
        )
    exported = desk.summary.model_folder is not None and is_whole(desk.folder.current_best)
    if not exported or best.number != desk.summary.best:
        desk.interruption.check()
        desk.progress.phase("exporting the winner and loading it back")
        with desk.clock.phase("export"):
            export_trial(desk.folder, config, task, data.labels, desk.summary, best, desk.folder.best)
        desk.write(best=best.number, model_folder=str(desk.folder.best), test={}, test_groups={})
    if data.test is not None and not desk.summary.test:
        desk.progress.phase("scoring the winner on the test rows")
        with desk.clock.phase("score"), desk.interruption.exposed():
            test = test_scores(desk.folder.best, data.test, device, desk.summary.metric)
        warnings = dict.fromkeys([*desk.summary.warnings, *test.pop("warnings", [])])
        # The card first: a study killed in between scores the test rows again, and writes both.
        rewrite_card(desk.folder.current_best, replace(desk.summary, **test), best)
        desk.write(**test, warnings=list(warnings))
    desk.write(state="finished")
    write_text(desk.folder.report, as_html(desk.summary, records))
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

    from adaptkit.export.saving import Winner, export

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
    winner = Winner(
        config=config,
        task=task,
        labels=labels,
        row=kept["row"],
        vocabulary=kept.get("vocabulary"),
        settings=trial.settings,
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
