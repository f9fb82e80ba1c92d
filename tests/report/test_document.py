from __future__ import annotations

import json

import pytest

from adaptkit.report.document import as_document
from adaptkit.study.record import summary_from_json, trial_from_json
from tests.helpers.studies import edge_studies, ner_summary, ner_trials

STUDIES = edge_studies()


@pytest.mark.parametrize("name", STUDIES)
def test_the_document_is_strict_json_of_one_structure(name: str) -> None:
    document = as_document(*STUDIES[name])
    assert json.loads(json.dumps(document, allow_nan=False)).keys() == {
        "format", "study", "best", "trials", "budget",
    }  # fmt: skip


def test_the_records_can_be_read_from_the_document() -> None:
    document = json.loads(json.dumps(as_document(ner_summary(), ner_trials()[:7])))
    assert summary_from_json(document["study"]).name == "people-and-places"
    trials = [
        {name: value for name, value in trial.items() if name != "score"} for trial in document["trials"]
    ]
    assert [trial_from_json(trial).score for trial in trials] == [trial.score for trial in ner_trials()[:7]]


def test_the_best_trial_and_the_defaults_score_are_in_it() -> None:
    best = as_document(ner_summary(), ner_trials()[::-1])["best"]
    assert best["number"] == 8
    assert best["score"] == ner_trials()[8].score
    assert best["default_score"] == ner_trials()[0].score
    assert best["test"]["f1"] == 0.8791
    assert best["beats_baselines"] is None
    assert best["calibration"] == {}
    assert as_document(*STUDIES["calibrated"])["best"]["calibration"] == {"null_threshold": 0.341512}
    assert as_document(*STUDIES["failed"])["best"] is None
    assert as_document(*STUDIES["no trials"])["best"] is None


def test_the_baselines_are_in_it() -> None:
    document = as_document(*STUDIES["baselines"])
    assert document["study"]["baselines"]["words"] == {"f1": 0.8125}
    assert document["best"]["beats_baselines"] is True
    assert as_document(*STUDIES["unbeaten"])["best"]["beats_baselines"] is False


def test_the_test_rows_have_baselines_and_lowest_classes() -> None:
    document = as_document(*STUDIES["tested baselines"])
    assert document["study"]["test_baselines"]["words"] == {"f1": 0.85}
    assert document["best"]["beats_baselines_on_test"] is True
    assert as_document(*STUDIES["baselines"])["best"]["beats_baselines_on_test"] is None
    lowest = document["best"]["lowest_on_test"]
    assert [one["name"] for one in lowest] == ["東京", "Straße", "event", "work of art", "place"]
    assert lowest[0].keys() == {"name", "measure", "score", "support"}


def test_the_intervals_of_the_test_scores_are_in_it() -> None:
    document = json.loads(json.dumps(as_document(*STUDIES["intervals"])))
    assert document["study"]["test_intervals"] == {"f1": [0.8641, 0.8925], "recall": [0.85, 0.895]}
    assert as_document(*STUDIES["finished"])["study"]["test_intervals"] == {}
