from __future__ import annotations

import math
import sys

import pytest

from adaptkit.report import formatting


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.87914, "0.8791"),
        (-0.5, "-0.5000"),
        (87.914, "87.91"),
        (1234.5, "1,234.50"),
        (None, "\u2013"),
        (math.nan, "\u2013"),
    ],
)
def test_score(value: float | None, shown: str) -> None:
    assert formatting.score(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (252, "4 min 12 s"),
        (7380, "2 h 03 min"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert formatting.duration(seconds) == shown


@pytest.mark.parametrize(("number", "shown"), [(0, "0 bytes"), (2048, "2 KiB"), (6_871_947_674, "6.4 GiB")])
def test_size(number: int, shown: str) -> None:
    assert formatting.size(number) == shown


def test_hyperparameters() -> None:
    assert formatting.hyperparameter("learning_rate", 0.000317) == "3.17e-4"
    assert formatting.hyperparameter("batch_size", 16.0) == "16"
    assert formatting.hyperparameter("learning_rate", None) == "\u2013"
    assert formatting.hyperparameter("null_threshold", sys.float_info.max) == "unlimited"
    assert formatting.hyperparameter("null_threshold", -4.25) == "-4.25"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.000142925, "1.43e-4"),
        (0.0009994, "9.99e-4"),
        (0.0009996, "0.00100"),
        (0.005, "0.00500"),
        (0.0236, "0.0236"),
        (0.959, "0.959"),
        (1.0, "1.00"),
        (22.3, "22.3"),
        (95.94, "95.9"),
        (471.8, "472"),
        (4718.0, "4718"),
        (9999.6, "1.00e4"),
        (1.5e6, "1.50e6"),
        (0.0, "0"),
    ],
)
def test_penalties_have_an_exponent_only_if_extreme(value: float, shown: str) -> None:
    assert formatting.hyperparameter("l2", value) == shown


def test_shares() -> None:
    assert [formatting.share(part) for part in (0, 0.0001, 0.0066, 0.783, math.nan)] == [
        "0%",
        "<0.1%",
        "0.7%",
        "78%",
        "\u2013",
    ]


def test_spark_lines_keep_the_order_and_the_last_rung() -> None:
    assert formatting.spark([0, 0.5, 1], 0, 1) == "▁▅█"
    assert formatting.spark([0.0] * 99 + [1.0], 0, 1, 8) == "▁▁▁▁▁▁▁█"
    assert formatting.spark([math.nan, 0.3], 0.3, 0.3) == "▄"
    assert formatting.spark([5, -5], 0, 1) == "█▁"
    assert formatting.spark([], 0, 1) == ""


def test_bars() -> None:
    assert [formatting.bar(part, 4) for part in (0, 0.5, 1, 2, -1, math.nan)] == [
        "",
        "██",
        "████",
        "████",
        "",
        "",
    ]
    assert formatting.bar(0.53, 4) == "██▏"


def test_hyperparameters_have_names_in_words() -> None:
    assert formatting.in_words("learning_rate") == "learning rate"
    assert formatting.in_words("l2") == "L2 penalty"
