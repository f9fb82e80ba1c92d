from __future__ import annotations

from dataclasses import replace

from adaptkit.report.intervals import on_test, sentence, span
from tests.helpers.studies import edge_studies, ner_summary

SUMMARY = edge_studies()["intervals"][0]


def test_a_span_has_the_places_of_its_score() -> None:
    assert span("f1", (0.61014, 0.68987)) == "0.6101 to 0.6899"
    assert span("perplexity", (10.5, 12.25)) == "10.50 to 12.25"
    assert span("f1", None) == "\u2013"


def test_one_number_needs_no_name() -> None:
    words = "95% interval over the test rows: 0.8641 to 0.8925"
    assert on_test(SUMMARY, "f1") == words
    assert sentence(SUMMARY, ["f1"]) == f"{words}."


def test_why_a_number_has_no_interval() -> None:
    known = replace(ner_summary(), test_no_interval={"f1": "all resamples of the rows give the same number"})
    words = "no 95% interval, as all resamples of the rows give the same number"
    assert on_test(known, "f1") == words
    assert sentence(known, ["f1", "recall"]) == f"N{words[1:]}."
    assert sentence(known, []) == ""


def test_numbers_without_interval_are_left_out() -> None:
    assert on_test(SUMMARY, "precision") == ""
    assert sentence(SUMMARY, ["precision"]) == ""
    assert sentence(ner_summary(), ["f1", "recall"]) == ""
    text = sentence(SUMMARY, ["f1", "precision", "recall"], str.upper)
    assert text == "95% interval over the test rows: F1 0.8641 to 0.8925, RECALL 0.8500 to 0.8950."
    only_recall = replace(SUMMARY, test_intervals={"recall": (0.85, 0.895)})
    assert sentence(only_recall, ["f1", "recall"]).endswith(": recall 0.8500 to 0.8950.")
