from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adaptkit.data.rows import Rows
from adaptkit.errors import ConfigError, DataError
from adaptkit.run.comparison import _better, compare_models, refuse_other_tasks


def labelled(texts: list[str], labels: list[str]) -> Rows:
    values = [{"text": text, "label": label} for text, label in zip(texts, labels, strict=True)]
    return Rows(values, [f"rows.csv:{number}" for number in range(2, len(texts) + 2)], "rows.csv")


@pytest.fixture
def model(tuned: Callable[[str, str], Any]) -> Any:
    return tuned("text-classification", "full").load()


def test_only_rows_that_all_models_have_the_labels_of(model: Any) -> None:
    texts = ["boats", "rain", "the bright boats", "a dull day"]
    rows = labelled(texts, ["glad", "sad", "glad", "sad"])
    fewer = replace(rows.take([0, 2, 3]), unknown_labels=1)
    found = compare_models({"one": model, "other": model}, [rows, fewer])
    assert (found.rows, found.left_out) == (3, 1)
    assert [one.name for one in found.models] == ["one", "other"]
    one, other = found.models
    right = [its["label"] for its in model.predict([texts[0], *texts[2:]])]
    share = sum(its == label for its, label in zip(right, ("glad", "glad", "sad"), strict=True)) / 3
    assert one.score == pytest.approx(share) == one.values["accuracy"]
    assert (other.difference, other.better) == (0, None)
    assert one.rows_per_second > 0


def test_rows_of_which_no_model_has_all_are_refused(model: Any) -> None:
    rows = labelled(["boats", "rain"], ["glad", "sad"])
    with pytest.raises(DataError, match="that all of the models can be scored on are none, or not the same"):
        compare_models({"one": model, "other": model}, [rows.take([0]), rows.take([1])])


def test_rows_that_cannot_be_told_apart_are_refused(model: Any) -> None:
    rows = replace(labelled(["boats", "rain"], ["glad", "sad"]), origins=["rows.csv:2", "rows.csv:2"])
    with pytest.raises(DataError, match="or not the same"):
        compare_models({"one": model, "other": model}, [rows, rows.take([0])])


def test_models_of_different_tasks_are_refused(model: Any, tuned: Callable[[str, str], Any]) -> None:
    other = tuned("ner", "full").load()
    with pytest.raises(ConfigError, match="one has the task 'text-classification', and other the task 'ner'"):
        refuse_other_tasks({"one": model, "other": other})


@pytest.mark.parametrize(
    ("ends", "direction", "better"),
    [
        ((0.1, 0.2), "maximize", True), ((-0.2, -0.1), "maximize", False), ((0.1, 0.2), "minimize", False),
        ((-0.2, -0.1), "minimize", True), ((-0.1, 0.1), "maximize", None), (None, "maximize", None),
    ],
)  # fmt: skip
def test_better_follows_the_direction(
    ends: tuple[float, float] | None, direction: str, better: bool | None
) -> None:
    assert _better(ends, direction) is better
