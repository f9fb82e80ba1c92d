from __future__ import annotations

from dataclasses import replace
from typing import Any

from adaptkit.export.card_limits import limits, training
from adaptkit.study.record import SplitRecord
from tests.export.test_model_card import TRIAL, summary


def words(parts: list[str]) -> str:
    return "\n".join(parts)


def test_limits_name_labels_truncated_rows_and_rows_left_out() -> None:
    known = summary(
        labels=["<b>", "B-PER"],
        truncation=["train: 3 of 9 rows (33%) are longer than 48 tokens"],
        data={"train": SplitRecord(source="rivers.conll", rows=9, skipped=2)},
    )
    found = words(limits(known, TRIAL))
    assert "these 2 labels only: <code>&#60;b&#62;</code>, `B-PER`." in found
    assert "longer than 48 tokens" in found
    assert "2 rows of train were left out" in found
    assert "was not scored on test rows" in found


def test_many_labels_are_not_all_listed() -> None:
    found = words(limits(summary(labels=[f"label-{n}" for n in range(100)]), TRIAL))
    assert "`label-29`, and 70 more" in found
    assert "label-30" not in found


def test_classes_that_are_rarely_found_are_named() -> None:
    groups: dict[str, Any] = {
        "a": {"recall": 0.9, "support": 5.0}, "b": {"recall": 0.2, "support": 5.0},
        "c": {"recall": 0.0, "support": 0.0}, "d": {"recall": 0.1, "support": 2.0}, "e": {"error": 0.1},
    }  # fmt: skip
    found = words(limits(summary(), replace(TRIAL, groups=groups)))
    assert "recall on dev of `d` 0.1000, `b` 0.2000." in found
    assert "recall" not in words(limits(summary(), TRIAL))


def test_the_test_rows_say_more_than_dev_of_weak_classes() -> None:
    weak_on_dev = replace(TRIAL, groups={"a": {"recall": 0.1, "support": 2.0}})
    tested = summary(
        test_groups={"a": {"recall": 0.9, "support": 50.0}, "b": {"recall": 0.3, "support": 9.0}}
    )
    found = words(limits(tested, weak_on_dev))
    assert "recall on test of `b` 0.3000." in found
    assert "on dev" not in found


def test_a_tested_model_names_its_interval() -> None:
    tested = summary(test={"f1": 0.7}, test_intervals={"f1": (0.6, 0.8)})
    assert "see the interval above" in words(limits(tested, TRIAL))
    assert "not scored" not in words(limits(tested, TRIAL))


def test_training_has_the_measured_time_device_and_memory() -> None:
    measured = summary(
        device="cpu (2 threads)", seconds={"train": 60.0, "data": 30.0}, peak_memory_bytes=2**30
    )
    found = words(training(measured, replace(TRIAL, seconds=12.0)))
    for part in (
        "cpu (2 threads), fp32",
        "this trial: 12 s",
        "the whole study: 1 min 30 s (train 1 min 00 s, data 30 s)",
        "1.0 GiB",
        "not measured",
    ):
        assert part in found
    assert training(summary(device=""), TRIAL) == []
