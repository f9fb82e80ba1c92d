from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from adaptkit.data.group_splits import dev_groups
from adaptkit.data.rows import Rows
from adaptkit.data.splits import parts_of
from adaptkit.errors import DataError
from adaptkit.task import Task

MakeTask = Callable[..., Task]


def rows_of(labels: Sequence[str], groups: Sequence[str]) -> Rows:
    values = [{"text": f"text {number}", "label": label} for number, label in enumerate(labels)]
    origins = [f"f:{line}" for line in range(1, len(values) + 1)]
    return Rows(values, origins, "f", groups=groups, grouped_by="story")


def split_off_groups(task: Task, rows: Rows, share: float, seed: int) -> tuple[Rows, Rows]:
    return parts_of(rows, dev_groups(task, rows, share, seed))


def random_rows(groups: int, labels: str, seed: int, most: int = 9) -> Rows:
    """Rows in groups of 1 to ``most``, each with a random one of the labels."""
    draw = random.Random(seed)
    names = [f"g{number}" for number in range(groups) for _ in range(draw.randint(1, most))]
    return rows_of([draw.choice(labels) for _ in names], names)


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_together(make_task: MakeTask, seed: int) -> None:
    rows = random_rows(200, "aaaaaaabbc", seed)
    train, dev = split_off_groups(make_task(), rows, 0.15, seed)
    assert sorted([*train.origins, *dev.origins]) == sorted(rows.origins)
    assert not set(train.groups) & set(dev.groups)
    assert abs(len(dev) - 0.15 * len(rows)) <= 3


@pytest.mark.parametrize("seed", range(5))
def test_each_class_keeps_its_share(make_task: MakeTask, seed: int) -> None:
    labels = ["common"] * 810 + ["middling"] * 150 + ["rare"] * 60
    rows = rows_of(labels, [f"g{number // 3}" for number in range(1020)])
    _, dev = split_off_groups(make_task(), rows, 0.2, seed)
    counts = Counter(row["label"] for row in dev.values)
    assert counts == {"common": 162, "middling": 30, "rare": 12}


def test_the_same_seed_gives_the_same_split_on_every_machine(make_task: MakeTask) -> None:
    rows = rows_of(list("abc" * 6), [f"g{number // 2}" for number in range(18)])
    assert split_off_groups(make_task(), rows, 0.3, seed=7)[1].origins == EXPECTED_FOR_SEED_7


EXPECTED_FOR_SEED_7 = ["f:3", "f:4", "f:5", "f:6", "f:7", "f:8"]


def test_other_seeds_give_other_splits(make_task: MakeTask) -> None:
    rows = random_rows(60, "ab", 0)
    assert (
        len({tuple(split_off_groups(make_task(), rows, 0.15, seed)[1].origins) for seed in range(10)}) == 10
    )


@pytest.mark.parametrize("seed", range(10))
def test_a_group_that_is_too_large_stays_in_train(make_task: MakeTask, seed: int) -> None:
    names = [*["large"] * 60, *(f"g{number // 2}" for number in range(40))]
    train, dev = split_off_groups(make_task(), rows_of(list("ab" * 50), names), 0.15, seed)
    assert "large" in train.groups
    assert len(dev) in (14, 16)


def test_the_smaller_of_two_large_groups_becomes_dev(make_task: MakeTask) -> None:
    names = [*["large"] * 60, *["small"] * 40]
    for seed in range(5):
        _, dev = split_off_groups(make_task(), rows_of(list("ab" * 50), names), 0.15, seed)
        assert dev.groups == ["small"] * 40


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_neither_part_is_empty(make_task: MakeTask, share: float) -> None:
    rows = rows_of(["1.0", "1.0", "3.0"], ["x", "y", "y"])
    train, dev = split_off_groups(make_task(labels_of=None), rows, share, seed=0)
    assert sorted((len(train), len(dev))) == [1, 2]


def test_many_rare_labels_give_enough_dev_rows(make_task: MakeTask) -> None:
    """No label has a full row due in dev, so none asks for a group by itself."""
    labels = [f"label {number % 77}" for number in range(231)]
    rows = rows_of(labels, [f"g{number // 5}" for number in range(231)])
    _, dev = split_off_groups(make_task(), rows, 0.15, seed=0)
    assert abs(len(dev) - 35) <= 3


def test_every_label_keeps_a_training_row(make_task: MakeTask) -> None:
    for seed in range(20):
        train, dev = split_off_groups(make_task(), random_rows(8, "abcdef", seed, most=3), 0.5, seed)
        assert {row["label"] for row in dev.values} <= {row["label"] for row in train.values}


def test_one_group_is_refused(make_task: MakeTask) -> None:
    with pytest.raises(DataError, match=r"^f: all of its rows \(4\) have the same story.*--dev") as caught:
        split_off_groups(make_task(), rows_of(list("abab"), ["x"] * 4), 0.15, seed=0)
    assert caught.value.code == "one-group"


def test_groups_of_one_label_each_are_refused(make_task: MakeTask) -> None:
    with pytest.raises(DataError, match=r"each of the 2 groups has a label.*--dev") as caught:
        split_off_groups(make_task(), rows_of(list("aabb"), list("xxyy")), 0.15, seed=0)
    assert caught.value.code == "too-few-groups"
