"""The report in a terminal of 80 columns or more: the winner first, then the details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from adaptkit.report import (
    baselines,
    candidates,
    comparison,
    facts,
    formatting,
    intervals,
    weak_classes,
)
from adaptkit.report.advice import shown_warnings
from adaptkit.report.cutting import middle_cut
from adaptkit.report.escaping import LONGEST_WARNING, encodable, visible
from adaptkit.report.loading import loading_lines
from adaptkit.report.printing import print_page
from adaptkit.report.setting import phases, setting
from adaptkit.report.trial_table import trial_table
from adaptkit.report.widgets import Widgets
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.winner import counting

WIDEST = 100
MOST_GROUPS = 15
STATE_STYLES = {"running": "cyan", "interrupted": "yellow", "finished": "green", "failed": "red"}


def print_report(console: Console, summary: StudySummary, trials: Sequence[TrialRecord]) -> None:
    """Prints the report of a study in any state."""
    width = min(console.width, WIDEST)
    print_page(console, render(summary, trials, width, console.encoding), width)


def render(
    summary: StudySummary, trials: Sequence[TrialRecord], width: int = 80, encoding: str = "utf-8"
) -> RenderableType:
    """The report as a rich renderable, in characters that ``encoding`` has."""
    page = _Page(summary, trials, Widgets(width, encoding))
    parts = [
        page.heading(),
        page.winner(),
        page.warnings(),
        page.confirmation(),
        page.model(),
        page.failures(),
        trial_table(page.widgets, summary, trials, page.best),
        page.importances(),
        page.groups(),
        page.data(),
        page.setting(),
    ]
    return Group(*(part for part in parts if part is not None), Text(""))


@dataclass(frozen=True)
class _Page:
    summary: StudySummary
    trials: Sequence[TrialRecord]
    widgets: Widgets

    @property
    def best(self) -> TrialRecord | None:
        return None if self.summary.state == "failed" else facts.winner(self.summary, self.trials)

    def heading(self) -> RenderableType:
        summary = self.summary
        title = Table.grid(expand=True, padding=(0, 2, 0, 0), pad_edge=False)
        title.add_column(ratio=1, overflow="fold")
        title.add_column(justify="right", no_wrap=True)
        title.add_row(
            self.widgets.text(summary.name, "bold", limit=120),
            self.widgets.text(
                facts.state_in_words(summary, self.trials), STATE_STYLES.get(summary.state, "")
            ),
        )
        what = f"{summary.task} · {summary.strategy} · {summary.model}"
        sentence = facts.progress_sentence(summary, self.trials)
        return Group(Text(""), title, self.widgets.text(what, "dim"), self.widgets.text(sentence))

    def winner(self) -> RenderableType | None:
        best = self.best
        if best is None:
            return None
        names = facts.measures(self.summary, best)[: 3 if self.summary.baselines else 5]
        between = intervals.sentence(self.summary, names, lambda name: visible(name, 14))
        title = (
            f"Winner: trial {best.number}"
            if self.summary.state == "finished"
            else f"Best so far: trial {best.number}"
        )
        chosen = facts.calibration(self.summary, best)
        return self.widgets.section(
            title,
            self.widgets.items(facts.listed(best.hyperparameters)),
            Text(" "),
            self.scores(best, names),
            *([self.widgets.text(between, limit=500)] if between else []),
            *([self.widgets.text(metric, "dim")] if (metric := facts.metric_in_words(self.summary)) else []),
            Text(" "),
            *([self.widgets.text(chosen)] if chosen else []),
            *map(self.widgets.text, comparison.notes(self.summary, best, self.trials)),
            self.widgets.text(comparison.caveats(self.summary, best, self.trials), "dim", limit=1000),
        )

    def scores(self, best: TrialRecord, names: Sequence[str]) -> Table:
        """The winner's scores, and those of the baselines."""
        table = self.widgets.grid(
            "left", *["right"] * len(names), heads=["", *(visible(name, 14) for name in names)]
        )
        on_split = {name: facts.value_on_dev(self.summary, best, name) for name in names}
        splits = {comparison.split_label(self.summary, best): on_split, "test": self.summary.test}
        for split, values in splits.items():
            if values:
                shown = [self.widgets.text(formatting.figure(name, values.get(name))) for name in names]
                shown[0].stylize("bold green")
                table.add_row(Text(split), *shown)
        for split, scored in baselines.scored_baselines(self.summary, comparison.split(self.summary)):
            table.add_row(Text(f"baselines, {split}", "dim"))
            for name, values in scored.items():
                cells = (formatting.figure(measure, values.get(measure)) for measure in names)
                indented = Text("  ", "dim") + self.widgets.text(name, "dim", limit=30)
                table.add_row(indented, *(self.widgets.text(cell, "dim") for cell in cells))
        return table

    def warnings(self) -> RenderableType | None:
        warnings = shown_warnings(self.summary, self.best)
        if not warnings:
            return None
        table = self.widgets.grid("left", "fill")
        for warning in warnings:
            table.add_row(Text("!", "bold yellow"), self.widgets.text(warning, limit=LONGEST_WARNING))
        return self.widgets.section("Warnings", table)

    def confirmation(self) -> RenderableType | None:
        its = counting(self.summary, self.trials)
        if its is None:
            return None
        table = self.widgets.grid("left", *["right"] * (len(candidates.HEADS) - 1), heads=candidates.HEADS)
        for row in candidates.rows(its):
            style, star = ("bold green", "★") if row.winner else ("", "")
            table.add_row(
                self.widgets.text(f"{star}{row.cells[0]}", style),
                *(self.widgets.text(one, style) for one in row.cells[1:]),
            )
        legend = candidates.legend(its, visible(self.summary.metric, 14))
        return self.widgets.section(
            "Confirmation", table, self.widgets.text(legend, "dim"), note=candidates.head(its)
        )

    def model(self) -> RenderableType | None:
        if not self.summary.model_folder:
            return None
        calibration = self.best.calibration if self.best else {}
        lines = loading_lines(self.summary, calibration, self.widgets.width - 4)
        code = [Text(encodable(line or " ", self.widgets.encoding), "cyan") for line in lines]
        folder = self.widgets.text(self.summary.model_folder)
        return self.widgets.section("Model", folder, Text(" "), *code)

    def failures(self) -> RenderableType | None:
        found = facts.failures(self.trials)
        if self.summary.state != "failed" or not found:
            return None
        table = self.widgets.grid("right", "fill")
        for reason, numbers in found[:10]:
            table.add_row(
                self.widgets.text(formatting.in_trials(len(numbers)), "red"), self.widgets.text(reason)
            )
        return self.widgets.section("Why they failed", table)

    def importances(self) -> RenderableType | None:
        ranked = facts.importances(self.summary)
        if not ranked:
            return None
        table = self.widgets.grid("left", "right", "left")
        for name, part in ranked[:12]:
            words = visible(formatting.in_words(name), 24)
            table.add_row(
                self.widgets.text(words),
                self.widgets.text(formatting.share(part)),
                self.widgets.bar(part, 32),
            )
        return self.widgets.section(
            "What mattered", table, note="share of the score's variance, as Optuna estimates it"
        )

    def groups(self) -> RenderableType | None:
        table = facts.group_table(self.summary, self.best)
        if table is None:
            return None
        others = [name for name in table.measures if name != table.leading][:4]
        tested = any(group.test for group in table.groups)
        lead = visible(table.leading, 10)
        on_test = [f"{lead} test"] if tested else []
        heads = [lead, " " * 10, *(visible(other, 14) for other in others), *on_test]
        columns = ["left", "right", "left", *["right"] * (len(heads) - 2)]
        grid = self.widgets.grid(*columns, heads=[visible(self.summary.groups_title, 14), *heads])
        room = max(self.widgets.width - 4 - sum(max(cell_len(head), 6) + 2 for head in heads), 12)
        for group in table.groups[:MOST_GROUPS]:
            part = group.dev.get(table.leading, 0.0)
            tests = [self.widgets.text(formatting.score(group.test.get(table.leading)))] if tested else []
            rest = [
                self.widgets.text(formatting.figure(other, group.dev.get(other)), "dim") for other in others
            ]
            grid.add_row(
                self.widgets.text(middle_cut(visible(group.name), room)),
                self.widgets.text(formatting.score(group.dev.get(table.leading))),
                self.widgets.bar(part, 10) if facts.are_shares(table) else Text(""),
                *rest,
                *tests,
            )
        shown = facts.most_frequent(table, MOST_GROUPS)
        more = [self.widgets.text(shown, "dim")] if len(table.groups) > MOST_GROUPS else []
        if lowest := weak_classes.lowest_in_words(self.summary, self.best, most=MOST_GROUPS):
            more.append(self.widgets.text(lowest, limit=500))
        note = f"trial {self.best.number}, {comparison.on_split(self.summary)}" if self.best else ""
        return self.widgets.section(f"By {visible(self.summary.groups_title, 40)}", grid, *more, note=note)

    def data(self) -> RenderableType | None:
        if not self.summary.data:
            return None
        table = self.widgets.grid(
            "left", "right", "right", "right", "fill", heads=["", "rows", "skipped", "examples", "source"]
        )
        for split, record in self.summary.data.items():
            numbers = [
                self.widgets.text(formatting.count(n)) for n in (record.rows, record.skipped, record.examples)
            ]
            if record.skipped:
                numbers[1].stylize("yellow")
            table.add_row(self.widgets.text(split), *numbers, self.widgets.text(record.source, limit=120))
        sample = [self.widgets.text(facts.SAMPLE, "yellow")] if self.summary.sample else []
        return self.widgets.section("Data", table, *sample)

    def setting(self) -> RenderableType:
        table = self.widgets.grid("left", "fill")
        for name, value in setting(self.summary):
            table.add_row(self.widgets.text(name, "dim"), self.widgets.text(value))
        if spent := phases(self.summary):
            table.add_row(Text("time", "dim"), self.widgets.items(spent))
        return self.widgets.section("How it was done", table)
