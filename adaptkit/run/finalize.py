"""The end of a study: scores baselines, exports and tests the winner, and writes the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.errors import NoTrialSucceeded, StudyError, TrialError
from adaptkit.export.model_card import model_card
from adaptkit.report.advice import winner_warnings
from adaptkit.report.confirmation import as_exported
from adaptkit.report.html import as_html
from adaptkit.run.baselines import score_baselines, score_baselines_on_test
from adaptkit.run.context import RunContext, versions
from adaptkit.run.resolve import plugins_of, strategy_of
from adaptkit.run.scoring import score_rows
from adaptkit.run.weights import HEAD_INPUT
from adaptkit.study.confirmation import ConfirmationFolder
from adaptkit.study.record import UNTESTED, StudySummary, TrialRecord
from adaptkit.study.refit import RefitFolder
from adaptkit.study.winner import counting, exported_refit, exported_run, split_of, winning_trial
from adaptkit.system.files import atomic_folder, write_text
from adaptkit.system.manifest import verify

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.data.rows import Rows
    from adaptkit.export.saving import WrittenFolder
    from adaptkit.study.folder import StudyFolder
    from adaptkit.task import Task


def finalize_study(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, device: str
) -> Sequence[TrialRecord]:
    """Score the baselines, export the winner, score it on the test rows, and write the report.

    What an earlier run has done is not done again.

    Returns:
        All trials of the study.

    Raises:
        NoTrialSucceeded: every trial failed.
        ExportError: the exported model does not give the winner's logits.
    """
    records = context.folder.read_trials()
    best = winning_trial(context.summary, records)
    if best is None:
        end_without_winner(context, records)
        return records
    if counting(context.summary, records) is None and context.summary.confirmation is not None:
        context.write(confirmation=None)  # that of another best trial
    changed = score_baselines(context, config, task, data, split_of(context.summary, best))
    if best.number != context.summary.best or not is_exported(context):
        export_winner(context, config, task, data, best)
        changed = True
    if data.test is not None and not context.summary.test:
        score_winner(context, data.test, device, best, records)
        changed = True
    changed |= score_baselines_on_test(context, config, task, data, best)
    about_winner = winner_warnings(context.summary, as_exported(context.summary, best))
    context.write(state="finished", warnings=list(dict.fromkeys([*context.summary.warnings, *about_winner])))
    if changed:  # the card has the time of all phases, as the report does
        rewrite_card(context.folder.current_best, context.summary, best, records)
    write_report(context, records)
    return records


def end_without_winner(context: RunContext, records: Sequence[TrialRecord]) -> None:
    """Write the report of a study without scores; raises NoTrialSucceeded unless it can be continued."""
    timed_out = all(record.interrupted for record in records)
    context.write(state="interrupted" if timed_out else "failed", best=None)
    write_report(context, records)
    if timed_out:
        return
    reasons = sorted({record.reason for record in records})
    raise NoTrialSucceeded(
        f"no trial of the study {context.folder.name!r} has a score: {'; '.join(reasons)}",
        next_step="Correct the cause, or choose other options. Then start another study with --study.",
        code="no-trial-succeeded",
    )


def is_exported(context: RunContext) -> bool:
    """Whether the winner's folder exists and no file in it has changed."""
    if context.summary.model_folder is None:
        return False
    try:
        verify(context.folder.current_best)
    except StudyError:
        return False
    return True


def export_winner(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, best: TrialRecord
) -> None:
    """Write the winner to the study's folder ``best``, and verify it."""
    context.interruption.check()
    context.progress.phase("exporting the winner")
    folder = context.folder
    with context.clock.phase("export"):
        export_trial(folder, config, task, data.labels, context.summary, best, folder.best)
    context.write(best=best.number, model_folder=str(folder.best), **UNTESTED)


def score_winner(
    context: RunContext, rows: Rows, device: str, best: TrialRecord, records: Sequence[TrialRecord]
) -> None:
    """Score the exported winner on the test rows."""
    context.progress.phase("scoring the winner on the test rows")
    with context.clock.phase("score"), context.interruption.exposed():
        test = test_scores(context.folder.best, rows, device, context.summary.metric)
    warnings = dict.fromkeys([*context.summary.warnings, *test.pop("warnings", [])])
    # The card first: if the process is killed in between, the next run scores again and writes both.
    rewrite_card(context.folder.current_best, replace(context.summary, **test), best, records)
    context.write(**test, warnings=list(warnings))


def write_report(context: RunContext, records: Sequence[TrialRecord]) -> None:
    """Write the HTML report."""
    write_text(context.folder.report, as_html(context.summary, records))


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
    written: WrittenFolder = atomic_folder,
) -> None:
    """Write a trial of the study as a model folder; `adaptkit.export.saving.export` lists the errors."""
    from safetensors.torch import load_file

    from adaptkit.export.saving import TrialToExport, export
    from adaptkit.models.depth import with_layers
    from adaptkit.models.pooling import with_pooling
    from adaptkit.strategies.apply import saved_as

    weights, calibration = _kept(folder, summary, trial)
    if weights is None:
        raise StudyError(
            f"the weights of trial {trial.number} are not in {folder.path}",
            expected="the weights of the best trial, which a study keeps",
            next_step="Run the study again under another name with --study.",
            code="no-weights",
        )
    strategy = strategy_of(config)
    loaded_as = "lora" if saved_as(task.head, strategy) == "adapter" and not merge else "full"
    untested = {} if summary.best == trial.number else UNTESTED
    described = replace(summary, best=trial.number, model_folder=str(to), **untested)
    kept = load_file(weights)
    exported = TrialToExport(
        config=config,
        strategy=strategy,
        task=with_layers(with_pooling(task, summary.pooling), summary.layers),
        labels=labels,
        parameters=kept["row"],
        vocabulary=kept.get("vocabulary"),
        head_inputs={
            name.removeprefix(HEAD_INPUT): tensor
            for name, tensor in kept.items()
            if name.startswith(HEAD_INPUT)
        },
        calibration=calibration,
        card=model_card(described, trial, folder.read_trials(), loaded_as=loaded_as),
        plugin=summary.plugin,
        versions=versions(*plugins_of(config, summary.plugin)),
        base_fingerprints=folder.read_provenance().base_fingerprints,
    )
    export(exported, to, merge=merge, written=written)


def _kept(
    folder: StudyFolder, summary: StudySummary, trial: TrialRecord
) -> tuple[Path | None, Mapping[str, float]]:
    """The weights to export and their calibration: of the refit, of the best confirmation run, or its own."""
    refit = exported_refit(summary, trial)
    if refit is not None:
        return RefitFolder(folder.refit).weights(refit), refit.calibration
    run = exported_run(summary, trial)
    if run is None or summary.refit == trial.number:
        return folder.weights(trial.number), trial.calibration if run is None else run.calibration
    return ConfirmationFolder(folder.confirmation).weights(trial.number, run.run), run.calibration


def rewrite_card(
    model_folder: Path, summary: StudySummary, trial: TrialRecord, trials: Sequence[TrialRecord]
) -> None:
    """Write the winner's card again, with what is known by now."""
    from adaptkit.export.saving import CARD

    loaded_as = "lora" if summary.adapter else "full"
    write_text(model_folder / CARD, model_card(summary, trial, trials, loaded_as=loaded_as))


def test_scores(model_folder: Path, rows: Rows, device: str, metric: str) -> dict[str, Any]:
    """The exported model's scores on the test rows and their intervals, as fields of the summary.

    If the rows cannot be scored, the result is a warning: the winner is still valid.
    """
    from adaptkit.export.predictor import load

    try:
        scored = score_rows(load(model_folder, device=device), rows.values, metric)
    except TrialError as error:
        return {"warnings": [f"the test rows could not be scored: {error}"]}
    return {
        "test": dict(scored.scores.values),
        "test_groups": dict(scored.scores.groups),
        "test_intervals": dict(scored.intervals),
        "test_no_interval": dict(scored.no_interval),
    }
