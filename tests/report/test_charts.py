from __future__ import annotations

import math
from dataclasses import replace

import pytest

from adaptkit.report import charts
from adaptkit.study.record import RungRecord
from tests.helpers.confirmations import ALL_FAILED, BEATS, UNFINISHED, confirmation
from tests.helpers.studies import edge_studies, ner_trial, ner_trials


def test_every_mark_is_inside_the_chart() -> None:
    for _, trials in edge_studies().values():
        for chart in (charts.rate_scatter(trials, 8, "maximize"), charts.rate_scatter(trials, 8, "minimize")):
            for dot in chart.marks if chart else []:
                assert 0 < dot.x < charts.WIDTH
                assert 0 < dot.y < charts.HEIGHT
        curves = charts.learning_curves(trials, 8)
        for curve in curves.marks if curves else []:
            for point in curve.points.split():
                across, down = map(float, point.split(","))
                assert 0 < across < charts.WIDTH
                assert 0 < down < charts.HEIGHT


def test_better_scores_are_higher_and_larger_rates_right() -> None:
    chart = charts.rate_scatter(ner_trials(), 8, "maximize")
    assert chart is not None
    inside = [dot for dot in chart.marks if not dot.outside]
    by_score = sorted(inside, key=lambda dot: dot.trial.score or 0)
    assert [dot.y for dot in by_score] == sorted((dot.y for dot in inside), reverse=True)
    by_rate = sorted(chart.marks, key=lambda dot: dot.trial.hyperparameters["learning_rate"])
    assert [dot.x for dot in by_rate] == sorted(dot.x for dot in chart.marks)
    assert chart.marks[-1].winner
    assert chart.outside == 3


def test_ticks_are_round_and_few() -> None:
    for low, high in ((0.0, 1.0), (0.861, 0.897), (-3.0, 250.0), (1e-9, 2e-9)):
        ticks = charts._padded(low, high).ticks(6)
        assert 2 <= len(ticks) <= 7
        assert len({tick.label for tick in ticks}) == len(ticks)


@pytest.mark.parametrize(("height", "beyond"), [(0.999, False), (1.0, False), (1.6, True)])
def test_no_label_is_beyond_1_unless_a_score_is(height: float, beyond: bool) -> None:
    trial = ner_trial(0, 1e-3, 8, 0.8, 2.0, 12)
    best = RungRecord(epoch=3.0, score=height, loss=0.1)
    trials = [trial, replace(trial, number=1, rungs=(*trial.rungs[:-1], best), best_rung=11)]
    runs = confirmation(1, {1: (height, 0.7, 0.8), 0: (0.4, 0.5, 0.45)})
    curves, scatter = charts.learning_curves(trials, 1), charts.rate_scatter(trials, 1, "maximize")
    lanes = charts.run_lanes(runs)
    assert curves
    assert scatter
    assert lanes
    for ticks in (curves.y_ticks, scatter.y_ticks, lanes.x_ticks):
        assert len(ticks) > 1
        assert any(float(tick.label) > 1 for tick in ticks) == beyond


def test_a_span_of_rates_has_ticks_at_one_two_and_five() -> None:
    chart = charts.rate_scatter(ner_trials(), None, "maximize")
    assert chart is not None
    assert [tick.label for tick in chart.x_ticks] == ["5e-5", "1e-4", "2e-4", "5e-4", "1e-3", "2e-3"]
    trials = [ner_trial(n, 10.0**-n, 8, 0.8, 2.0, 12) for n in range(1, 7)]
    wide = charts.rate_scatter(trials, None, "maximize")
    assert wide is not None
    assert [tick.label for tick in wide.x_ticks] == ["1e-6", "1e-5", "1e-4", "1e-3", "1e-2", "1e-1"]


def test_a_narrow_span_of_rates_still_has_ticks() -> None:
    for rate in (3.3e-4, 1.4e-3, 7e-5):
        chart = charts.rate_scatter([ner_trial(0, rate, 8, 0.8, 2.0, 12)], 0, "maximize")
        assert chart is not None
        assert len(chart.x_ticks) >= 1, rate


def test_without_scores_there_is_no_chart() -> None:
    trial = ner_trials()[0]
    nan = replace(trial, rungs=tuple(replace(rung, score=math.nan) for rung in trial.rungs))
    for trials in ([], [nan], [replace(trial, rungs=(), best_rung=None)]):
        assert charts.learning_curves(trials, None) is None
        assert charts.rate_scatter(trials, None, "maximize") is None


def test_each_run_is_a_dot_in_its_lane() -> None:
    chart = charts.run_lanes(BEATS)
    assert chart is not None
    assert [lane.candidate.trial for lane in chart.marks] == [8, 6, 0]
    for lane in chart.marks:
        places = [x for x, _ in lane.runs]
        assert all(charts.LANES_LEFT < x < charts.WIDTH for x in (*places, lane.start, lane.end))
        assert min(places) <= lane.mean <= max(places)
        assert [score for _, score in sorted(lane.runs)] == sorted(lane.candidate.scores)
    assert len({lane.y for lane in chart.marks}) == 3


def test_runs_that_have_no_score_have_no_lane() -> None:
    chart = charts.run_lanes(UNFINISHED)
    assert chart is not None
    assert [len(lane.runs) for lane in chart.marks] == [2, 1]
    assert charts.run_lanes(ALL_FAILED) is charts.run_lanes(None) is None
