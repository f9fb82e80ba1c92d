from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from adaptkit.data.dev_split import dev_positions
from adaptkit.data.duplicates import question_of
from adaptkit.data.group_splits import dev_groups
from adaptkit.data.rows import Rows
from adaptkit.data.splits import dev_rows
from adaptkit.errors import DataError
from adaptkit.task import Task

MakeTask = Callable[..., Task]


def rows_of(texts: Sequence[str], labels: str = "aaaaaabbbc", groups: Sequence[str] = ()) -> Rows:
    """Rows whose label depends on their text, in capitals every other time that they occur."""
    label = {text: labels[place % len(labels)] for place, text in enumerate(dict.fromkeys(texts))}
    values = [{"text": text.upper() if n % 2 else text, "label": label[text]} for n, text in enumerate(texts)]
    return Rows(values, [f"f:{n}" for n in range(len(texts))], "f", groups=groups, grouped_by="story")


ONCE = [f"text {n}" for n in range(200)]


def test_rows_that_occur_once_are_split_as_before(make_task: MakeTask) -> None:
    for seed in range(5):
        expected = dev_rows(make_task(), rows_of(ONCE), 0.15, seed)
        for version in (1, 2, 3):
            assert dev_positions(make_task(), rows_of(ONCE), 0.15, seed, version) == expected


def test_groups_come_before_copies(make_task: MakeTask) -> None:
    rows = rows_of(ONCE * 2, groups=[str(n // 4) for n in range(400)])
    assert dev_positions(make_task(), rows, 0.15, 1, 3) == dev_groups(make_task(), rows, 0.15, 1)


@pytest.mark.parametrize("texts", [ONCE * 2, [*ONCE[:150] * 2, *ONCE[150:]], [*ONCE, *ONCE[:1] * 150]])
@pytest.mark.parametrize("seed", range(3))
def test_copies_stay_together_and_classes_keep_their_share(
    make_task: MakeTask, texts: list[str], seed: int
) -> None:
    task, rows = make_task(), rows_of(texts)
    dev = dev_positions(task, rows, 0.15, seed, 3)
    questions = list(map(question_of(task), rows.values))
    assert {questions[place] for place in dev}.isdisjoint(
        one for place, one in enumerate(questions) if place not in dev
    )
    assert abs(len(dev) - 0.15 * len(rows)) <= 2
    every = Counter(row["label"] for row in rows.values)
    chosen = Counter(rows.values[place]["label"] for place in dev)
    most = 2 if texts[-1] != texts[0] else 25  # a row with 150 copies stays in train
    assert all(abs(chosen[label] - 0.15 * count) <= most for label, count in every.items())


def test_rows_with_copies_become_dev_rows_too(make_task: MakeTask) -> None:
    rows = rows_of([*ONCE[:140] * 2, *ONCE[140:150]])
    copied = len([place for place in dev_positions(make_task(), rows, 0.15, 0, 3) if place < 280])
    assert copied >= 30
    assert max(dev_positions(make_task(), rows, 0.03, 0, 2)) >= 280  # the version before took others alone


def test_another_seed_gives_another_split(make_task: MakeTask) -> None:
    rows = rows_of(ONCE * 2)
    first, again, other = (dev_positions(make_task(), rows, 0.15, seed, 3) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("texts", [["x"] * 4, ["x", "y"] * 2])
def test_too_few_different_rows_are_refused(make_task: MakeTask, texts: list[str]) -> None:
    with pytest.raises(DataError, match=rf"^f: .*\(4\), {len(set(texts))} different, to split") as caught:
        dev_positions(make_task(), rows_of(texts, labels="ab"), 0.15, 0, 3)
    assert caught.value.code == "too-few-rows"
