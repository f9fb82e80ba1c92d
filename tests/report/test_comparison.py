from __future__ import annotations

from dataclasses import replace

import pytest

from adaptkit.report import comparison
from adaptkit.study.record import SplitRecord, StudySummary, TrialRecord
from adaptkit.study.refit import Refit
from adaptkit.task import MAJORITY_CLASS
from tests.helpers.studies import failed_trial, ner_summary, ner_trials

TRIALS = ner_trials()
BEST = TRIALS[8]
SUMMARY = replace(ner_summary(), space={"learning_rate": "5e-5 … 2e-3 (log)", "batch_size": "8, 16, 32, 64"})


def solved(l2: float, **changes: object) -> tuple[StudySummary, TrialRecord]:
    """A study whose heads were solved, and a trial of it."""
    summary = replace(SUMMARY, space={"l2": "1e-04 … 1e+00 (log)"}, strategy="frozen", **changes)  # type: ignore[arg-type]
    return summary, replace(BEST, hyperparameters={"l2": l2})


def test_the_gain_over_the_default() -> None:
    better = comparison.default(SUMMARY, BEST, TRIALS)
    assert better.startswith(
        "On dev, this is 0.0279 better than the default hyperparameters (trial 0: 0.8698)."
    )
    folded = comparison.default(replace(SUMMARY, folds=5), BEST, TRIALS)
    assert folded.startswith("In 5-fold cross-validation, this is 0.0279 better")


def test_the_default_is_not_better_than_itself() -> None:
    default = TRIALS[0]
    assert "no other trial scored better" in comparison.default(SUMMARY, default, TRIALS)
    retry = replace(default, number=9, origin="retry of trial 0")
    failed = replace(failed_trial(0), origin="default")
    assert "no other trial has a score" in comparison.default(SUMMARY, retry, [failed, retry])


@pytest.mark.parametrize("state", ["complete", "fail"])
def test_equal_configurations_are_not_compared(state: str) -> None:
    default = replace(TRIALS[0], state=state)  # type: ignore[arg-type]
    equal = replace(BEST, hyperparameters=default.hyperparameters)
    sentence = comparison.default(SUMMARY, equal, [default, equal])
    assert sentence == "These are the default hyperparameters, trained with another seed."


def test_a_default_with_the_same_score_or_with_none() -> None:
    equal = replace(TRIALS[0], number=5, origin="search", hyperparameters={"learning_rate": 1e-3})
    assert "score the same: 0.8698 on dev." in comparison.default(SUMMARY, equal, TRIALS)
    assert "no score to compare" in comparison.default(SUMMARY, BEST, TRIALS[1:])
    failed = replace(failed_trial(0), origin="default")
    assert "no score to compare" in comparison.default(SUMMARY, BEST, [failed, BEST])


@pytest.mark.parametrize(
    ("share", "said", "beaten"), [(0.876, True, False), (0.8, False, True), (0.5, False, None)]
)
def test_the_majority_share_is_said_for_imbalanced_classes(
    share: float, said: bool, beaten: bool | None
) -> None:
    """Where accuracy is optimised, and the winner is hardly better, a warning says more."""
    summary = replace(SUMMARY, baselines={MAJORITY_CLASS: {"accuracy": share}})
    found = [note for note in comparison.notes(summary, BEST, TRIALS) if "most frequent class" in note]
    expected = "88% of the rows have the most frequent class, so an accuracy of 0.8760 needs no model."
    assert [note.startswith(expected) for note in found] == ([True] if said else [])
    optimised = replace(summary, metric="accuracy")
    assert comparison.beats_majority(optimised, BEST) is beaten
    assert not any("most frequent class" in note for note in comparison.notes(optimised, BEST, TRIALS))


def test_the_caveats_say_what_scored_the_trials() -> None:
    assert comparison.caveats(SUMMARY, BEST, TRIALS).startswith("The winner was chosen by its dev score")
    folded = comparison.caveats(*solved(1e-2, folds=5), TRIALS)
    assert "5-fold cross-validation on the training rows" in folded
    assert "solved on all training rows together" in folded
    assert "dev" not in folded


def test_the_caveats_say_that_the_head_was_solved_again() -> None:
    summary, trial = solved(1e-2, refit=8)
    assert "solved again on the training and dev rows together" in comparison.caveats(summary, trial, TRIALS)
    assert "solved again" not in comparison.caveats(replace(summary, refit=3), trial, TRIALS)


def test_the_caveats_say_whether_there_is_a_test() -> None:
    assert "The test rows were not used to choose it." in comparison.caveats(SUMMARY, BEST, TRIALS)
    unscored = replace(SUMMARY, test={})
    assert "have not been scored yet" in comparison.caveats(unscored, BEST, TRIALS)
    assert "There are no test rows." in comparison.caveats(replace(unscored, data={}), BEST, TRIALS)


def test_the_caveats_count_rows_with_unknown_labels() -> None:
    some = {"test": SplitRecord(source="t", rows=40, skipped=3, unknown_labels=2)}
    assert comparison.caveats(replace(SUMMARY, data=some), BEST, TRIALS).endswith(
        "The test score is too high: 2 rows with labels that the model does not have were left out; they "
        "would count as errors."
    )
    one = {"dev": SplitRecord(source="d", rows=40, skipped=3, unknown_labels=1)}
    said = comparison.caveats(replace(SUMMARY, data=one), BEST, TRIALS)
    assert "The dev score is too high: 1 row with a label that the model does not have was left out;" in said
    assert "The test score" not in said
    assert "too high: " not in comparison.caveats(SUMMARY, BEST, TRIALS)


@pytest.mark.parametrize(
    ("epochs", "of", "averaged", "words"),
    [
        (1.0, 1.0, 1, "for 1 epoch. No"),
        (5 / 6, 1.0, 2, "for 0.833 of 1 epoch, as the average of 2 runs. No"),
        (20 / 3, 8.0, 1, "for 6.67 of 8 epochs. No"),
    ],
)
def test_a_refit_says_how_long_it_took(epochs: float, of: float, averaged: int, words: str) -> None:
    done = Refit(
        trial=8, seed=1, epochs=epochs, of_epochs=of, rows=900, state="complete", averaged=averaged, runs=2
    )
    (said,) = comparison.exported(replace(SUMMARY, trained_again=done), BEST)
    assert words in said
