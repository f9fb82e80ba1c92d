"""Which trials are pruned, when, and why."""

import random
from collections.abc import Collection, Mapping, Sequence

import pytest

from adaptkit.search.pruning import CONTINUING, WORDS, decision_rungs, trials_to_prune


def pruned(
    running: Mapping[int, Sequence[float]],
    others: Mapping[int, Sequence[float]] | None = None,
    *,
    direction: str = "maximize",
    rungs: int = 8,
    protected: Collection[int] = (),
    before: Collection[int] = (),
) -> dict[int, str]:
    return trials_to_prune(
        running, others or {}, metric="f1", direction=direction, rungs=rungs, epochs=4, protected=protected,
        pruned=before,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rungs", "deciding"),
    [
        (1, {}),
        (2, {0: 4}),
        (3, {0: 3, 1: 4}),
        (4, {0: 3, 1: 4}),
        (6, {0: 3, 1: 3, 2: 4}),
        (8, {0: 3, 1: 3, 3: 4}),
        (12, {1: 3, 2: 3, 5: 4}),
        (80, {9: 3, 19: 3, 39: 4}),
    ],
)
def test_decisions_are_at_an_eighth_a_quarter_and_a_half(rungs: int, deciding: dict[int, int]) -> None:
    assert decision_rungs(rungs) == deciding


@pytest.mark.parametrize("rungs", range(1, 100))
def test_no_decision_is_in_the_warm_up_or_at_the_last_rung(rungs: int) -> None:
    assert all((rung + 1) / rungs > 0.1 and rung < rungs - 1 for rung in decision_rungs(rungs))


def test_every_share_has_a_name() -> None:
    assert set(CONTINUING.values()) <= set(WORDS)


def test_all_but_the_best_third_are_pruned_with_the_reason() -> None:
    running = {1: [0.1], 2: [0.4], 3: [0.2], 4: [0.3]}
    assert pruned(running) == {
        1: "pruned after epoch 0.50: mean f1 0.100, the best third had 0.300",
        3: "pruned after epoch 0.50: mean f1 0.200, the best third had 0.300",
    }
    assert pruned(running, direction="minimize") == {
        2: "pruned after epoch 0.50: mean f1 0.400, the best third had 0.200",
        4: "pruned after epoch 0.50: mean f1 0.300, the best third had 0.200",
    }


@pytest.mark.parametrize(("trials", "continuing"), [(4, 2), (5, 2), (6, 2), (7, 3), (9, 3), (10, 4)])
def test_a_third_is_rounded_up(trials: int, continuing: int) -> None:
    assert len(pruned({n: [n / 10] for n in range(trials)})) == trials - continuing


@pytest.mark.parametrize(("seen", "share"), [(1, "third"), (2, "third"), (4, "quarter")])
def test_fewer_continue_later(seen: int, share: str) -> None:
    running = {n: [n / 20] * seen for n in range(12)}
    reasons = pruned(running)
    assert len(reasons) == {"third": 8, "quarter": 9}[share]
    assert all(f"the best {share}" in reason for reason in reasons.values())


def test_with_fewer_than_four_trials_none_is_pruned() -> None:
    assert pruned({1: [0.1], 2: [0.9]}, {3: [0.8]}) == {}
    assert set(pruned({1: [0.1], 2: [0.9]}, {3: [0.8], 4: [0.7]})) == {1}
    assert set(pruned({1: [0.1], 2: [0.75]}, {3: [0.8], 4: [0.9]})) == {1, 2}


def test_tied_trials_continue() -> None:
    assert pruned({n: [0.5] for n in range(6)}) == {}
    assert set(pruned({1: [0.5], 2: [0.5], 3: [0.5], 4: [0.1], 5: [0.9]})) == {4}


def test_a_protected_trial_is_never_pruned_but_compared() -> None:
    running = {0: [0.1], 1: [0.2], 2: [0.3], 3: [0.4]}
    assert set(pruned(running, protected={0})) == {1}
    assert set(pruned({n: one for n, one in running.items() if n}, {9: [0.5]})) == {1, 2}


def test_the_mean_so_far_decides_and_not_a_lucky_score() -> None:
    running = {1: [0.1, 0.5], 2: [0.2, 0.3], 3: [0.4, 0.4], 4: [0.5, 0.6]}
    assert set(pruned(running)) == {1, 2}
    turned = {n: [1 - score for score in scores] for n, scores in running.items()}
    assert set(pruned(turned, direction="minimize")) == {1, 2}


def test_the_trial_with_the_best_score_so_far_continues() -> None:
    running = {1: [0.1, 0.7], 2: [0.2, 0.3], 3: [0.5, 0.5], 4: [0.6, 0.6]}
    assert set(pruned(running)) == {2}
    assert set(pruned(running, {5: [0.4, 0.4, 0.9]})) == {2}, "later scores do not count"
    assert set(pruned(running, {5: [0.1, 0.8]})) == {1, 2}
    turned = {n: [1 - score for score in scores] for n, scores in running.items()}
    assert set(pruned(turned, direction="minimize")) == {2}


def test_of_equal_best_scores_the_first_trial_continues() -> None:
    running = {1: [0.1, 0.7], 2: [0.2, 0.7], 3: [0.5, 0.5], 4: [0.6, 0.6]}
    assert set(pruned(running)) == {2}
    assert set(pruned(dict(reversed(running.items())))) == {2}
    assert set(pruned({n: running[n] for n in (2, 3, 4)}, {1: running[1]})) == {2}


def test_each_trial_is_compared_at_its_own_rung() -> None:
    ended = {1: [0.1, 0.9, 0.9, 0.9], 2: [0.1, 0.8, 0.8, 0.8], 3: [0.2]}
    running = {4: [0.15], 5: [0.1, 0.5]}
    # At rung 0: 0.1, 0.1, 0.2, 0.15, 0.1; at rung 1 only three have been scored.
    assert pruned(running, ended) == {}
    assert set(pruned({**running, 6: [0.1, 0.6]}, ended)) == {5, 6}


def test_a_share_is_one_of_those_pruned_before_too() -> None:
    running = {n: [n / 10] * 2 for n in range(1, 7)}
    weak = {n: [0.05] for n in range(10, 16)}
    assert set(pruned(running)) == {1, 2, 3, 4}
    assert set(pruned(running, weak)) == {1, 2, 3, 4}, "they failed, or are trained elsewhere"
    assert set(pruned(running, weak, before=weak)) == {1, 2}
    few = {1: [0.1] * 2, 2: [0.2] * 2}
    assert set(pruned(few, {10: [0.05], 11: [0.05]}, before=[10, 11])) == set()
    assert set(pruned({**few, 3: [0.3] * 2}, {10: [0.05]}, before=[10])) == {1}
    assert set(pruned({**few, 3: [0.3] * 2}, {10: [0.05]})) == set(), "three are too few"


def test_trials_pruned_later_are_compared_at_earlier_rungs() -> None:
    late = {10: [0.9, 0.9, 0.9, 0.9], 11: [0.8, 0.8], 12: [0.7]}
    assert set(pruned({1: [0.1], 2: [0.85]}, late, before=[10, 11, 12])) == {1}


def test_between_decisions_all_continue() -> None:
    for seen in range(1, 9):
        running = {n: [n / 10] * seen for n in range(6)}
        assert bool(pruned(running)) == (seen in (1, 2, 4))


def test_trials_without_a_score_are_not_pruned() -> None:
    assert pruned({1: [], 2: [0.1], 3: [0.2], 4: [0.3], 5: [0.4]}, {6: []}).keys() == {2, 3}


def test_order_does_not_matter_and_a_third_continues() -> None:
    draws = random.Random(0)
    for _ in range(50):
        running = [(n, [draws.random()]) for n in range(draws.randint(1, 9))]
        ended = [(n, [draws.random(), draws.random()]) for n in range(10, 10 + draws.randint(0, 9))]
        expected = pruned(dict(running), dict(ended))
        draws.shuffle(running)
        draws.shuffle(ended)
        assert pruned(dict(running), dict(ended)) == expected
        assert len(expected) <= (len(running) + len(ended)) * 2 / 3
        assert not running or max(running, key=lambda one: one[1])[0] not in expected or ended
