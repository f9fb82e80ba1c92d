from __future__ import annotations

import datasets
import pandas as pd
import polars as pl
import pyarrow
import pytest

from adaptkit.data.in_memory import MemoryRows, is_reference, memory_rows
from adaptkit.errors import ConfigError

ROWS = [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]


def values(rows: MemoryRows) -> list[object]:
    return [raw.problem or raw.values for raw in rows.raw_rows()]


@pytest.mark.parametrize(
    "given",
    [
        ROWS,
        tuple(ROWS),
        iter(ROWS),
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS, index=["p", "q"]),
        pd.DataFrame(ROWS).astype("category"),
        datasets.Dataset.from_list(ROWS),
        datasets.Dataset.from_list(ROWS).class_encode_column("label"),
        datasets.Dataset.from_list(ROWS).with_format("numpy"),
        pyarrow.Table.from_pylist(ROWS),
        pl.DataFrame(ROWS),
        pl.DataFrame(ROWS).with_columns(pl.col("label").cast(pl.Categorical)),
        {"text": ["a", "b"], "label": ("x", "y")},
        {"text": pd.Series(["a", "b"]), "label": ["x", "y"]},
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_kind_of_rows_gives_the_same(given: object) -> None:
    rows = memory_rows("train", given)
    assert values(rows) == ROWS
    assert rows.reference == memory_rows("dev", ROWS).reference
    assert is_reference(rows.reference)
    assert [raw.origin for raw in rows.raw_rows()] == ["train row 1", "train row 2"]


def test_pairs_are_texts_with_labels() -> None:
    assert values(memory_rows("train", [("a", "x"), ["b", "y"]])) == ROWS


def test_other_rows_have_another_reference() -> None:
    one = memory_rows("train", ROWS)
    for other in (ROWS[:1], ROWS[::-1], [*ROWS, ROWS[0]], [{**ROWS[0], "text": "A"}, ROWS[1]]):
        assert memory_rows("train", other).reference != one.reference


def test_what_is_no_row_is_a_bad_row() -> None:
    found = list(memory_rows("dev", [{"text": "a", "label": b"x"}, "b", 3, {"text": "\ud800"}]).raw_rows())
    assert [raw.values for raw in found] == [{}] * 4
    assert "column 'label': b'x' is a value of type bytes" in found[0].problem
    assert "'b' is not an object with the row's columns" in found[1].problem
    assert "3 is not an object" in found[2].problem
    assert "unpaired surrogate" in found[3].problem


def test_missing_values_of_a_frame_are_none() -> None:
    frame = pd.DataFrame({"text": ["a", None], "label": [1.0, float("nan")], "day": [pd.NaT, pd.NaT]})
    assert values(memory_rows("", frame)) == [
        {"text": "a", "label": 1.0, "day": None}, {"text": None, "label": None, "day": None},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "given", [3, b"rows", {}, {"text": "a", "label": "x"}, {"text": ["a"], "label": ["x", "y"]}, None]
)
def test_what_are_no_rows_is_refused_by_name(given: object) -> None:
    with pytest.raises(
        ConfigError, match=r"dev = .*a list of dictionaries, a DataFrame of pandas or polars"
    ) as refused:
        memory_rows("dev", given)
    assert refused.value.code == "not-rows-in-memory"


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="more than one column 'text'"):
        memory_rows("train", pd.DataFrame([["a", "b"]], columns=["text", "text"]))
