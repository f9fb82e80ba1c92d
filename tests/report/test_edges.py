from __future__ import annotations

from dataclasses import replace

import pytest

from adaptkit.report.edges import edges, penalty_edge
from adaptkit.study.record import StudySummary, TrialRecord
from tests.helpers.studies import ner_summary, ner_trials

BEST = ner_trials()[8]
SUMMARY = replace(ner_summary(), space={"learning_rate": "5e-5 … 2e-3 (log)", "batch_size": "8, 16, 32, 64"})


def solved(l2: float) -> tuple[StudySummary, TrialRecord]:
    """A study whose heads were solved, and a trial of it."""
    summary = replace(SUMMARY, space={"l2": "1e-04 … 1e+00 (log)"}, strategy="frozen")
    return summary, replace(BEST, hyperparameters={"l2": l2})


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (1.83e-3, ("upper", "--lr 5.00e-5 1.00e-2")),
        (5.1e-5, ("lower", "--lr 1.00e-5 2.00e-3")),
        (4e-4, None),
    ],
)
def test_a_learning_rate_at_an_edge(rate: float, said: tuple[str, str] | None) -> None:
    trial = replace(BEST, hyperparameters={"learning_rate": rate, "batch_size": 16})
    found = edges(SUMMARY, trial)
    assert len(found) == (said is not None)
    for sentence, (edge, option) in zip(found, [said] if said else [], strict=True):
        assert sentence.startswith(f"The winner's learning rate is at the {edge} edge of the searched range.")
        assert sentence.endswith(f"start another study with {option}.")


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (8, ("smallest", "--batch-size 4,8,16,32,64")),
        (64, ("largest", "--batch-size 8,16,32,64,128")),
        (16, None),
    ],
)
def test_a_batch_size_at_an_edge(size: int, said: tuple[str, str] | None) -> None:
    trial = replace(BEST, hyperparameters={"learning_rate": 4e-4, "batch_size": size})
    found = edges(SUMMARY, trial)
    assert len(found) == (said is not None)
    for sentence, (word, option) in zip(found, [said] if said else [], strict=True):
        assert sentence.startswith(f"The winner's batch size is the {word} that was searched.")
        assert sentence.endswith(f"start another study with {option}.")


@pytest.mark.parametrize(
    "space",
    [
        {},
        {"learning_rate": "5e-5", "batch_size": "8"},
        {"learning_rate": "5e-5 to 2e-3", "batch_size": "8, 16"},
        {"learning_rate": "0e+00 … 0e+00 (log)", "batch_size": "a, b, c"},
        {"learning_rate": "e … . (log)", "batch_size": "8, 8.5, 9"},
    ],
)
def test_a_range_that_cannot_be_wider_is_not_mentioned(space: dict[str, str]) -> None:
    trial = replace(BEST, hyperparameters={"learning_rate": 5e-5, "batch_size": 8})
    assert edges(replace(SUMMARY, space=space), trial) == []


def test_a_penalty_at_an_edge_needs_nothing() -> None:
    for l2, edge in ((1.1e-4, "lower"), (0.8, "upper")):
        sentence = f"Its L2 penalty is at the {edge} edge of the searched range; nothing needs to be done."
        assert penalty_edge(*solved(l2)) == [sentence]
        assert edges(*solved(l2)) == []
    assert penalty_edge(*solved(1e-2)) == []
