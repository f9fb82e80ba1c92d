"""The penalty of a solved head follows from the loss; started studies keep the one of their version."""

from __future__ import annotations

import pytest

from adaptkit.run.penalty import (
    NUMBERS,
    NUMBERS_OF_PAIRS,
    ONE_LABEL_PER_TEXT,
    PAIRS,
    USUAL,
    penalty_space,
)
from adaptkit.search.space import RANGES_VERSION, PenaltySpace
from adaptkit.tasks import registry


@pytest.mark.parametrize(
    ("task", "pooling", "space"),
    [
        ("text-classification", "mean", ONE_LABEL_PER_TEXT),
        ("text-classification", "normalized-first", ONE_LABEL_PER_TEXT),
        ("nli", "mean", ONE_LABEL_PER_TEXT),
        ("multi-label", "mean", USUAL),
        ("ner", "checkpoint", USUAL),
        ("token-multi-label", "checkpoint", USUAL),
        ("nli", "pair", PAIRS),
        ("similarity", "pair", NUMBERS_OF_PAIRS),
        ("similarity", "mean", NUMBERS),
        ("similarity", "checkpoint", NUMBERS),
    ],
)
def test_the_penalty_follows_from_the_loss(task: str, pooling: str, space: PenaltySpace) -> None:
    assert penalty_space(registry.load(task), pooling, RANGES_VERSION) == space


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(
    ("task", "pooling", "space"),
    [("text-classification", "mean", USUAL), ("similarity", "pair", PAIRS), ("nli", "pair", PAIRS)],
)
def test_started_studies_keep_their_penalty(
    task: str, pooling: str, space: PenaltySpace, version: int
) -> None:
    assert penalty_space(registry.load(task), pooling, version) == space


def test_numbers_have_the_usual_penalty_in_studies_of_version_5() -> None:
    assert penalty_space(registry.load("similarity"), "mean", 5) == USUAL


@pytest.mark.parametrize("space", [USUAL, ONE_LABEL_PER_TEXT, PAIRS, NUMBERS_OF_PAIRS, NUMBERS])
def test_first_trials_are_on_both_sides_of_the_default(space: PenaltySpace) -> None:
    weights = [point["l2"] for point in space.first_points(seed=0)]
    low, high = space.l2
    assert low <= min(weights) < space.default_l2 < max(weights) <= high
    assert len(set(weights)) == len(weights)
