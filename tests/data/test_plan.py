from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest

from adaptkit.data.plan import LEAST_GAIN, LENGTH_STEP, MOST_BUCKETS, Plan, bucket_lengths, make_plan


def random_case(number: int) -> tuple[list[int], Plan]:
    draw = random.Random(number)
    longest = draw.choice([1, 9, 40, 512])
    lengths = [draw.randint(1, longest) for _ in range(draw.choice([1, 2, 7, 40, 150, 400]))]
    plan = make_plan(
        lengths,
        micro_batch=draw.choice([1, 2, 3, 4, 8, 16, 64]),
        rungs_per_epoch=draw.choice([1, 2, 3, 4, 7]),
        seed=number,
        run=draw.choice([1, 2, 3, 8]),
    )
    return lengths, plan


CASES = range(150)


def walk(plan: Plan, seed: int, epoch: int, batch_size: int = 8) -> list[list[np.ndarray[Any, Any]]]:
    """Per rung, per micro-step: the examples in it, in the order in which they are trained on."""
    contents = plan.contents(seed, epoch)
    rungs = []
    for rung in range(plan.rungs_per_epoch):
        taken = [0] * len(plan.members)
        steps = []
        for bucket in plan.sequence(batch_size):
            places = contents[bucket][rung][taken[bucket]]
            taken[bucket] += 1
            steps.append(plan.members[bucket][places[places >= 0]])
        assert taken == list(plan.steps), "the sequence walks every bucket to its end"
        rungs.append(steps)
    return rungs


def test_an_epoch_uses_every_example_once() -> None:
    for number in CASES:
        lengths, plan = random_case(number)
        for epoch in (0, 1):
            met = np.concatenate([step for rung in walk(plan, number, epoch) for step in rung])
            assert sorted(met.tolist()) == list(range(len(lengths)))
        assert plan.examples == len(lengths)


def test_only_the_last_micro_batch_of_an_epoch_is_not_full() -> None:
    for number in CASES:
        _, plan = random_case(number)
        sizes = [len(step) for rung in walk(plan, 1, 0) for step in rung]
        assert set(sizes[:-1]) <= {0, plan.micro_batch}
        assert all(
            len(rung[:-1]) * [plan.micro_batch] == [len(s) for s in rung[:-1]] for rung in walk(plan, 1, 0)
        )


def test_rung_sizes_match_the_contents() -> None:
    for number in CASES:
        _, plan = random_case(number)
        assert plan.rung_sizes() == [sum(map(len, rung)) for rung in walk(plan, 5, 2)]


def test_no_example_is_longer_than_its_bucket() -> None:
    for number in CASES:
        lengths, plan = random_case(number)
        assert len(plan.lengths) <= MOST_BUCKETS
        assert list(plan.lengths) == sorted(set(plan.lengths))
        assert all(length % LENGTH_STEP == 0 for length in plan.lengths)
        for length, members in zip(plan.lengths, plan.members, strict=True):
            assert len(members) > 0
            assert max(lengths[position] for position in members) <= length
        assert plan.sequence(16)[-1] == len(plan.lengths) - 1, (
            "the longest bucket, where places are missing, is last"
        )


def test_contents_depend_only_on_seed_and_epoch() -> None:
    plan = make_plan(list(range(1, 101)), micro_batch=4, rungs_per_epoch=2, seed=0)

    def flat(seed: int, epoch: int) -> list[int]:
        return [int(place) for bucket in plan.contents(seed, epoch) for place in bucket.flatten()]

    first = flat(3, 1)
    np.random.seed(99)
    flat(8, 0)
    assert flat(3, 1) == first
    assert flat(3, 2) != first
    assert flat(4, 1) != first


def test_the_sequence_mixes_the_lengths_by_its_seed() -> None:
    lengths = list(range(1, 241))
    plans = [make_plan(lengths, micro_batch=2, rungs_per_epoch=1, seed=seed) for seed in (1, 1, 2)]
    assert plans[0].sequence(2) == plans[1].sequence(2)
    assert plans[0].sequence(2) != plans[2].sequence(2)
    assert plans[0].sequence(2) != tuple(sorted(plans[0].sequence(2)))


def test_padding_stays_small() -> None:
    draw = random.Random(0)
    lengths = [draw.randint(1, 200) for _ in range(3000)]
    plan = make_plan(lengths, micro_batch=8, rungs_per_epoch=2, seed=0)
    padded = sum(length * len(members) for length, members in zip(plan.lengths, plan.members, strict=True))
    assert padded < 1.25 * sum(lengths)


def test_like_lengths_share_one_bucket() -> None:
    assert bucket_lengths([23, 24, 23, 24]) == [24]


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_no_other_lengths_would_pad_less(most: int) -> None:
    """Compared with all possible choices of edges."""
    draw = random.Random(most)
    for _ in range(20):
        lengths = [draw.randint(1, 30) for _ in range(draw.randint(1, 30))]
        found = bucket_lengths(lengths, most)
        top = -(-max(lengths) // LENGTH_STEP) * LENGTH_STEP
        below = range(LENGTH_STEP, top, LENGTH_STEP)
        every = [[*edges, top] for count in range(most) for edges in itertools.combinations(below, count)]
        assert len(found) <= most
        assert tokens_in(lengths, found) <= min(tokens_in(lengths, one) for one in every) / (1 - LEAST_GAIN)


def tokens_in(lengths: list[int], edges: list[int]) -> int:
    return sum(next(edge for edge in edges if length <= edge) for length in lengths)


@pytest.mark.parametrize("batch_size", [4, 8, 16, 32, 64])
def test_a_batch_has_one_length_and_the_next_batch_another(batch_size: int) -> None:
    lengths = [draw % 60 + 1 for draw in range(4000)]
    plan = make_plan(lengths, micro_batch=4, rungs_per_epoch=2, seed=0, run=8)
    sequence = plan.sequence(batch_size)
    assert sorted(sequence) == sorted(plan.sequence(4)), "the same micro-batches, in another order"
    run = min(batch_size // 4, 8)
    full = sum(count // run for count in plan.steps) - 1
    batches = [sequence[start : start + run] for start in range(0, full * run, run)]
    assert all(len(set(batch)) == 1 for batch in batches)
    repeated = sum(one == other for one, other in itertools.pairwise(batches))
    assert repeated < len(batches) / 2


def test_a_plan_needs_at_least_one_example() -> None:
    with pytest.raises(ValueError, match="no example"):
        make_plan([], micro_batch=4, rungs_per_epoch=1, seed=0)
