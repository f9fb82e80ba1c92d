from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pytest

from adaptkit.errors import ConfigError, DataError

TEXTS = ["merry boats", "a grey bridge", "still"]
ROWS = [{"text": text} for text in TEXTS]


@pytest.fixture
def predictor(tuned: Callable[[str, str], Any]) -> Any:
    return tuned("text-classification", "frozen").load(device="cpu")


@pytest.mark.parametrize(
    "given",
    [
        tuple(TEXTS),
        iter(TEXTS),
        pd.Series(TEXTS),
        np.array(TEXTS),
        ROWS,
        iter(ROWS),
        [{"TEXT": text, "label": "no label of the model"} for text in TEXTS],
        pd.DataFrame(ROWS, index=[7, 8, 9]),
        datasets.Dataset.from_list(ROWS),
        pl.DataFrame(ROWS),
        pl.Series(TEXTS),
        datasets.Dataset.from_list(ROWS).to_pandas(),
    ],
    ids=lambda given: type(given).__name__,
)
def test_texts_and_rows_are_predicted_in_their_order(given: Any, predictor: Any) -> None:
    assert [one["label"] for one in predictor.predict(given)] == [
        one["label"] for one in predictor.predict(TEXTS)
    ]


def test_a_single_text_or_row_gives_one_prediction(predictor: Any) -> None:
    (expected,) = predictor.predict([TEXTS[0]])
    assert predictor.predict(TEXTS[0]) == expected
    assert predictor.predict(ROWS[0]) == expected
    assert predictor.predict({"review": TEXTS[0]}, columns={"text": "review"}) == expected


def test_a_path_is_a_file_and_a_file_is_no_text(predictor: Any, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    pd.DataFrame(ROWS).to_csv(file, index=False)
    assert len(predictor.predict(file)) == 3
    with pytest.raises(DataError, match=r"is a file.*predict\(pathlib\.Path\(") as refused:
        predictor.predict(str(file))
    assert refused.value.code == "file-as-text"


@pytest.mark.parametrize("given", [[], (), pd.DataFrame({"text": []}), pd.Series([], dtype=object)])
def test_nothing_gives_no_predictions(given: Any, predictor: Any) -> None:
    assert predictor.predict(given) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([*ROWS, {"text": None}], r"^row 4: "),
        ([{"txt": "merry"}], "'text'"),
        ([{"text": "merry"}, "merry"], "1 texts among 2 rows"),
        ([3], "3 is not an object"),
        (["merry", " "], "' ': the text is empty"),
        ({"text": None}, "row 1: "),
    ],
)
def test_what_cannot_be_predicted_is_named(given: Any, words: str, predictor: Any) -> None:
    with pytest.raises(DataError, match=words):
        predictor.predict(given)


@pytest.mark.parametrize("given", ["merry", TEXTS, ROWS, pl.DataFrame(ROWS)])
def test_only_files_are_read_in_a_way(given: Any, predictor: Any) -> None:
    with pytest.raises(ConfigError, match=r"'tab' says how a file is read.*Leave out delimiter="):
        predictor.predict(given, delimiter="tab")


@pytest.mark.parametrize("given", [3, None, b"merry"])
def test_other_values_are_refused(given: Any, predictor: Any) -> None:
    with pytest.raises(ConfigError, match="a list of dictionaries, a DataFrame of pandas or polars"):
        predictor.predict(given)
