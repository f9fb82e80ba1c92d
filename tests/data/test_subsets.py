"""Plans for trials with rows of their own: equal shapes, and every trial sees its rows alone."""

from __future__ import annotations

import numpy as np
import pytest

from adaptkit.data.plan import Plan
from adaptkit.data.subsets import make_plan_for

RANDOM = np.random.default_rng(3)
LENGTHS = RANDOM.integers(3, 60, 240).tolist()


def folds(count: int) -> dict[int, np.ndarray]:
    """Split → the positions outside its fold."""
    fold = np.arange(240) % count
    return {number + 1: np.flatnonzero(fold != number) for number in range(count)}


def plan_of(subsets: dict[int, np.ndarray], **changes: int) -> Plan:
    settings = {"micro_batch": 4, "rungs_per_epoch": 2, "seed": 0, "run": 2, **changes}
    return make_plan_for(LENGTHS, subsets, **settings)


def seen(plan: Plan, split: int, epoch: int) -> list[int]:
    """The positions of the examples that a trial of the split sees in an epoch."""
    contents = plan.contents(7, epoch, split)
    return [
        int(members[place])
        for members, places in zip(plan.members, contents, strict=True)
        for place in places[places >= 0].tolist()
    ]


@pytest.mark.parametrize("rungs", [1, 2, 3])
@pytest.mark.parametrize("count", [2, 5])
def test_a_trial_sees_its_own_rows_once_an_epoch(count: int, rungs: int) -> None:
    subsets = folds(count)
    plan = plan_of(subsets, rungs_per_epoch=rungs)
    assert plan.examples == min(map(len, subsets.values()))
    assert len(plan.lengths) > 1
    for split, positions in subsets.items():
        for epoch in range(2):
            found = seen(plan, split, epoch)
            assert sorted(found) == sorted(positions.tolist())
        assert seen(plan, split, 0) != seen(plan, split, 1)


def test_examples_fit_their_buckets() -> None:
    plan = plan_of(folds(5))
    for length, members in zip(plan.lengths, plan.members, strict=True):
        assert max(LENGTHS[place] for place in members) <= length


def test_all_trials_have_equal_shapes() -> None:
    plan = plan_of(folds(5))
    counts = {
        tuple((places >= 0).sum(axis=2).tobytes() for places in plan.contents(seed, 0, split))
        for seed, split in enumerate(plan.subsets)
    }
    assert len(counts) == 1
    assert sum(plan.rung_sizes()) == plan.examples


def test_larger_splits_leave_out_a_few_each_epoch() -> None:
    subsets = {1: np.arange(0, 180), 2: np.arange(40, 240)}
    plan = plan_of(subsets)
    assert plan.examples == 180
    assert sorted(seen(plan, 1, 0)) == list(range(180))
    found = [set(seen(plan, 2, epoch)) for epoch in range(30)]
    assert all(len(its) == 180 and its <= set(range(40, 240)) for its in found)
    assert set().union(*found) == set(range(40, 240))


def test_short_rows_in_one_split_alone() -> None:
    """The first has hardly a short row, so hardly any row is in a short bucket; the lengths still fit."""
    order = np.argsort(LENGTHS)
    plan = plan_of({1: order[100:], 2: order[:140]})
    for split, positions in ((1, order[100:]), (2, order[:140])):
        assert sorted(seen(plan, split, 0)) == sorted(positions.tolist())
    for length, members in zip(plan.lengths, plan.members, strict=True):
        assert max(LENGTHS[place] for place in members) <= length


def test_a_split_does_not_depend_on_the_order_of_its_rows() -> None:
    subsets = folds(3)
    turned = {split: places[::-1] for split, places in subsets.items()}
    assert seen(plan_of(subsets), 1, 0) == seen(plan_of(turned), 1, 0)


def test_a_split_without_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="without an example"):
        plan_of({1: np.arange(5), 2: np.arange(0)})
