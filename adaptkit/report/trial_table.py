"""The trials of a study as a table in a terminal, the best ones first."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from adaptkit.report import facts, formatting
from adaptkit.report.escaping import encodable, visible
from adaptkit.report.widgets import Widgets
from adaptkit.study.record import StudySummary, TrialRecord

MOST_TRIALS = 20
STYLES = {"complete": "", "stopped": "yellow", "pruned": "dim", "failed": "red", "interrupted": "dim"}
SHORT = {"learning_rate": "lr", "batch_size": "batch", "weight_decay": "decay"}


def trial_table(
    widgets: Widgets, summary: StudySummary, trials: Sequence[TrialRecord], best: TrialRecord | None
) -> RenderableType | None:
    """The best trials; None if there are no trials."""
    if not trials:
        return None
    shown = facts.ranked(trials, summary.direction)[:MOST_TRIALS]
    differing, alike = facts.hyperparameters(trials)
    named = differing[: 4 if widgets.width >= 96 else 3]
    rungs = ["rungs"] if facts.have_curves(trials) else []
    columns = ["right", "left", "right", *["right"] * len(named), *["left"] * len(rungs), "fill"]
    heads = ["", "", visible(summary.metric, 8), *(SHORT.get(name, name[:6]) for name in named), *rungs]
    table = widgets.grid(*columns, heads=[*heads, "why it ended"])
    low, high = facts.spark_range(trials, summary.direction)
    for trial in shown:
        winner = best is not None and trial.number == best.number
        spark = formatting.spark([rung.score for rung in trial.rungs], low, high)
        line = Text(encodable(spark, widgets.encoding), "green" if winner else "cyan")
        cells = _cells(widgets, trial, named, winner=winner)
        table.add_row(*cells, *([line] if rungs else []), widgets.text(facts.why(trial), "dim", limit=110))
    notes = [f"All with {', '.join(facts.listed(alike))}."] if alike else []
    notes += filter(None, [facts.about_scores(trials, summary.direction)])
    if len(shown) < len(trials):
        notes.append(f"The best {len(shown)} of {formatting.count(len(trials))}: {facts.SHOWS_ALL}")
    lines = [widgets.text(note, "dim") for note in notes]
    return widgets.section("Trials", table, *lines, note=facts.state_counts(trials))


def _cells(widgets: Widgets, trial: TrialRecord, named: Sequence[str], *, winner: bool) -> list[Text]:
    """The number, the state, the score and the hyperparameters of a trial."""
    style = "bold green" if winner else STYLES[facts.state_of(trial)]
    values = [formatting.hyperparameter(name, trial.hyperparameters.get(name)) for name in named]
    return [
        widgets.text(f"{'★' if winner else ''}{trial.number}", style),
        widgets.text(facts.state_of(trial), style),
        widgets.text(formatting.score(trial.score), style),
        *(widgets.text(value, "dim" if trial.state == "pruned" else "") for value in values),
    ]
