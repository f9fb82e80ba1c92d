from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pytest

from adaptkit.api.sources import source_of, sources_of
from adaptkit.data.in_memory import MemoryRows
from adaptkit.errors import ConfigError

ROWS = [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]
FRAME = pd.DataFrame(ROWS)
DATASET = datasets.Dataset.from_list(ROWS)


def test_paths_stay_paths() -> None:
    found = sources_of(None, Path("a/train.csv"), "dev.csv", None)
    assert (found.train, found.dev, found.test, list(found.rows)) == ("a/train.csv", "dev.csv", None, [])


def test_rows_are_named_by_their_contents() -> None:
    found = sources_of(None, FRAME, ROWS[:1], DATASET)
    assert found.train == found.test == found.rows[0].reference
    assert found.dev != found.train
    assert [rows.name for rows in found.rows] == ["train", "dev", "test"]


@pytest.mark.parametrize("fraction", [0.15, 0.5])
def test_dev_may_be_a_fraction(fraction: float) -> None:
    found = sources_of(None, FRAME, fraction, None)
    assert (found.dev, found.dev_fraction) == (None, fraction)
    assert sources_of("data.csv", None, fraction, None).data == "data.csv"


@pytest.mark.parametrize(
    ("data", "splits"),
    [
        (FRAME, {"train"}),
        (ROWS, {"train"}),
        ({"text": ["a", "b"], "label": ["x", "y"]}, {"train"}),
        ({"train": ROWS, "validation": FRAME, "test": DATASET, "unlabelled": []}, {"train", "dev", "test"}),
        (datasets.DatasetDict(train=DATASET, validation=DATASET), {"train", "dev"}),
    ],
)
def test_data_may_have_several_splits(data: Any, splits: set[str]) -> None:
    found = sources_of(data, None, None, None)
    assert found.data is None
    assert {name for name in ("train", "dev", "test") if getattr(found, name)} == splits


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((None, 3, None, None), r"^train = 3"),
        ((None, FRAME, 1.5, None), r"^dev = 1\.5.*a fraction"),
        ((None, FRAME, 0, None), r"^dev = 0"),
        ((None, FRAME, True, None), r"^dev = True"),
        ((None, FRAME, None, 0.2), r"^test = 0\.2"),
        ((5, None, None, None), r"^data = 5"),
        ((b"rows", None, None, None), r"^data = b'rows'"),
        ((FRAME, ROWS, None, None), r"data together with train"),
        (({"test": ROWS}, None, None, None), r"^data = .*a split named 'train'"),
        ((None, datasets.DatasetDict(train=DATASET), None, None), r"^train = DatasetDict[^$]* as data"),
        ((None, b"rows", None, None), r"^train = b'rows'"),
    ],
)
def test_what_cannot_be_used_is_named(given: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        sources_of(*given)


def test_one_source_is_a_path_or_rows() -> None:
    assert source_of("data", Path("a.csv")) == "a.csv"
    assert isinstance(source_of("data", FRAME), MemoryRows)
