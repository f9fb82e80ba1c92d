from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from adaptkit.report import facts
from adaptkit.report.document import as_document
from adaptkit.report.html import as_html
from adaptkit.report.markdown import as_markdown
from adaptkit.report.notebook import in_one_line
from adaptkit.report.terminal import print_report
from tests.helpers.studies import failed_trial, many_classes, ner_summary, ner_trials


def test_trials_are_ranked_by_state_then_score() -> None:
    order = [trial.number for trial in facts.ranked(ner_trials(), "maximize")]
    assert order == [8, 6, 3, 10, 1, 0, 11, 4, 5, 9, 2, 7]
    assert [trial.number for trial in facts.ranked(ner_trials(), "minimize")][:2] == [0, 1]


def test_a_report_says_that_a_later_rung_counts() -> None:
    said = "its last rung that is within one standard error of its best"
    trials = ner_trials()
    later = [replace(trials[8], best_rung=0), *trials[:8]]
    for found in (trials, later):
        out = StringIO()
        print_report(Console(file=out, width=200), ner_summary(), found)
        for text in (out.getvalue(), as_markdown(ner_summary(), found), as_html(ner_summary(), found)):
            assert (said in text) == (found is later)
    assert facts.about_scores(trials, "minimize")


def test_the_winner_is_the_named_one_or_the_best_so_far() -> None:
    trials = ner_trials()
    for best, expected in ((8, 8), (3, 3), (None, 8), (99, 8), (7, 8)):
        winner = facts.winner(replace(ner_summary(), best=best), trials)
        assert winner is not None
        assert winner.number == expected
    assert facts.winner(ner_summary(), [trials[2], trials[7]]) is None


def test_a_trial_that_the_timeout_cut_short_is_stopped() -> None:
    trials = ner_trials()
    for reason in (
        "stopped after epoch 2.00: the timeout was reached",
        "stopped after epoch 2.00: time was up",
    ):
        short = replace(trials[0], reason=reason)
        assert facts.state_of(short) == "stopped"
        assert facts.why(short) == reason.removeprefix("stopped ")
        assert facts.state_counts([short, *trials[6:8]]) == "1 complete, 1 stopped, 1 failed"
        assert facts.winner(replace(ner_summary(), best=None), [short]) == short


def test_what_was_chosen_is_said_with_its_rows() -> None:
    trial = replace(ner_trials()[0], calibration={"threshold": 0.25})
    assert facts.calibration(ner_summary(), trial) == "Chosen on the dev rows: threshold 0.25."
    folded = facts.calibration(replace(ner_summary(), folds=5), trial)
    assert folded == "Chosen in 5-fold cross-validation: threshold 0.25."
    assert facts.calibration(ner_summary(), ner_trials()[0]) == ""


def test_hyperparameters_that_never_differ_are_shown_once() -> None:
    differing, alike = facts.hyperparameters(ner_trials())
    assert differing == ["learning_rate", "batch_size"]
    assert alike == {"epochs": 3, "weight_decay": 0.01, "warmup": 0.1}
    longer = replace(ner_trials()[0], hyperparameters={"learning_rate": 1e-3, "batch_size": 8, "epochs": 5})
    assert facts.hyperparameters([*ner_trials(), longer])[0][2:] == ["epochs", "weight_decay", "warmup"]


def test_groups_are_ordered_by_frequency() -> None:
    summary, trials = many_classes()
    table = facts.group_table(summary, trials[0])
    assert table is not None
    frequencies = [facts.support(group) for group in table.groups]
    assert frequencies == sorted(frequencies, reverse=True)
    assert len(frequencies) == 77
    assert (table.leading, table.measures[-1]) == ("f1", "support")


def test_failures_are_counted_by_reason() -> None:
    trials = [failed_trial(0, "a"), failed_trial(1, "b"), failed_trial(2, "b"), *ner_trials()[8:9]]
    assert facts.failures(trials) == [("b", [1, 2]), ("a", [0])]


def test_one_bad_trial_does_not_flatten_the_spark_lines() -> None:
    low, high = facts.spark_range(ner_trials(), "maximize")
    assert 0.3 < low < high < 0.9
    assert facts.spark_range([], "maximize") == (0.0, 1.0)


def test_every_format_says_what_the_metric_is() -> None:
    summary, trials = ner_summary(), ner_trials()
    for metric_is in ("strict F1 over entities", ""):
        study = replace(summary, metric_is=metric_is)
        output = StringIO()
        print_report(Console(file=output, width=80), study, trials)
        for text in (output.getvalue(), as_html(study, trials), as_markdown(study, trials)):
            assert ("f1: strict F1 over entities" in text) == bool(metric_is)
        assert as_document(study, trials)["study"]["metric_is"] == metric_is
    assert facts.metric_in_words(replace(summary, metric_is="")) == ""


def test_importances_of_a_single_hyperparameter_are_not_shown() -> None:
    several, one = ner_summary(), replace(ner_summary(), importances={"l2": 1.0})
    assert facts.importances(several) == [("learning_rate", 0.783), ("batch_size", 0.217)]
    assert facts.importances(one) == []
    for summary, said in ((several, True), (one, False)):
        out = StringIO()
        print_report(Console(file=out, width=200), summary, ner_trials())
        for text in (out.getvalue(), as_markdown(summary, ner_trials())):
            assert ("What mattered" in text) == said
    assert as_document(one, ner_trials())["study"]["importances"] == {"l2": 1.0}


def test_interrupted_attempts_are_no_trials() -> None:
    trials = [trial for trial in ner_trials() if trial.state == "complete"][:4]
    lost = replace(trials[0], number=20, state="fail", reason="interrupted: the process was killed")
    assert lost.interrupted
    summary = replace(ner_summary(), trials=4, seconds={"training": 100.0})
    said = facts.progress_sentence(summary, [*trials, lost])
    assert said == "4 trials in 1 min 40 s: 4 complete, 1 interrupted."
    assert facts.state_in_words(summary, [*trials, lost]) == "finished"


@pytest.mark.parametrize(("total", "left"), [(5, "1 trial remains"), (8, "4 trials remain")])
def test_trials_that_a_timeout_left_are_counted(total: int, left: str) -> None:
    summary = replace(ner_summary(), trials=total, seconds={"training": 60.0})
    assert facts.progress_sentence(summary, ner_trials()[:4]).startswith(f"4 of {total} trials in 1 min")
    assert facts.state_in_words(summary, ner_trials()[:4]) == f"finished, {left}"
    assert f"finished, 4 of {total} trials, best" in in_one_line(summary, ner_trials()[:4])
    assert facts.state_in_words(replace(summary, state="running"), ner_trials()[:4]) == "running"
