from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from adaptkit.report.html import as_html
from adaptkit.report.markdown import as_markdown
from adaptkit.report.terminal import print_report
from adaptkit.report.trial_table import trial_table
from adaptkit.report.widgets import Widgets
from tests.helpers.studies import ner_summary, ner_trials

SUMMARY, TRIALS = ner_summary(), ner_trials()
SOLVED = [replace(trial, rungs=trial.rungs[:1], best_rung=0 if trial.rungs else None,
                  hyperparameters={"l2": 10.0**-trial.number}) for trial in TRIALS]  # fmt: skip


def printed(trials: list, width: int = 80) -> str:  # type: ignore[type-arg]
    file = io.StringIO()
    table = trial_table(Widgets(width, "utf-8"), SUMMARY, trials, trials[8] if trials else None)
    if table is not None:
        Console(file=file, width=width, color_system=None).print(table)
    return file.getvalue()


def test_the_winner_is_marked_and_the_curves_are_shown() -> None:
    text = printed(TRIALS)
    head, first = text.splitlines()[2:4]
    assert head.split()[-4:] == ["rungs", "why", "it", "ended"]
    assert first.split()[:2] == ["★8", "complete"]
    assert "█" in first


def test_there_is_no_table_without_trials() -> None:
    assert printed([]) == ""


@pytest.mark.parametrize("width", [80, 100])
def test_solved_heads_have_no_column_of_rungs(width: int) -> None:
    head = printed(SOLVED, width).splitlines()[2]
    assert head.split() == ["f1", "l2", "why", "it", "ended"]


def test_no_report_of_solved_heads_names_rungs() -> None:
    file = io.StringIO()
    print_report(Console(file=file, width=80, color_system=None), SUMMARY, SOLVED)
    markdown, html = as_markdown(SUMMARY, SOLVED), as_html(SUMMARY, SOLVED)
    assert "| L2 penalty | why it ended |" in markdown
    assert '<th scope="col">rungs</th>' not in html
    (heads,) = (row for row in html.split("<tr") if "why it ended</th>" in row)
    (row,) = (row for row in html.split("<tr") if 'class="complete winner"' in row)
    assert heads.count("<th") == row.count("<th") + row.count("<td")
    assert '<th scope="col">rungs</th>' in as_html(SUMMARY, TRIALS)
    assert "| rungs | why it ended |" in as_markdown(SUMMARY, TRIALS)
    assert "rungs" in printed(TRIALS)
    assert "rungs" not in file.getvalue()
