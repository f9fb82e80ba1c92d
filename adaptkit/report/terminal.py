"""The report in a terminal of 80 columns or more: the winner first, then the details.

Texts are passed to rich as `Text`, never as markup. If the terminal's encoding lacks a symbol, the report has
a substitute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from adaptkit.report import candidates, comparison, facts, formatting, intervals
from adaptkit.report.advice import shown_warnings
from adaptkit.report.cutting import middle_cut
from adaptkit.report.escaping import LONGEST_WARNING, encodable, visible
from adaptkit.report.loading import loading_lines
from adaptkit.report.printing import print_page
from adaptkit.report.setting import phases, setting
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.winner import counting

WIDEST = 100
MOST_TRIALS = 20
MOST_GROUPS = 15
STATE_STYLES = {"running": "cyan", "interrupted": "yellow", "finished": "green", "failed": "red"}
TRIAL_STYLES = {"complete": "", "stopped": "yellow", "pruned": "dim", "failed": "red", "interrupted": "dim"}


def print_report(console: Console, summary: StudySummary, trials: Sequence[TrialRecord]) -> None:
    """Prints the report of a study in any state."""
    width = min(console.width, WIDEST)
    print_page(console, render(summary, trials, width, console.encoding), width)


def render(
    summary: StudySummary, trials: Sequence[TrialRecord], width: int = 80, encoding: str = "utf-8"
) -> RenderableType:
    """The report as a rich renderable, in characters that ``encoding`` has."""
    page = _Page(summary, trials, width, encoding)
    parts = [
        page.heading(),
        page.winner(),
        page.warnings(),
        page.confirmation(),
        page.model(),
        page.failures(),
        page.trials_table(),
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
    width: int
    encoding: str

    @property
    def best(self) -> TrialRecord | None:
        return None if self.summary.state == "failed" else facts.winner(self.summary, self.trials)

    def text(self, value: str, style: str = "", limit: int = 300) -> Text:
        """Any text, made safe to show."""
        return Text(encodable(visible(value, limit), self.encoding), style)

    def bar(self, part: float, width: int) -> Text:
        return Text(encodable(formatting.bar(part, width), self.encoding), "cyan")

    def items(self, parts: Sequence[str]) -> Text:
        """The parts with dots between them. Lines break between parts only."""
        lines = [""]
        for part in parts:
            longer = f"{lines[-1]} · {part}" if lines[-1] else part
            if cell_len(longer) <= self.width - 28 or not lines[-1]:
                lines[-1] = longer
            else:
                lines.append(part)
        return Text("\n").join(self.text(line) for line in lines)

    def section(self, title: str, *body: RenderableType, note: str = "") -> RenderableType:
        head = Text.assemble(self.text(title, "bold"), "  ", self.text(note, "dim"))
        head.rstrip()
        return Group(Text(""), head, *(Padding(part, (0, 0, 0, 2), expand=False) for part in body))

    def grid(self, *columns: str, heads: Sequence[str] = ()) -> Table:
        """A table without rules. A column is "left", "right", or "fill", which wraps its text."""
        table = Table(
            box=None, show_header=bool(heads), header_style="dim", padding=(0, 2, 0, 0), pad_edge=False
        )
        for position, kind in enumerate(columns):
            table.add_column(
                self.text(heads[position]) if heads else Text(""),
                justify="right" if kind == "right" else "left",
                no_wrap=kind != "fill",
                overflow="fold" if kind == "fill" else "crop",
                ratio=1 if kind == "fill" else None,
            )
        table.expand = "fill" in columns
        return table

    def heading(self) -> RenderableType:
        summary = self.summary
        title = Table.grid(expand=True, padding=(0, 2, 0, 0), pad_edge=False)
        title.add_column(ratio=1, overflow="fold")
        title.add_column(justify="right", no_wrap=True)
        title.add_row(
            self.text(summary.name, "bold", limit=120),
            self.text(summary.state, STATE_STYLES.get(summary.state, "")),
        )
        what = f"{summary.task} · {summary.strategy} · {summary.model}"
        sentence = facts.progress_sentence(summary, self.trials)
        return Group(Text(""), title, self.text(what, "dim"), self.text(sentence))

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
        return self.section(
            title,
            self.items(facts.listed(best.hyperparameters)),
            Text(" "),
            self.scores(best, names),
            *([self.text(between, limit=500)] if between else []),
            *([self.text(metric, "dim")] if (metric := facts.metric_in_words(self.summary)) else []),
            Text(" "),
            *([self.text(chosen)] if chosen else []),
            *map(self.text, comparison.notes(self.summary, best, self.trials)),
            self.text(comparison.caveats(self.summary, best), "dim", limit=500),
        )

    def scores(self, best: TrialRecord, names: Sequence[str]) -> Table:
        """The winner's scores, and those of the baselines."""
        table = self.grid("left", *["right"] * len(names), heads=["", *(visible(name, 14) for name in names)])
        on_split = {name: facts.value_on_dev(self.summary, best, name) for name in names}
        splits = {comparison.split_label(self.summary, best): on_split, "test": self.summary.test}
        for split, values in splits.items():
            if values:
                shown = [self.text(formatting.figure(name, values.get(name))) for name in names]
                shown[0].stylize("bold green")
                table.add_row(Text(split), *shown)
        if self.summary.baselines:
            table.add_row(Text(f"baselines, {comparison.split(self.summary)}", "dim"))
        for name, values in self.summary.baselines.items():
            shown = [self.text(formatting.figure(measure, values.get(measure)), "dim") for measure in names]
            table.add_row(Text("  ", "dim") + self.text(name, "dim", limit=30), *shown)
        return table

    def warnings(self) -> RenderableType | None:
        warnings = shown_warnings(self.summary, self.best)
        if not warnings:
            return None
        table = self.grid("left", "fill")
        for warning in warnings:
            table.add_row(Text("!", "bold yellow"), self.text(warning, limit=LONGEST_WARNING))
        return self.section("Warnings", table)

    def confirmation(self) -> RenderableType | None:
        its = counting(self.summary, self.trials)
        if its is None:
            return None
        table = self.grid("left", *["right"] * (len(candidates.HEADS) - 1), heads=candidates.HEADS)
        for row in candidates.rows(its):
            style, star = ("bold green", "★") if row.winner else ("", "")
            table.add_row(
                self.text(f"{star}{row.cells[0]}", style), *(self.text(one, style) for one in row.cells[1:])
            )
        legend = candidates.legend(its, visible(self.summary.metric, 14))
        return self.section("Confirmation", table, self.text(legend, "dim"), note=candidates.head(its))

    def model(self) -> RenderableType | None:
        if not self.summary.model_folder:
            return None
        lines = loading_lines(self.summary, self.width - 4)
        code = [Text(encodable(line or " ", self.encoding), "cyan") for line in lines]
        folder = self.text(self.summary.model_folder)
        return self.section("Model", folder, Text(" "), *code)

    def failures(self) -> RenderableType | None:
        found = facts.failures(self.trials)
        if self.summary.state != "failed" or not found:
            return None
        table = self.grid("right", "fill")
        for reason, numbers in found[:10]:
            table.add_row(self.text(formatting.in_trials(len(numbers)), "red"), self.text(reason))
        return self.section("Why they failed", table)

    def trials_table(self) -> RenderableType | None:
        if not self.trials:
            return None
        shown = facts.ranked(self.trials, self.summary.direction)[:MOST_TRIALS]
        differing, alike = facts.hyperparameters(self.trials)
        named = differing[: 4 if self.width >= 96 else 3]
        columns = ["right", "left", "right", *["right"] * len(named), "left", "fill"]
        short = {"learning_rate": "lr", "batch_size": "batch", "weight_decay": "decay"}
        heads = ["", "", visible(self.summary.metric, 8), *(short.get(name, name[:6]) for name in named)]
        table = self.grid(*columns, heads=[*heads, "rungs", "why it ended"])
        for trial in shown:
            self.trial_row(table, trial, named)
        notes = [f"All with {', '.join(facts.listed(alike))}."] if alike else []
        if len(shown) < len(self.trials):
            notes.append(f"The best {len(shown)} of {formatting.count(len(self.trials))}: {facts.SHOWS_ALL}")
        lines = [self.text(note, "dim") for note in notes]
        return self.section("Trials", table, *lines, note=facts.state_counts(self.trials))

    def trial_row(self, table: Table, trial: TrialRecord, named: Sequence[str]) -> None:
        winner = self.best is not None and trial.number == self.best.number
        low, high = facts.spark_range(self.trials, self.summary.direction)
        scores = [rung.score for rung in trial.rungs]
        style = "bold green" if winner else TRIAL_STYLES[facts.state_of(trial)]
        values = [formatting.hyperparameter(name, trial.hyperparameters.get(name)) for name in named]
        spark = encodable(formatting.spark(scores, low, high), self.encoding)
        table.add_row(
            self.text(f"{'★' if winner else ''}{trial.number}", style),
            self.text(facts.state_of(trial), style),
            self.text(formatting.score(trial.score), style),
            *(self.text(value, "dim" if trial.state == "pruned" else "") for value in values),
            Text(spark, "green" if winner else "cyan"),
            self.text(facts.why(trial), "dim", limit=110),
        )

    def importances(self) -> RenderableType | None:
        ranked = facts.importances(self.summary)
        if not ranked:
            return None
        table = self.grid("left", "right", "left")
        for name, part in ranked[:12]:
            words = visible(formatting.in_words(name), 24)
            table.add_row(self.text(words), self.text(formatting.share(part)), self.bar(part, 32))
        return self.section(
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
        grid = self.grid(*columns, heads=[visible(self.summary.groups_title, 14), *heads])
        room = max(self.width - 4 - sum(max(cell_len(head), 6) + 2 for head in heads), 12)
        for group in table.groups[:MOST_GROUPS]:
            part = group.dev.get(table.leading, 0.0)
            tests = [self.text(formatting.score(group.test.get(table.leading)))] if tested else []
            rest = [self.text(formatting.figure(other, group.dev.get(other)), "dim") for other in others]
            grid.add_row(
                self.text(middle_cut(visible(group.name), room)),
                self.text(formatting.score(group.dev.get(table.leading))),
                self.bar(part, 10) if facts.are_shares(table) else Text(""),
                *rest,
                *tests,
            )
        shown = facts.most_frequent(table, MOST_GROUPS)
        more = [self.text(shown, "dim")] if len(table.groups) > MOST_GROUPS else []
        note = f"trial {self.best.number}, {comparison.on_split(self.summary)}" if self.best else ""
        return self.section(f"By {visible(self.summary.groups_title, 40)}", grid, *more, note=note)

    def data(self) -> RenderableType | None:
        if not self.summary.data:
            return None
        table = self.grid(
            "left", "right", "right", "right", "fill", heads=["", "rows", "skipped", "examples", "source"]
        )
        for split, record in self.summary.data.items():
            numbers = [self.text(formatting.count(n)) for n in (record.rows, record.skipped, record.examples)]
            if record.skipped:
                numbers[1].stylize("yellow")
            table.add_row(self.text(split), *numbers, self.text(record.source, limit=120))
        sample = [self.text(facts.SAMPLE, "yellow")] if self.summary.sample else []
        return self.section("Data", table, *sample)

    def setting(self) -> RenderableType:
        table = self.grid("left", "fill")
        for name, value in setting(self.summary):
            table.add_row(self.text(name, "dim"), self.text(value))
        if spent := phases(self.summary):
            table.add_row(Text("time", "dim"), self.items(spent))
        return self.section("How it was done", table)
