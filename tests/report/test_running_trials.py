from __future__ import annotations

import io
import math
from dataclasses import replace

import pytest
from rich.console import Console
from rich.text import Text

from adaptkit.report.formatting import NONE
from adaptkit.report.running_trials import MOST_SHOWN, RunningTrials
from adaptkit.study.record import RungRecord
from tests.helpers.studies import failed_trial, ner_trials


def printed(trials: RunningTrials) -> list[list[str]]:
    file = io.StringIO()
    Console(file=file, width=80, color_system=None).print(trials.table("f1", Text))
    return [line.split() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("direction", "order"), [("maximize", ["2", "1", "0"]), ("minimize", ["1", "2", "0"])]
)
def test_the_best_running_trial_is_first(direction: str, order: list[str]) -> None:
    trials = RunningTrials(direction)
    for number in range(3):
        trials.started(number, {"learning_rate": 1e-3, "batch_size": 16})
    trials.scored(1, 0.5, 0.25)
    trials.scored(2, 0.5, 0.75)
    trials.scored(2, 1.0, 0.5)
    head, *rows = printed(trials)
    assert head == ["trial", "lr", "batch", "epoch", "best", "f1", "rungs"]
    assert [row[0] for row in rows] == order
    assert ["0", "1.00e-3", "16", "0.00", NONE] in rows
    assert next(row for row in rows if row[0] == "2")[3] == "1.00"


def test_a_head_that_is_solved_has_a_penalty_and_no_epochs() -> None:
    trials = RunningTrials("maximize")
    trials.started(0, {"l2": 0.005})
    trials.started(1, {"l2": 0.25})
    assert printed(trials) == [
        ["trial", "L2", "penalty", "best", "f1"],
        ["0", "0.00500", NONE],
        ["1", "0.250", NONE],
    ]


def test_there_are_never_too_many_rows() -> None:
    trials = RunningTrials("maximize")
    for number in range(MOST_SHOWN + 3):
        trials.started(number, {})
    assert len(trials) == MOST_SHOWN + 3
    assert printed(trials)[-1] == ["and", "3", "more"]
    assert len(printed(trials)) == 1 + MOST_SHOWN + 1


def test_the_best_score_includes_ended_trials() -> None:
    trials = RunningTrials("maximize")
    assert trials.best() is None
    for trial in ner_trials():
        trials.ended(trial)
    assert trials.best() == (8, ner_trials()[8].score)
    trials.scored(20, 1.0, 0.99)
    trials.scored(21, 1.0, math.nan)
    assert trials.best() == (20, 0.99)
    trials.ended(failed_trial(20, "diverged"))
    trials.ended(failed_trial(21, "diverged"))
    assert trials.best() == (8, ner_trials()[8].score)
    assert len(trials) == 0


def test_the_best_complete_trial_is_the_one_that_wins() -> None:
    one = ner_trials()[0]
    trials = RunningTrials("maximize")
    for number, state, score in ((3, "complete", 0.5), (1, "complete", 0.5), (2, "pruned", 0.9)):
        rungs = (RungRecord(epoch=1.0, score=score, loss=0.1),)
        trials.ended(replace(one, number=number, state=state, rungs=rungs, best_rung=0))  # type: ignore[arg-type]
    assert trials.best_complete() == (1, 0.5)  # the earlier of equals, and no pruned trial
