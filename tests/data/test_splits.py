from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from adaptkit.data.rows import Rows
from adaptkit.data.splits import split_off_dev
from adaptkit.errors import DataError
from adaptkit.task import Task

MakeTask = Callable[..., Task]


def rows_of(labels: list[str], texts: list[str] | None = None) -> Rows:
    texts = texts or [f"text {number}" for number in range(len(labels))]
    values = [{"text": text, "label": label} for text, label in zip(texts, labels, strict=True)]
    return Rows(values, [f"f:{line}" for line in range(1, len(values) + 1)], "f")


def counts(rows: Rows) -> Counter[str]:
    return Counter(row["label"] for row in rows.values)


def test_every_row_is_in_exactly_one_part_with_its_origin(make_task: MakeTask) -> None:
    rows = rows_of(["a", "b"] * 50)
    train, dev = split_off_dev(make_task(), rows, 0.2, seed=0)
    assert sorted([*train.origins, *dev.origins]) == sorted(rows.origins)
    assert {*train.origins}.isdisjoint(dev.origins)
    where = dict(zip(rows.origins, rows.values, strict=True))
    assert [where[origin] for origin in dev.origins] == dev.values
    assert [int(origin[2:]) for origin in train.origins] == sorted(
        int(origin[2:]) for origin in train.origins
    )


@pytest.mark.parametrize("seed", range(5))
def test_each_class_keeps_its_share(make_task: MakeTask, seed: int) -> None:
    rows = rows_of(["common"] * 800 + ["middling"] * 150 + ["rare"] * 50)
    _, dev = split_off_dev(make_task(), rows, 0.2, seed)
    assert len(dev) == 200
    expected = {"common": 160, "middling": 30, "rare": 10}
    assert all(abs(counts(dev)[label] - count) <= 1 for label, count in expected.items())


def test_the_same_seed_gives_the_same_split_on_every_machine(make_task: MakeTask) -> None:
    _, dev = split_off_dev(make_task(), rows_of(["a", "b", "c"] * 6), 0.3, seed=7)
    assert dev.origins == EXPECTED_FOR_SEED_7


EXPECTED_FOR_SEED_7 = ["f:1", "f:4", "f:9", "f:12", "f:17"]


def test_other_seeds_give_other_splits(make_task: MakeTask) -> None:
    rows = rows_of(["a", "b"] * 100)
    found = {tuple(split_off_dev(make_task(), rows, 0.15, seed)[1].origins) for seed in range(10)}
    assert len(found) == 10


def test_every_label_keeps_a_training_row(make_task: MakeTask) -> None:
    labels = ["once", *["twice"] * 2, *["often"] * 20]
    for seed in range(20):
        train, dev = split_off_dev(make_task(), rows_of(labels), 0.5, seed)
        assert set(counts(train)) == {"once", "twice", "often"}
        assert "once" not in counts(dev)


def test_every_label_of_multi_label_rows_keeps_a_training_row(make_task: MakeTask) -> None:
    task = make_task(labels_of=lambda row: row["label"].split(","))
    labels = ["x,y1", "x,y2", "x,y3", "y1", "y2", "y3", *["z"] * 10]
    for seed in range(20):
        train, dev = split_off_dev(task, rows_of(labels), 0.5, seed)
        left = {name for row in train.values for name in row["label"].split(",")}
        assert left == {"x", "y1", "y2", "y3", "z"}
        assert len(dev) > 0


def test_rows_with_the_same_question_stay_together(make_task: MakeTask) -> None:
    rows = rows_of(["a", "b"] * 20, texts=["Same?", "same"] * 10 + [f"own {number}" for number in range(20)])
    _, dev = split_off_dev(make_task(), rows, 0.25, seed=3)
    assert len(dev) == 10
    assert all(row["text"].startswith("own") for row in dev.values)


def test_a_context_is_part_of_the_question_and_an_id_is_not(make_task: MakeTask) -> None:
    values = [
        {"text": "Is it so?", "label": "ab"[n % 2], "context": f"Story {n // 2}.", "id": n} for n in range(40)
    ]
    rows = Rows(values, [f"f:{n}" for n in range(40)], "f")
    with pytest.raises(DataError) as caught:
        split_off_dev(make_task(), rows, 0.25, seed=3)  # each question occurs twice
    assert caught.value.code == "too-few-rows"
    _, dev = split_off_dev(make_task(), rows.take(range(0, 40, 2)), 0.25, seed=3)
    assert len(dev) == 5


def test_skipped_rows_stay_with_the_training_rows(make_task: MakeTask) -> None:
    rows = replace(rows_of(["a", "b"] * 20), skipped=("f:9: bad",))
    train, dev = split_off_dev(make_task(), rows, 0.25, seed=3)
    assert (train.skipped, dev.skipped) == (("f:9: bad",), ())


def test_the_tasks_own_strata_come_first(make_task: MakeTask) -> None:
    task = make_task(labels_of=None, stratify_by=lambda row: "low" if float(row["label"]) < 2 else "high")
    _, dev = split_off_dev(task, rows_of(["1.0"] * 90 + ["3.0"] * 10), 0.2, seed=0)
    assert counts(dev) == {"1.0": 18, "3.0": 2}


def test_two_rows_of_a_task_without_labels_are_enough(make_task: MakeTask) -> None:
    train, dev = split_off_dev(make_task(labels_of=None), rows_of(["1.0", "3.0"]), 0.15, seed=0)
    assert (len(train), len(dev)) == (1, 1)


@pytest.mark.parametrize(
    ("labels", "texts"), [(["a", "b"], ["x", "y"]), (["a", "a", "b", "b"], ["x", "X", "y", "Y"])]
)
def test_too_few_rows_are_refused(make_task: MakeTask, labels: list[str], texts: list[str]) -> None:
    with pytest.raises(DataError, match=r"^f: .*\([24]\)") as caught:
        split_off_dev(make_task(), rows_of(labels, texts), 0.15, seed=0)
    assert caught.value.code == "too-few-rows"
