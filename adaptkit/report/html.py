"""The report as one HTML file, without scripts and without anything loaded from elsewhere.

The page is `report.html.jinja`, with the styles of `style.css.jinja`. This module gives it the contents, and
escapes every text.
"""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from adaptkit.report import (
    baselines,
    candidates,
    charts,
    comparison,
    facts,
    formatting,
    intervals,
    weak_classes,
)
from adaptkit.report.advice import shown_warnings
from adaptkit.report.escaping import visible
from adaptkit.report.loading import loading_lines
from adaptkit.report.setting import phases, setting
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.winner import counting

CLASSES_AT_ONCE = 40


def as_html(summary: StudySummary, trials: Sequence[TrialRecord]) -> str:
    """The report as one self-contained HTML document."""
    best = None if summary.state == "failed" else facts.winner(summary, trials)
    number = best.number if best else None
    differing, alike = facts.hyperparameters(trials)
    table = facts.group_table(summary, best)
    curves = charts.learning_curves(trials, number)
    confirmed = counting(summary, trials)
    page = _environment().get_template("report.html.jinja")
    return page.render(
        summary=summary,
        best=best,
        default=facts.default_trial(trials),
        trials=facts.ranked(trials, summary.direction),
        differing=differing,
        alike=", ".join(facts.listed(alike)),
        measures=facts.measures(summary, best) if best else [],
        on_dev={name: facts.value_on_dev(summary, best, name) for name in facts.measures(summary, best)}
        if best
        else {},
        state=facts.state_in_words(summary, trials),
        progress=facts.progress_sentence(summary, trials),
        warnings=shown_warnings(summary, best),
        metric=facts.metric_in_words(summary),
        notes=comparison.notes(summary, best, trials) if best else [],
        calibration=facts.calibration(summary, best) if best else "",
        caveats=comparison.caveats(summary, best, trials) if best else "",
        split=comparison.split(summary),
        baselines=baselines.scored_baselines(summary, comparison.split(summary)),
        split_label=comparison.split_label(summary, best) if best else "",
        on_split=comparison.on_split(summary),
        confirmed=confirmed,
        lanes=charts.run_lanes(confirmed) if confirmed and confirmed.over == "seeds" else None,
        failures=facts.failures(trials) if summary.state == "failed" else [],
        counts=facts.state_counts(trials),
        pruned=any(trial.state == "pruned" for trial in trials),
        importances=facts.importances(summary),
        groups=table,
        lowest=weak_classes.lowest_in_words(summary, best, most=CLASSES_AT_ONCE),
        tested=bool(table and any(group.test for group in table.groups)),
        bars=bool(table and facts.are_shares(table)),
        phases=phases(summary),
        group_pages=[table.groups[:CLASSES_AT_ONCE], table.groups[CLASSES_AT_ONCE:]] if table else [],
        setting=setting(summary),
        lines=loading_lines(summary, best.calibration if best else {}),
        curves=curves,
        lines_by_trial={curve.trial.number: curve.points for curve in curves.marks} if curves else {},
        scatter=charts.rate_scatter(trials, number, summary.direction),
        charts=charts,
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("adaptkit", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value, 2000) if type(value) is str else value,
    )
    environment.globals.update(
        formatting=formatting, facts=facts, intervals=intervals, candidates=candidates, short=visible
    )
    return environment
