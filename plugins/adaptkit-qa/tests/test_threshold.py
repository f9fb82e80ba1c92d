from __future__ import annotations

import random
import sys

import pytest
from adaptkit_qa.metric import METRIC
from adaptkit_qa.threshold import calibrate, calibrated


def prediction(text, over, *, best=1.0):
    """ "No answer" outscores the best span, ``text``, by ``over``."""
    spans = [{"text": text, "start": 0, "end": len(text), "score": best, "probability": 0.5}] if text else []
    score = best if text else float("-inf")
    return {"n_best": spans, "best_score": score, "null_score": best + over, "null_probability": 0.5}


def row(*texts):
    return {"answers": [{"text": text, "start": 0} for text in texts]}


def f1_at(threshold, predictions, rows):
    applied = [calibrated(one, {"null_threshold": threshold}) for one in predictions]
    return METRIC.compute(applied, rows).values["f1"]


@pytest.mark.parametrize("seed", range(10))
def test_no_other_threshold_has_a_higher_f1(seed):
    draw = random.Random(seed)
    rows = [row(*draw.choices(["oak tree", "stone"], k=draw.randint(0, 2))) for _ in range(60)] + [row()]
    predictions = [
        prediction(
            draw.choice(["oak", "stone", "the", ""]),
            draw.randint(-4, 4) / 2,
            best=draw.choice([0.5, 1.0, 2.0]),
        )
        for _ in rows
    ]
    calibration = calibrate(predictions, rows)
    tried = [step / 4 for step in range(-10, 11)]
    assert f1_at(calibration["null_threshold"], predictions, rows) == pytest.approx(
        max(f1_at(threshold, predictions, rows) for threshold in tried)
    )


def test_the_threshold_is_halfway_to_the_next_question():
    predictions = [prediction("oak", -3.0), prediction("oak", -2.0), prediction("oak", 2.0)]
    assert calibrate(predictions, [row("oak"), row("oak"), row()]) == {"null_threshold": 0.0}
    assert calibrate(predictions, [row(), row(), row("oak")]) == {"null_threshold": -4.0}
    assert calibrate(predictions, [row(), row("oak"), row("oak")]) == {"null_threshold": 2.0}


def test_if_all_rows_have_answers_all_are_answered():
    predictions = [prediction("oak", 3e38), prediction("stone", -5.0)]
    calibration = calibrate(predictions, [row("oak"), row("oak")])
    assert calibration == {}
    assert [calibrated(one, calibration)["answer"]["text"] for one in predictions] == ["oak", "stone"]


def test_if_no_row_has_an_answer_none_is_answered():
    predictions = [prediction("oak", over) for over in (-9.0, -9.0, 0.0)]
    calibration = calibrate(predictions, [row()] * 3)
    assert [calibrated(one, calibration)["answer"] for one in predictions] == [None] * 3


def test_a_prediction_without_spans_is_no_answer():
    calibration = calibrate([prediction("", 0.0)], [row()])
    assert calibrated(prediction("", 0.0), calibration)["answer"] is None
    assert calibrated(prediction("", 0.0), calibrate([], []))["answer"] is None


def test_without_a_threshold_every_question_is_answered():
    assert calibrated(prediction("oak", 0.1), {})["answer"]["text"] == "oak"
    assert calibrated(prediction("oak", -0.1), {})["answer"]["text"] == "oak"


def test_the_threshold_of_older_models_that_nothing_reaches():
    assert (
        calibrated(prediction("oak", 1e30), {"null_threshold": sys.float_info.max})["answer"]["text"] == "oak"
    )
