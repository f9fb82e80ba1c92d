from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adaptkit.data.encode import Bucket, collate
from adaptkit.data.plan import Plan, make_plan
from adaptkit.engine.batches import SlotClock, micro_steps
from tests.helpers.number_task import encode_numbers, number_rows, number_task

ROWS = number_rows(61)
LENGTHS = [len(row["ids"]) for row in ROWS]


@pytest.fixture(scope="module")
def planned() -> tuple[Plan, list[Bucket]]:
    plan = make_plan(LENGTHS, micro_batch=4, rungs_per_epoch=3, seed=1, run=3)
    examples = encode_numbers(ROWS, None, (), 48)
    buckets = [
        collate(number_task(), examples, members.tolist(), None, length)  # type: ignore[arg-type]
        for length, members in zip(plan.lengths, plan.members, strict=True)
    ]
    return plan, buckets


def examples_in(step: Any, slot: int) -> list[int]:
    places = step.places[slot]
    return [step.bucket.positions[place] for place in places[places >= 0].tolist()]


def test_an_epoch_of_rungs_meets_every_example_once(planned: Any) -> None:
    plan, buckets = planned
    met: list[list[int]] = [[], []]
    for rung in range(3):
        clocks = [SlotClock(seed=seed, epoch=2, rung=rung) for seed in (5, 6)]
        for step in micro_steps(plan, buckets, clocks, 8, lambda: 8):
            for slot in (0, 1):
                met[slot] += examples_in(step, slot)
    assert sorted(met[0]) == sorted(met[1]) == list(range(61))
    assert met[0] != met[1]


def test_a_slots_data_depend_on_its_own_clock_only(planned: Any) -> None:
    plan, buckets = planned
    clock = SlotClock(seed=5, epoch=1, rung=2)
    others = [SlotClock(seed=9, epoch=0, rung=0), SlotClock(seed=5, epoch=1, rung=0)]
    clocks = [others[0], clock, others[1]]
    alone = [examples_in(step, 0) for step in micro_steps(plan, buckets, [clock], 4, lambda: 4)]
    among = [examples_in(step, 1) for step in micro_steps(plan, buckets, clocks, 4, lambda: 4)]
    assert alone == among


def test_a_step_tells_what_is_in_it(planned: Any) -> None:
    plan, buckets = planned
    clocks = [SlotClock(seed=1, epoch=0, rung=2), SlotClock(seed=2, epoch=4, rung=0)]
    steps = list(micro_steps(plan, buckets, clocks, 4, lambda: 4))
    assert [step.last for step in steps] == [False] * (len(plan.sequence(4)) - 1) + [True]
    assert [step.bucket.length for step in steps] == [plan.lengths[bucket] for bucket in plan.sequence(4)]
    for step in steps:
        met = [examples_in(step, slot) for slot in (0, 1)]
        assert list(step.seen) == [len(one) for one in met]
        assert step.tokens == sum(LENGTHS[example] for one in met for example in one)
        assert step.places.shape == (2, 4)
    seen = np.array([step.seen for step in steps]).sum(0)
    assert seen.tolist() == [plan.rung_sizes()[2], plan.rung_sizes()[0]]


@pytest.mark.parametrize("room", [1, 4, 8, 12, 64])
def test_a_step_is_as_long_as_the_batch_and_the_run_allow(room: int, planned: Any) -> None:
    plan, buckets = planned
    clock = SlotClock(seed=5, epoch=1, rung=0)
    units = list(micro_steps(plan, buckets, [clock], 12, lambda: 4))
    steps = list(micro_steps(plan, buckets, [clock], 12, lambda: room))
    assert [one for step in steps for one in examples_in(step, 0)] == [
        one for step in units for one in examples_in(step, 0)
    ]
    assert max(step.places.shape[1] for step in steps) == max(4, min(room, plan.run * 4))
    assert [step.last for step in steps] == [False] * (len(steps) - 1) + [True]


def test_a_step_ends_where_the_batch_does(planned: Any) -> None:
    plan, buckets = planned
    seen = [0]
    for step in micro_steps(plan, buckets, [SlotClock(seed=5, epoch=0, rung=0)], 8, lambda: 8 - seen[-1] % 8):
        seen.append(seen[-1] + step.seen[0])
    assert {size - size % 8 for size in seen} <= set(seen), "no step goes past a batch's end"


def seeds_of(planned: Any, clocks: list[SlotClock], slot: int) -> dict[int, int]:
    plan, buckets = planned
    found: dict[int, int] = {}
    for step in micro_steps(plan, buckets, clocks, 4, lambda: 4):
        kept = step.places[slot] >= 0
        found.update(zip(examples_in(step, slot), step.seeds[slot][kept].tolist(), strict=True))
    return found


def test_each_example_has_its_own_number_in_each_epoch(planned: Any) -> None:
    first, other = SlotClock(seed=5, epoch=0, rung=0), SlotClock(seed=9, epoch=0, rung=0)
    alone, among = seeds_of(planned, [first], 0), seeds_of(planned, [other, first], 1)
    assert alone == among
    assert len(set(alone.values())) == len(alone)
    epoch = {
        one: number
        for rung in range(3)
        for one, number in seeds_of(planned, [SlotClock(seed=5, epoch=1, rung=rung)], 0).items()
    }
    assert not set(alone.items()) & set(epoch.items())
    assert set(alone) < set(epoch)
