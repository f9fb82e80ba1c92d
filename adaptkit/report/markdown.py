"""The report as GitHub Markdown: the contents of the terminal's report, with all trials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adaptkit.report import baselines, candidates, comparison, facts, formatting, intervals, weak_classes
from adaptkit.report.advice import shown_warnings
from adaptkit.report.escaping import LONGEST_WARNING, code, prose
from adaptkit.report.loading import loading_lines
from adaptkit.report.setting import phases, setting
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.winner import counting

MOST_GROUPS = 100


def as_markdown(summary: StudySummary, trials: Sequence[TrialRecord]) -> str:
    """The report as one Markdown document."""
    best = None if summary.state == "failed" else facts.winner(summary, trials)
    parts = [
        f"# Study {code(summary.name)}",
        f"{code(summary.task)}, {code(summary.strategy)}, {code(summary.model)}: "
        f"**{facts.state_in_words(summary, trials)}**",
        facts.progress_sentence(summary, trials),
        *_winner(summary, best, trials),
        *_list("Warnings", (prose(warning, LONGEST_WARNING) for warning in shown_warnings(summary, best))),
        *_confirmation(summary, trials),
        *_model(summary, best),
        *_list("Why they failed", _failures(summary, trials)),
        *_trials(summary, best, trials),
        *_importances(summary),
        *_groups(summary, best),
        *_data(summary),
        *_list("How it was done", (f"{prose(name)}: {prose(value)}" for name, value in _setting(summary))),
    ]
    return "\n\n".join(parts) + "\n"


def _winner(summary: StudySummary, best: TrialRecord | None, trials: Sequence[TrialRecord]) -> list[str]:
    if best is None:
        return []
    names = facts.measures(summary, best)
    split = comparison.split(summary)
    label = comparison.split_label(summary, best)
    rows = [[label, *(formatting.figure(name, facts.value_on_dev(summary, best, name)) for name in names)]]
    if summary.test:
        rows.append(["test", *(formatting.figure(name, summary.test.get(name)) for name in names)])
    if summary.test_intervals:
        ends = (intervals.span(name, summary.test_intervals.get(name)) for name in names)
        rows.append([intervals.OVER_TEST, *ends])
    alone = [summary.metric] if summary.metric in summary.test_no_interval else []
    for on, scored in baselines.scored_baselines(summary, split):
        for baseline, values in scored.items():
            heads = f"{prose(baseline)} ({on})"
            rows.append([heads, *(formatting.figure(name, values.get(name)) for name in names)])
    return [
        f"## {'Winner' if summary.state == 'finished' else 'Best so far'}: trial {best.number}",
        prose(", ".join(facts.listed(best.hyperparameters))),
        _table(["", *map(code, names)], rows, 1),
        *map(prose, filter(None, [intervals.sentence(summary, alone)])),
        *([f"{prose(metric)}."] if (metric := facts.metric_in_words(summary)) else []),
        *([prose(chosen)] if (chosen := facts.calibration(summary, best)) else []),
        *map(prose, comparison.notes(summary, best, trials)),
        comparison.caveats(summary, best, trials),
    ]


def _confirmation(summary: StudySummary, trials: Sequence[TrialRecord]) -> list[str]:
    its = counting(summary, trials)
    if its is None:
        return []
    found = candidates.rows(its)
    rows = [[f"**{row.cells[0]}**" if row.winner else row.cells[0], *row.cells[1:]] for row in found]
    note = prose(candidates.legend(its, summary.metric))
    return [
        "## Confirmation",
        f"{candidates.head(its)}.",
        _table(candidates.HEADS, rows, 1),
        note,
    ]


def _model(summary: StudySummary, best: TrialRecord | None) -> list[str]:
    if not summary.model_folder:
        return []
    lines = "\n".join(["```python", *loading_lines(summary, best.calibration if best else {}), "```"])
    return ["## Model", f"In {code(summary.model_folder)}.", lines]


def _failures(summary: StudySummary, trials: Sequence[TrialRecord]) -> list[str]:
    found = facts.failures(trials) if summary.state == "failed" else []
    return [f"{formatting.in_trials(len(numbers))}: {prose(reason)}" for reason, numbers in found]


def _trials(summary: StudySummary, best: TrialRecord | None, trials: Sequence[TrialRecord]) -> list[str]:
    if not trials:
        return []
    differing, alike = facts.hyperparameters(trials)
    heads = [
        "trial",
        "state",
        code(summary.metric),
        *(prose(formatting.in_words(name)) for name in differing),
    ]
    rungs = ["rungs"] if facts.have_curves(trials) else []
    low, high = facts.spark_range(trials, summary.direction)
    rows = []
    for trial in facts.ranked(trials, summary.direction):
        number = (
            f"**{trial.number}**" if best is not None and trial.number == best.number else str(trial.number)
        )
        values = [formatting.hyperparameter(name, trial.hyperparameters.get(name)) for name in differing]
        sparks = [formatting.spark([rung.score for rung in trial.rungs], low, high)] if rungs else []
        score = formatting.score(trial.score)
        rows.append([number, facts.state_of(trial), score, *values, *sparks, prose(facts.why(trial))])
    shared = [f"All with {prose(', '.join(facts.listed(alike)))}."] if alike else []
    table = _table([*heads, *rungs, "why it ended"], rows, 2, numbers=1 + len(differing))
    about = filter(None, [facts.about_scores(trials, summary.direction)])
    return ["## Trials", f"{facts.state_counts(trials)}.", table, *shared, *about]


def _importances(summary: StudySummary) -> list[str]:
    rows = [
        [prose(formatting.in_words(name)), formatting.share(part)]
        for name, part in facts.importances(summary)
    ]
    note = "Share of the score's variance, as Optuna estimates it."
    return ["## What mattered", note, _table(["hyperparameter", "share"], rows, 1)] if rows else []


def _groups(summary: StudySummary, best: TrialRecord | None) -> list[str]:
    table = facts.group_table(summary, best)
    if table is None:
        return []
    tested = any(group.test for group in table.groups)
    splits = [comparison.split(summary), *(["test"] if tested else [])]
    heads = [f"{code(measure)} {split}" for split in splits for measure in table.measures]
    rows = []
    for group in table.groups[:MOST_GROUPS]:
        sides = [group.dev, group.test][: len(splits)]
        rows.append(
            [code(group.name), *(formatting.figure(m, side.get(m)) for side in sides for m in table.measures)]
        )
    title = prose(summary.groups_title)
    more = [facts.most_frequent(table, MOST_GROUPS)] if len(table.groups) > MOST_GROUPS else []
    lowest = weak_classes.lowest_in_words(summary, best, most=MOST_GROUPS)
    return [
        f"## By {title}",
        _table([title, *heads], rows, 1),
        *more,
        *([prose(lowest, 500)] if lowest else []),
    ]


def _data(summary: StudySummary) -> list[str]:
    rows = [
        [prose(split), *map(formatting.count, (one.rows, one.skipped, one.examples)), code(one.source)]
        for split, one in summary.data.items()
    ]
    sample = [facts.SAMPLE] if summary.sample else []
    heads = ["", "rows", "skipped", "examples", "source"]
    return ["## Data", _table(heads, rows, 1, numbers=3), *sample] if rows else []


def _setting(summary: StudySummary) -> list[tuple[str, str]]:
    spent = phases(summary)
    return setting(summary) + ([("time", ", ".join(spent))] if spent else [])


def _list(title: str, lines: Iterable[str]) -> list[str]:
    items = [f"- {line}" for line in lines]
    return [f"## {title}", "\n".join(items)] if items else []


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int, numbers: int | None = None) -> str:
    """A table. The ``numbers`` columns after the first ``left`` ones are right-aligned; None means all."""
    aligned = len(heads) - left if numbers is None else numbers
    rule = ["---:" if left <= place < left + aligned else "---" for place in range(len(heads))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))
