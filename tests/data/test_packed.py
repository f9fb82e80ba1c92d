"""A packed sequence is equal to the list, wherever its chunks end."""

import pickle
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from adaptkit.data import packed as module
from adaptkit.data.packed import Packed, packed, taken
from adaptkit.errors import StudyError

ROWS = [
    {"text": f"text {n}", "tags": ["a"] * (n % 3), "of": (date(2020, 1, 1), Decimal(n))} for n in range(40)
]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_IN_MEMORY", 5)
    monkeypatch.setattr(module, "A_CHUNK", 4)


@pytest.mark.parametrize("count", [6, 7, 8, 9, 11, 12, 40])
def test_it_equals_the_list(count: int) -> None:
    its, rows = packed(iter(ROWS[:count])), ROWS[:count]
    assert isinstance(its, Packed)
    assert len(its) == count
    assert list(its) == rows
    assert [its[place] for place in range(-count, count)] == [rows[place] for place in range(-count, count)]
    assert its[2:5] == rows[2:5]
    assert its[::3] == rows[::3]
    with pytest.raises(IndexError):
        its[count]


def test_few_items_stay_a_list() -> None:
    assert packed(ROWS[:5]) == ROWS[:5]
    assert packed([]) == []


def test_some_of_the_items_in_any_order() -> None:
    its = taken(packed(ROWS), [30, 2, 39, 2])
    assert list(its) == [ROWS[30], ROWS[2], ROWS[39], ROWS[2]]
    assert list(taken(its, [1, 0])) == [ROWS[2], ROWS[30]]
    assert taken(ROWS, [3, 1]) == [ROWS[3], ROWS[1]]
    assert list(taken(its, [])) == []


def test_another_process_gets_the_items() -> None:
    assert list(pickle.loads(pickle.dumps(packed(ROWS)))) == ROWS


def test_the_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    its = packed(ROWS)
    assert list(tmp_path.iterdir()) == []
    assert its[39] == ROWS[39]


def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
    with pytest.raises(StudyError) as error:
        packed(ROWS)
    assert "/proc/nowhere cannot be written" in error.value.problem
