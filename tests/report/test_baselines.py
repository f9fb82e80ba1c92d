from __future__ import annotations

from dataclasses import replace

import pytest

from adaptkit.report.baselines import (
    beaten,
    beats_baselines,
    beats_baselines_on_test,
    best_baseline,
    scored_baselines,
    unbeaten,
    unbeaten_on_test,
)
from adaptkit.report.comparison import notes
from adaptkit.study.record import RungRecord
from adaptkit.task import MAJORITY_CLASS
from tests.helpers.studies import ner_summary, ner_trials

TRIALS = ner_trials()
BEST = TRIALS[8]
SUMMARY = ner_summary()
BASELINES = {MAJORITY_CLASS: {"f1": 0.1, "accuracy": 0.55}, "words": {"f1": 0.75, "accuracy": 0.8}}


def test_a_winner_that_beats_the_baselines() -> None:
    summary = replace(SUMMARY, baselines=BASELINES)
    assert best_baseline(summary) == ("words", 0.75)
    assert beats_baselines(summary, BEST) is True
    assert unbeaten(summary, BEST) == ""
    assert notes(summary, BEST, TRIALS)[0] == "This is 0.1477 better than the best baseline, words (0.7500)."


@pytest.mark.parametrize(("score", "shown"), [(0.95, "0.9500"), (0.8977, "0.8977")])
def test_a_winner_that_does_not_beat_a_baseline(score: float, shown: str) -> None:
    score = BEST.score if score == 0.8977 and BEST.score is not None else score
    summary = replace(SUMMARY, strategy="frozen", baselines={**BASELINES, "words": {"f1": score}})
    assert beats_baselines(summary, BEST) is False
    assert unbeaten(summary, BEST) == (
        f"The baseline words scores {shown} on the same rows: this model does not beat it. "
        "Try --strategy full or --strategy lora, or use the baseline."
    )
    assert not any("baseline" in note for note in notes(summary, BEST, TRIALS))
    other = replace(summary, strategy="full")
    assert "Try --strategy frozen, more epochs (--epochs)" in unbeaten(other, BEST)


@pytest.mark.parametrize(("direction", "score"), [("maximize", 1.0), ("minimize", 0.0)])
def test_a_baseline_and_a_model_that_are_both_perfect(direction: str, score: float) -> None:
    best = replace(BEST, rungs=[RungRecord(epoch=1, score=score, loss=0.1)], best_rung=0)
    summary = replace(SUMMARY, direction=direction, baselines={"words": {"f1": score}})
    assert unbeaten(summary, best) == (
        f"The baseline words and this model both score {score:.4f}, which no model can beat on these rows. "
        "The baseline is simpler, and enough for rows like these."
    )
    worse = replace(best, rungs=[RungRecord(epoch=1, score=0.5, loss=0.1)])
    assert "this model does not beat it" in unbeaten(summary, worse)


def test_the_lower_score_is_better_if_it_is_minimised() -> None:
    baselines = {"a": {"error": 0.9}, "b": {"error": 0.95}}
    summary = replace(SUMMARY, direction="minimize", metric="error", baselines=baselines)
    assert best_baseline(summary) == ("a", 0.9)
    assert beats_baselines(summary, BEST) is True
    assert beats_baselines(replace(summary, baselines={"c": {"error": 0.5}}), BEST) is False


@pytest.mark.parametrize("baselines", [{}, {"words": {"recall": 0.99}}, {"words": {"f1": float("nan")}}])
def test_without_a_baselines_score_nothing_is_said(baselines: dict[str, dict[str, float]]) -> None:
    summary = replace(SUMMARY, baselines=baselines)
    assert beats_baselines(summary, BEST) is None
    assert unbeaten(summary, BEST) == ""
    assert not any("baseline" in note for note in notes(summary, BEST, TRIALS))


def test_the_rows_that_the_baselines_were_scored_on() -> None:
    assert scored_baselines(SUMMARY, "dev") == []
    tested = replace(SUMMARY, baselines=BASELINES, test_baselines={"words": {"f1": 0.7}})
    assert scored_baselines(tested, "5-fold") == [("5-fold", BASELINES), ("test", {"words": {"f1": 0.7}})]


def test_a_winner_that_beats_the_baselines_on_test_too() -> None:
    scores = {**BASELINES, "words": {"f1": 0.85}}
    summary = replace(SUMMARY, baselines=BASELINES, test_baselines=scores)
    assert beats_baselines_on_test(summary) is True
    assert unbeaten_on_test(summary, BEST) == ""
    (sentence,) = beaten(summary, BEST)
    assert sentence.endswith("On test, this model is 0.0291 better than the best baseline, words (0.8500).")
    some = replace(summary, test_baselines={"words": {"f1": 0.85}})
    assert "better than the best baseline scored there, words (0.8500)" in beaten(some, BEST)[0]


@pytest.mark.parametrize(("score", "shown"), [(0.9, "0.9000"), (0.87911, "0.8791")])
def test_a_baseline_that_is_as_good_on_test(score: float, shown: str) -> None:
    summary = replace(SUMMARY, baselines=BASELINES, test_baselines={"words": {"f1": score}})
    assert beats_baselines_on_test(summary) is False
    said = f"On test, the baseline words scores {shown} and this model 0.8791"
    assert unbeaten_on_test(summary, BEST) == (
        f"{said}, so it is not better there. "
        "Try --strategy frozen, more epochs (--epochs), or use the baseline."
    )
    assert "On test" not in beaten(summary, BEST)[0]
    unbeaten_on_dev = replace(summary, baselines={"words": {"f1": 0.95}})
    assert unbeaten_on_test(unbeaten_on_dev, BEST) == f"{said}, so it is not better there, either."


def test_a_perfect_test_score_cannot_be_beaten() -> None:
    summary = replace(SUMMARY, test={"f1": 1.0}, test_baselines={"words": {"f1": 1.0}})
    assert unbeaten_on_test(summary, BEST) == ""


@pytest.mark.parametrize("changes", [{"test": {}}, {"test_baselines": {}}, {"test": {"f1": float("nan")}}])
def test_without_both_test_scores_nothing_is_said(changes: dict[str, dict[str, float]]) -> None:
    scored: dict[str, object] = {"test_baselines": {"words": {"f1": 0.9}}, **changes}
    summary = replace(SUMMARY, **scored)  # type: ignore[arg-type]
    assert beats_baselines_on_test(summary) is None
    assert unbeaten_on_test(summary, BEST) == ""
    assert beaten(summary, BEST) == []
