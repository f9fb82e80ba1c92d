"""The tables of the benchmarks that the defaults are chosen by."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from benchmarks.baselines import table as baselines
from benchmarks.baselines.data_sets import subset
from benchmarks.curves import table as curves
from benchmarks.epochs import table as epochs
from benchmarks.imbalance import run as imbalance


def line(rate: float | str, rung: int, dev: float, test: float) -> dict[str, str]:
    about = {
        "set": "banking77",
        "rows": "300",
        "strategy": "full",
        "start": "solved",
        "seed": "0",
        "run": "0",
    }
    scores = {"dev": str(dev), "test": str(test)}
    return {**about, "learning_rate": str(rate), "batch_size": "16", "rung": str(rung), **scores}


LINES = [
    line("", 0, 0.5, 0.4),
    *(line(rate, rung, 0.1 * place + 0.01 * rung, 0.2 * place) for rung in (1, 2, 3, 4)
      for place, rate in enumerate((1e-5, 1e-4, 1e-3, 1e-2))),
]  # fmt: skip


def test_curves_in_short() -> None:
    row = curves.scores(LINES).splitlines()[-1]
    assert row == "| banking77 | 300 | full | solved | 1 | 40.0 | 0.0 | 20.0 | 40.0 | 60.0 |  |"
    large = [{**one, "batch_size": "64", "learning_rate": "1e-3"} for one in LINES if one["rung"] == "4"]
    assert curves.scores(LINES + large[:1]).splitlines()[-1].endswith("| 60.0 | 0.0 |")


def test_curves_by_epoch() -> None:
    lines = [
        {"set": "snli", "rows": "100", "strategy": "lora", "epochs": "10", "epoch": epoch, "dev": dev}
        for epoch, dev in (("0.0", "0.5"), ("1.0", "0.4"), ("1.0", "0.6"), ("10.0", "0.7"))
    ]
    assert curves.by_epoch(lines).splitlines()[-1] == "| snli | 100 | lora | 50.0 | 50.0 |  |  |  |  | 70.0 |"
    assert len(curves.by_epoch([{**lines[0], "epochs": "3.0"}]).splitlines()) == 2


def test_curves_by_share_of_the_training() -> None:
    about = {"set": "snli", "rows": "500", "strategy": "lora", "epochs": "4"}
    scored = (("0.0", "0.5", "0.4"), ("1.0", "0.6", "0.5"), ("1.25", "0.1", "0.1"), ("4.0", "0.7", "0.6"))
    lines = [{**about, "epoch": epoch, "dev": dev, "test": test} for epoch, dev, test in scored]
    shown = "| snli | 500 | lora | 4 | 50.0 | 60.0 |  |  | 70.0 | 40.0 | 50.0 |  |  | 60.0 |"
    assert curves.by_share(lines).splitlines()[-1] == shown
    assert len(curves.by_share([{**lines[0], "rows": "100"}]).splitlines()) == 2


def test_the_default_configuration_depends_on_the_task() -> None:
    assert curves.default_configuration("banking77", "lora") == (1e-3, 16)
    assert curves.default_configuration("wnut17", "lora") == (2e-3, 16)
    assert curves.default_configuration("wnut17", "full") == (1e-4, 16)


def test_epochs_are_in_order_and_averaged_over_seeds() -> None:
    about = {"set": "wnut17", "rows": "1500", "strategy": "lora", "pooling": "auto"}
    runs = [
        {**about, "epochs": count, "rate": rate, "seed": seed, "dev": 0.5, "f1": f1, "cpu": 10.0}
        for count, rate, seed, f1 in (
            ("10", "default", 0, 0.3), ("8", "2e-4", 0, 0.7), ("8", "default", 0, 0.4),
            ("8", "default", 1, 0.6),
        )
    ]  # fmt: skip
    assert epochs.table(runs).splitlines()[2:] == [
        "| wnut17 | 1500 | lora | auto | 8 | default | 2 | 50.0 ± 0.0 | 50.0 ± 14.1 | 10 |",
        "| wnut17 | 1500 | lora | auto | 8 | 2e-4 | 1 | 50.0 | 70.0 | 10 |",
        "| wnut17 | 1500 | lora | auto | 10 | default | 1 | 50.0 | 30.0 | 10 |",
    ]


def run(side: str, seed: int, accuracy: float, cpu: float) -> dict[str, Any]:
    return {"set": "banking77", "size": "200", "seed": seed, "side": side, "accuracy": accuracy, "cpu": cpu}


def test_the_tables_of_the_baselines() -> None:
    runs = [run("tfidf", 0, 0.3, 2), run("tfidf", 1, 0.4, 4), run("frozen", 0, 0.6, 20)]
    scores, seconds = baselines.scores(runs), baselines.seconds(runs)
    assert "| banking77 | 200 | 35.0 ± 7.1 (2) |  |  |  |  |  | 60.0 ± 0.0 (1) |  |  |" in scores
    assert "| banking77 | 200 | 3 |  |  |  |  |  | 20 |  |  |" in seconds


def test_a_subset_has_a_row_of_each_class_first() -> None:
    rows = [(f"text {number}", "rare" if number == 399 else f"class {number % 3}") for number in range(400)]
    for seed in range(5):
        chosen = subset(rows, "20", seed)
        assert len(chosen) == 20
        assert {label for _, label in chosen} == {"class 0", "class 1", "class 2", "rare"}
    assert set(Counter(label for _, label in subset(rows, "8c", 0)).values()) == {8, 1}


@pytest.mark.parametrize("seeds", [1, 2])
def test_the_table_of_class_weights(seeds: int) -> None:
    runs = [
        {"seed": seed, "weights": weights, "macro_f1": 0.5 + 0.1 * seed, "accuracy": 0.9}
        for seed in range(seeds)
        for weights in ("none", "balanced")
    ]
    shown = imbalance.table(runs)
    assert ("| balanced | 2 | 55.0 ± 7.1 | 90.0 ± 0.0 |" in shown) == (seeds == 2)
