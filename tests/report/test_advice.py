from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from adaptkit.report.advice import shown_warnings, winner_warnings
from adaptkit.report.comparison import notes
from adaptkit.report.document import as_document
from adaptkit.report.html import as_html
from adaptkit.report.markdown import as_markdown
from adaptkit.report.terminal import print_report
from adaptkit.study.record import RungRecord, SplitRecord, StudySummary, TrialRecord
from adaptkit.task import MAJORITY_CLASS
from tests.helpers.studies import ner_summary, ner_trials

TRIAL = ner_trials()[8]
REMEDY = "Start another study with --metric macro_f1 and --class-weights balanced, or add training rows of"


def classified(accuracy: float, support: Mapping[str, int], recall: Mapping[str, float]) -> TrialRecord:
    """A trial of text classification; the recall of classes that are not named is 0.9."""
    groups = {
        name: {"precision": 1.0, "recall": recall.get(name, 0.9), "f1": 0.5, "support": rows}
        for name, rows in support.items()
    }
    return replace(
        TRIAL,
        rungs=(RungRecord(epoch=1, score=accuracy, loss=0.1),),
        best_rung=0,
        values={"accuracy": accuracy, "macro_f1": 0.49},
        groups=groups,
        hyperparameters={"learning_rate": 4e-4, "batch_size": 16},
    )


def study_of(trial: TrialRecord, **changes: object) -> StudySummary:
    rows = round(sum(group["support"] for group in trial.groups.values()))
    summary = replace(
        ner_summary(),
        task="text-classification",
        metric="accuracy",
        groups_title="class",
        labels=tuple(trial.groups),
        data={"train": SplitRecord(source="t", rows=rows), "dev": SplitRecord(source="d", rows=rows)},
        baselines={MAJORITY_CLASS: {"accuracy": max(g["support"] for g in trial.groups.values()) / rows}},
        warnings=(),
        space={},
    )
    return replace(summary, **changes)  # type: ignore[arg-type]


RARE = {"ok": 58, "fraud": 2}


def test_a_class_that_is_never_predicted() -> None:
    trial = classified(58 / 60, RARE, {"fraud": 0})
    majority, never = winner_warnings(study_of(trial), trial)
    assert majority == (
        "97% of the rows have the most frequent class, and the winner's accuracy of 0.9667 on dev is no "
        f"better than always predicting that class. {REMEDY} the rare ones."
    )
    assert (
        never
        == f"The winner never predicts 1 of 2 classes correctly on dev: 'fraud' (0 of 2). {REMEDY} them."
    )


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [
        (0.95, "no better"),
        (58 / 60, "no better"),
        (0.971, "hardly better"),
        (0.983, "hardly better"),
        (0.985, ""),
        (1.0, ""),
    ],
)
def test_an_accuracy_near_the_majority_share(accuracy: float, said: str) -> None:
    trial = classified(accuracy, RARE, {})
    found = " ".join(winner_warnings(study_of(trial), trial))
    assert ("than always predicting that class" in found) == bool(said)
    assert f"is {said} than" in found or not said


@pytest.mark.parametrize(("accuracy", "said"), [(0.65, True), (0.7, True), (0.72, False)])
def test_a_majority_that_is_not_extreme_must_be_beaten(accuracy: float, said: bool) -> None:
    trial = classified(accuracy, {"a": 42, "b": 9, "c": 9}, {})
    found = winner_warnings(study_of(trial), trial)
    assert any("no better than always predicting" in one for one in found) == said


def test_classes_of_equal_size_need_no_weights() -> None:
    trial = classified(0.5, {"a": 30, "b": 30}, {})
    (warning,) = winner_warnings(study_of(trial), trial)
    assert warning.startswith("The baseline majority class scores 0.5000 on the same rows")
    assert "--class-weights" not in warning


def test_the_share_follows_from_the_rows_without_baselines() -> None:
    trial = classified(58 / 60, RARE, {})
    (warning,) = winner_warnings(study_of(trial, baselines={}), trial)
    assert warning.endswith(
        "Start another study with --metric macro_f1, or add training rows of the rare ones."
    )
    other = study_of(trial, baselines={}, data={"dev": SplitRecord(source="d", rows=999)})
    assert winner_warnings(other, trial) == [], "rows may have several classes, or none"


def test_only_an_optimised_accuracy_is_compared_with_the_share() -> None:
    trial = classified(0.9, RARE, {})
    summary = study_of(
        trial, metric="macro_f1", baselines={MAJORITY_CLASS: {"accuracy": 0.97, "macro_f1": 0.5}}
    )
    assert winner_warnings(summary, trial) == []


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"class_weights": "balanced"}, "Start another study with --metric macro_f1, or"),
        ({"metric": "macro_f1"}, "Start another study with --class-weights balanced, or"),
        (
            {"metric": "macro_f1", "class_weights": "balanced"},
            "Train longer (--epochs), or add training rows of them.",
        ),
    ],
)
def test_only_options_that_are_left_are_named(changes: dict[str, str], remedy: str) -> None:
    trial = classified(0.99, RARE, {"fraud": 0})
    (warning,) = winner_warnings(study_of(trial, **changes), trial)
    assert remedy in warning


@pytest.mark.parametrize("space", [{"l2": "1e-04 … 1e+00 (log)"}, {"learning_rate": "1e-03 … 1e-01 (log)"}])
def test_epochs_are_no_remedy_for_a_head_that_is_solved(space: dict[str, str]) -> None:
    trial = classified(0.99, RARE, {"fraud": 0})
    summary = study_of(trial, strategy="frozen", metric="macro_f1", class_weights="balanced", space=space)
    never = next(one for one in winner_warnings(summary, trial) if "never predicts" in one)
    other = "Start another study with --strategy lora or --strategy full, or add training rows of them."
    assert never.endswith(other) == ("l2" in space)
    assert ("--epochs" in never) == ("l2" not in space)


def test_many_classes_without_a_right_prediction() -> None:
    names = [f"class {number}" for number in range(9)]
    trial = classified(0.9, dict.fromkeys(names, 3), dict.fromkeys(names[1:], 0))
    (warning,) = winner_warnings(study_of(trial), trial)
    assert "never predicts 8 of 9 classes correctly on dev: 'class 1' (0 of 3)" in warning
    assert "'class 5' (0 of 3) and 3 more." in warning


FAILING = {"ok": {"recall": 1.0, "support": 90}, "fraud": {"recall": 0.0, "support": 30}}
HARDLY = "On test, the winner finds at most a tenth of the cases of 1 of 2 classes: 'fraud' (0 of 30)."


def test_a_class_that_fails_on_test_and_is_weak_on_dev() -> None:
    trial = classified(0.99, RARE, {"fraud": 0.4})
    (warning,) = winner_warnings(study_of(trial, test_groups=FAILING), trial)
    shows = "'adaptkit errors' shows these rows and what they are taken for."
    assert warning == f"{HARDLY} {shows} {REMEDY} them."


def test_a_class_that_fails_on_test_alone_may_have_wrong_labels() -> None:
    trial = classified(0.99, RARE, {"fraud": 0.9})
    (warning,) = winner_warnings(study_of(trial, test_groups=FAILING), trial)
    check = "Check their labels, as it finds these cases on dev."
    assert warning == f"{HARDLY} 'adaptkit errors' shows these rows. {check}"


def test_the_remedy_for_a_class_is_said_once() -> None:
    trial = classified(0.99, RARE, {"fraud": 0})
    on_dev, on_test = winner_warnings(study_of(trial, test_groups=FAILING), trial)
    assert "on dev: 'fraud' (0 of 2)." in on_dev
    assert on_dev.endswith(f"{REMEDY} them.")
    assert on_test.endswith("(0 of 30). 'adaptkit errors' shows these rows and what they are taken for.")


def test_a_baseline_that_is_better_on_test() -> None:
    trial = classified(0.99, {"a": 30, "b": 30}, {})
    tested = study_of(trial, test={"accuracy": 0.7}, test_baselines={"words": {"accuracy": 0.8}})
    (warning,) = winner_warnings(tested, trial)
    assert warning.startswith("On test, the baseline words scores 0.8000 and this model 0.7000")


@pytest.mark.parametrize("group", [{"f1": 0.0, "support": 3}, {"recall": 0.0, "support": 0}, {"recall": 0.0}])
def test_groups_without_recall_or_cases_say_nothing(group: dict[str, float]) -> None:
    trial = replace(classified(0.99, RARE, {}), groups={"x": group})
    assert winner_warnings(study_of(classified(0.99, RARE, {})), trial) == []


def test_a_winner_at_the_edge_of_a_range() -> None:
    trial = classified(0.99, RARE, {})
    summary = study_of(trial, space={"batch_size": "16, 32, 64"})
    (warning,) = winner_warnings(summary, trial)
    assert warning.endswith("start another study with --batch-size 8,16,32,64.")


def test_a_perfect_winner_gets_no_advice() -> None:
    trial = classified(1.0, {"a": 30, "b": 30}, {"a": 1.0, "b": 1.0})
    summary = study_of(trial, space={"batch_size": "16, 32, 64"}, baselines={"words": {"accuracy": 1.0}})
    (warning,) = winner_warnings(summary, trial)
    assert "both score 1.0000" in warning
    assert "--" not in warning


def test_every_format_shows_them_once() -> None:
    """Also for an older study, which has not recorded them."""
    trial = classified(58 / 60, RARE, {"fraud": 0})
    warnings = ("dev: the first; \x1b[31mred",)
    for summary in (study_of(trial, warnings=warnings), study_of(trial, warnings=("dev: the first",))):
        recorded = replace(summary, warnings=tuple(shown_warnings(summary, trial)))
        assert len(recorded.warnings) == 3
        for one in (summary, replace(recorded, best=trial.number)):
            output = StringIO()
            print_report(Console(file=output, width=80), one, [trial])
            for text in (output.getvalue(), as_html(one, [trial]), as_markdown(one, [trial])):
                joined = " ".join(text.split())
                assert joined.count("never predicts 1 of 2 classes") == 1
                assert joined.count("no better than always predicting") == 1
                assert "\x1b" not in text
        document = json.loads(json.dumps(as_document(recorded, [trial])))
        assert document["study"]["warnings"] == list(recorded.warnings)


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_no_warning_offers_more_trials(strategy: str) -> None:
    """The report says of them that they will hardly help, or what to expect of them."""
    trial = classified(0.5, {"a": 30, "b": 30}, {"a": 0})
    trials = [replace(trial, number=number) for number in range(8)]
    summary = study_of(trial, strategy=strategy, metric="macro_f1", baselines={"words": {"macro_f1": 0.9}})
    assert "More trials will hardly help." in " ".join(notes(summary, trial, trials))
    warnings = winner_warnings(summary, trial)
    assert any("does not beat it. Try --strategy" in one for one in warnings)
    assert not any("trials" in one for one in warnings)


def test_a_recorded_warning_with_an_earlier_step_is_replaced() -> None:
    trial = classified(0.5, {"a": 30, "b": 30}, {})
    (today,) = winner_warnings(study_of(trial, strategy="frozen"), trial)
    earlier = today.rpartition(" Try ")[0] + " Try --strategy full, more trials (--trials), or the baseline."
    recorded = study_of(trial, strategy="frozen", warnings=("dev: the first.", earlier, "Two. Parts."))
    assert shown_warnings(recorded, trial) == ["dev: the first.", "Two. Parts.", today]


@pytest.mark.parametrize("state", ["running", "interrupted", "failed"])
def test_only_a_finished_study_has_a_winner(state: str) -> None:
    trial = classified(58 / 60, RARE, {"fraud": 0})
    assert shown_warnings(study_of(trial, state=state, warnings=("x",)), trial) == ["x"]
    assert shown_warnings(study_of(trial, warnings=("x",)), None) == ["x"]


@pytest.mark.parametrize(
    ("rows", "folds", "words"),
    [
        (1, 0, "that of 1 row: each is 100 of"),
        (4, 0, "that of 4 rows: each is 25 of"),
        (4, 5, ""),
        (10, 0, ""),
    ],
)
def test_a_score_on_a_few_dev_rows(rows: int, folds: int, words: str) -> None:
    data = {"train": SplitRecord(source="t", rows=50), "dev": SplitRecord(source="d", rows=rows)}
    trial = classified(0.9, {"ok": 25, "fraud": 25}, {})
    found = "".join(winner_warnings(study_of(trial, data=data, folds=folds), trial))
    assert ("The dev score" in found) == bool(words)
    assert words in found
