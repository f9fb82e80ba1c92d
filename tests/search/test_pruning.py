"""The scheduler: who is pruned, when, and why; pure functions of the scores."""

import random
from collections.abc import Mapping, Sequence

import pytest

from adaptkit.search.pruning import decision_rungs, trials_to_prune


def judged(
    living: Mapping[int, Sequence[float]],
    ended: Mapping[int, Sequence[float]] | None = None,
    *,
    direction: str = "maximize",
    rungs: int = 8,
    protected: frozenset[int] = frozenset(),
) -> dict[int, str]:
    return trials_to_prune(
        living, ended or {}, metric="f1", direction=direction, rungs=rungs, epochs=4, protected=protected
    )


@pytest.mark.parametrize(
    ("rungs", "deciding"),
    [
        (1, ()),
        (2, (0,)),
        (3, (0, 1)),
        (4, (0, 1)),
        (6, (0, 1, 2)),
        (8, (0, 1, 3)),
        (12, (1, 2, 5)),
        (80, (9, 19, 39)),
    ],
)
def test_decisions_fall_after_an_eighth_a_quarter_and_a_half(rungs: int, deciding: tuple[int, ...]) -> None:
    assert decision_rungs(rungs) == deciding


@pytest.mark.parametrize("rungs", range(1, 100))
def test_no_decision_falls_in_the_warm_up_or_at_the_last_rung(rungs: int) -> None:
    assert all((rung + 1) / rungs > 0.1 and rung < rungs - 1 for rung in decision_rungs(rungs))


def test_all_but_the_best_third_are_pruned_with_the_reason() -> None:
    living = {1: [0.1], 2: [0.4], 3: [0.2], 4: [0.3]}
    assert judged(living) == {
        1: "pruned after epoch 0.50: f1 0.100, the best third had 0.300",
        3: "pruned after epoch 0.50: f1 0.200, the best third had 0.300",
    }
    assert judged(living, direction="minimize") == {
        2: "pruned after epoch 0.50: f1 0.400, the best third had 0.200",
        4: "pruned after epoch 0.50: f1 0.300, the best third had 0.200",
    }


@pytest.mark.parametrize(("trials", "going_on"), [(4, 2), (5, 2), (6, 2), (7, 3), (9, 3), (10, 4)])
def test_a_third_is_rounded_up(trials: int, going_on: int) -> None:
    assert len(judged({n: [n / 10] for n in range(trials)})) == trials - going_on


def test_fewer_than_four_prune_nothing() -> None:
    assert judged({1: [0.1], 2: [0.9]}, {3: [0.8]}) == {}
    assert set(judged({1: [0.1], 2: [0.9]}, {3: [0.8], 4: [0.7]})) == {1}
    assert set(judged({1: [0.1], 2: [0.75]}, {3: [0.8], 4: [0.9]})) == {1, 2}


def test_ties_survive() -> None:
    assert judged({n: [0.5] for n in range(6)}) == {}
    assert set(judged({1: [0.5], 2: [0.5], 3: [0.5], 4: [0.1], 5: [0.9]})) == {4}


def test_the_protected_is_never_pruned_but_counts() -> None:
    living = {0: [0.1], 1: [0.2], 2: [0.3], 3: [0.4]}
    assert set(judged(living, protected=frozenset({0}))) == {1}
    assert set(judged({n: one for n, one in living.items() if n}, {9: [0.5]})) == {1, 2}


def test_the_best_score_so_far_decides() -> None:
    living = {1: [0.9, 0.1], 2: [0.2, 0.3], 3: [0.4, 0.4], 4: [0.5, 0.5]}
    assert set(judged(living)) == {2, 3}
    assert set(
        judged({1: [0.1, 0.9], 2: [0.3, 0.2], 3: [0.4, 0.4], 4: [0.5, 0.5]}, direction="minimize")
    ) == {3, 4}


def test_each_trial_is_compared_at_its_own_rung() -> None:
    ended = {1: [0.1, 0.9, 0.9, 0.9], 2: [0.1, 0.8, 0.8, 0.8], 3: [0.2]}
    living = {4: [0.15], 5: [0.1, 0.5]}
    # At rung 0: 0.1, 0.1, 0.2, 0.15, 0.1; at rung 1 only three have been scored.
    assert judged(living, ended) == {}
    assert set(judged({**living, 6: [0.1, 0.6]}, ended)) == {5, 6}


def test_between_decisions_all_go_on() -> None:
    for seen in range(1, 9):
        living = {n: [n / 10] * seen for n in range(6)}
        assert bool(judged(living)) == (seen in (1, 2, 4))


def test_trials_without_a_score_are_not_judged() -> None:
    assert judged({1: [], 2: [0.1], 3: [0.2], 4: [0.3], 5: [0.4]}, {6: []}).keys() == {2, 3}


def test_order_does_not_matter_and_a_third_survive() -> None:
    draws = random.Random(0)
    for _ in range(50):
        living = [(n, [draws.random()]) for n in range(draws.randint(1, 9))]
        ended = [(n, [draws.random(), draws.random()]) for n in range(10, 10 + draws.randint(0, 9))]
        verdict = judged(dict(living), dict(ended))
        draws.shuffle(living)
        draws.shuffle(ended)
        assert judged(dict(living), dict(ended)) == verdict
        assert len(verdict) <= (len(living) + len(ended)) * 2 / 3
        assert not living or max(living, key=lambda one: one[1])[0] not in verdict or ended
