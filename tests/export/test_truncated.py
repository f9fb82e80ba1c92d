from __future__ import annotations

from typing import Any

import pytest

import adaptkit
from adaptkit.export.predictor import ROWS_AT_ONCE
from adaptkit.export.truncated import TruncatedRows


def test_rows_that_are_longer_than_the_model_reads_are_counted(tuned: Any) -> None:
    predictor = adaptkit.load(tuned("text-classification", "full").folder.best, device="cpu")
    most = predictor.model.max_length
    full = " ".join(["boats"] * (most - 2))  # with the two special tokens just as many as the model reads
    texts = [*["boats"] * (ROWS_AT_ONCE + 1), full, f"{full} boats", "boats", f"{full} river river"]
    counts = TruncatedRows()
    list(predictor.stream(map(predictor.row_of, texts), truncated=counts))
    assert (counts.rows, counts.of, counts.first) == (2, len(texts), ROWS_AT_ONCE + 3)
    assert counts.longest == most + 2
    assert f"2 of {len(texts):,} rows are longer than {most} tokens" in counts.in_words(most)


def test_rows_that_fit_give_no_warning(tuned: Any) -> None:
    predictor = adaptkit.load(tuned("text-classification", "full").folder.best, device="cpu")
    counts = TruncatedRows()
    list(predictor.stream([predictor.row_of("boats")], truncated=counts))
    assert counts.in_words(predictor.model.max_length) == ""


def test_a_task_that_splits_long_rows_truncates_none(tuned: Any) -> None:
    predictor = adaptkit.load(tuned("ner", "full").folder.best, device="cpu")
    counts = TruncatedRows()
    list(predictor.stream([predictor.row_of("boats " * 2000)], truncated=counts))
    assert (counts.rows, counts.of) == (0, 1)


def test_python_warns(tuned: Any) -> None:
    predictor = adaptkit.load(tuned("text-classification", "full").folder.best, device="cpu")
    with pytest.warns(UserWarning, match="1 of 2 rows is longer than"):
        predictor.predict(["boats", "boats " * (predictor.model.max_length + 1)])
