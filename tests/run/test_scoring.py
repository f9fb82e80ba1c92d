from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.data.load import read_labelled
from adaptkit.errors import TrialError
from adaptkit.run.scoring import score_rows


def test_scores_and_intervals_are_of_the_same_rows(
    tuned: Callable[[str, str], Any], data_folder: Path
) -> None:
    predictor = adaptkit.load(tuned("ner", "frozen").folder.best)
    data = str(data_folder / "ner" / "test.conll")
    rows = read_labelled(
        predictor.task, data, labels=predictor.description.labels, columns={}, skip_bad_rows=False
    ).values
    scored = score_rows(predictor, rows)
    assert scored.scores == predictor.score(rows)
    assert "f1" in scored.intervals
    assert set(scored.intervals) <= set(scored.scores.values)
    assert all(low <= scored.scores.values[name] <= high for name, (low, high) in scored.intervals.items())
    few = score_rows(predictor, rows[:9])
    assert few.intervals == {}
    assert few.no_interval == dict.fromkeys(few.scores.values, "there are fewer than 10 rows")
    with pytest.raises(TrialError, match="no 'bleu'"):
        score_rows(predictor, rows, "bleu")
