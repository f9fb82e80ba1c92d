"""Studies replayed on learning curves, and the rules of pruning that are compared on them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.curves import pruning, rules
from benchmarks.curves.studies import Curve, Scores, drawn, pools, replay, searches

DEFAULT = (1e-4, 16)


def curve(*dev: float, rate: float = 1e-4) -> Curve:
    return Curve((rate, 16), [(score, 10 * score) for score in dev])


RISING = [curve(*(level + 0.001 * rung for rung in range(8))) for level in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)]
LATE = [curve(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.95), *(curve(*[0.5, 0.6, 0.7, 0.9] * 2) for _ in range(5))]


def test_a_study_without_pruning_trains_all_and_takes_the_best() -> None:
    ended = replay(RISING, rules.none, slots=4)
    assert (ended.rungs, ended.dev) == (48, pytest.approx(0.607))
    assert ended.test == pytest.approx(6.07)


def test_a_trial_without_a_better_score_ends_and_may_win() -> None:
    flat = curve(0.9, *[0.5] * 7)
    ended = replay([flat, RISING[0]], rules.none, slots=2)
    assert (ended.rungs, ended.dev) == (5 + 8, 0.9)


def test_a_trial_wins_by_the_rung_that_it_keeps() -> None:
    lucky = Curve(DEFAULT, [(0.5, 1.0), (0.9, 2.0), (0.6, 3.0)], error=0.4)
    steady = Curve(DEFAULT, [(0.6, 4.0), (0.7, 5.0), (0.8, 6.0)], error=0.3)
    ended = replay([lucky, steady], rules.none, slots=2)
    assert (ended.dev, ended.test) == (0.8, 6.0)


def test_pruned_trials_make_room_and_cannot_win() -> None:
    asked: list[set[int]] = []

    def first_rung(running: Scores, ended: Scores, rungs: int) -> set[int]:
        asked.append(set(running))
        return {number for number, scores in running.items() if len(scores) == 1}

    ended = replay(RISING, first_rung, slots=2)
    assert asked[:3] == [{0, 1}, {0, 2}, {0, 3}]
    assert (ended.rungs, ended.dev) == (8 + 5, pytest.approx(0.107)), "the default is never pruned"


def test_trials_are_compared_with_all_others_at_the_same_rung() -> None:
    seen: list[int] = []

    def count(running: Scores, ended: Scores, rungs: int) -> Sequence[int]:
        seen.append(len(running) + len(ended))
        return ()

    replay(RISING, count, slots=6)
    assert seen == [6] * 7, "nothing is decided after the last rung"


@pytest.mark.parametrize(
    ("rule", "pruned"),
    [
        (rules.halving({1 / 2: 3}), {0, 1, 2, 3}),
        (rules.halving({1 / 2: 2}), {0, 1, 2}),
        (rules.halving({1 / 4: 2}), set()),
        (rules.within(0.25, [1 / 2]), {0, 1, 2}),
        (rules.median_stopping(1 / 4), {0, 1, 2}),
        (rules.none, set()),
    ],
)
def test_the_rules(rule: rules.Rule, pruned: set[int]) -> None:
    running = {number: [dev for dev, _ in its.points[:4]] for number, its in enumerate(RISING)}
    assert rule(running, {}, 8) == pruned
    assert rule({0: running[0], 5: running[5]}, {}, 8) == set(), "too few to compare"


def test_the_default_comes_first_and_no_curve_twice() -> None:
    curves = [curve(0.1, rate=rate) for rate in (5e-5, 1e-4, 2e-4, 4e-4, 1e-4)]
    for seed in range(20):
        first, *others = drawn(curves, DEFAULT, 4, seed)
        assert first.configuration == DEFAULT
        assert len({id(one) for one in (first, *others)}) == 4
    assert len(drawn(curves, DEFAULT, 16, 0)) == 16


def test_the_table_of_losses() -> None:
    found = {("banking77", "100", "full", "0"): LATE}
    its = list(pruning.losses(found, rules.halving({1 / 4: 3, 1 / 2: 3}), 8, 30))
    assert {one.dev for one in its} > {0.0}
    assert max(one.dev for one in its) == pytest.approx(5.0)
    assert all(one.test == pytest.approx(10 * one.dev) for one in its)
    assert "| banking77 | full | 30 | " in pruning.by_group(its)
    assert pruning.every_study(its).count("\n") == 30
    assert "| none | 100% | 0.00 | 0.00 | 0.00 | 0% | 0.00 |" in pruning.compared(
        found, {"none": rules.none}, 8, 5
    )


def test_pools_have_enough_curves_of_equal_rows() -> None:
    def lines(runs: int) -> list[dict[str, str]]:
        about = {"set": "snli", "rows": "100", "strategy": "full", "seed": "0", "batch_size": "16"}
        scores = {"dev_rows": "100", "dev": "0.5", "test": "0.25"}
        rates = ("1e-4", "2e-4", "4e-4")
        every = [{**about, **scores, "run": str(run), "learning_rate": rate}
                 for run in range(runs) for rate in rates for _ in range(2)]  # fmt: skip
        return [{**every[0], "learning_rate": ""}, *every]

    ((key, curves),) = pools(lines(4)).items()
    assert key == ("snli", "100", "full", "0")
    assert len(curves) == 12
    assert curves[0] == Curve((1e-4, 16), [(0.5, 0.25)] * 2, error=0.05)
    assert pools(lines(3)) == {}


def test_studies_without_pruning_are_curves_too() -> None:
    found = searches()
    assert {key[2] for key in found} == {"full", "frozen"}
    assert all(len(curves) == 32 for curves in found.values())
    key = next(iter(found))
    (loss,) = pruning.losses({key: found[key]}, rules.adaptkits, 8, 1)
    assert 0.3 < loss.share < 0.7
    assert loss.test != loss.test, "no test score is known"
    assert pruning.by_group([loss]).endswith("|  |")
