"""The memory of a study does not grow with the number of trials."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path
from typing import Any

import psutil
import pytest

import adaptkit
from adaptkit.search.search import Search
from adaptkit.study.record import TrialRecord
from benchmarks.speed.random_models import random_model

TRIALS = 50
EARLY, LATE = slice(5, 15), slice(40, 50)
"""Around trial 10, when everything is loaded, and up to trial 50. The minimum of each counts."""

MEBIBYTES_OF_NOISE = 3
"""The parameters of a trial take about 2 MiB under ``full`` and 150 KiB under ``lora``, so those of 30 trials
would be detected. Under ``frozen`` they are too small; there, kept features would be detected."""


def held() -> int:
    """The resident bytes, without the freed memory that the allocator keeps, which varies."""
    gc.collect()
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):  # glibc has it
        libc.malloc_trim(0)
    return int(psutil.Process().memory_info().rss)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_fifty_trials_need_no_more_memory_than_ten(
    strategy: Any, data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resident: list[int] = []
    tell = Search.tell

    def tell_and_weigh(self: Search, record: TrialRecord) -> None:
        tell(self, record)
        resident.append(held())

    monkeypatch.setattr(Search, "tell", tell_and_weigh)
    adaptkit.tune(
        "text-classification", data=str(data_folder / "text-classification"),
        model=str(random_model("bert-tiny", tmp_path / "model")), strategy=strategy, trials=TRIALS, epochs=1,
        batch_sizes=(8,), parallel_trials=2, studies=tmp_path / "studies", device="cpu",
    )  # fmt: skip
    assert len(resident) == TRIALS
    grown = (min(resident[LATE]) - min(resident[EARLY])) / 2**20
    assert grown < MEBIBYTES_OF_NOISE, [round(size / 2**20) for size in resident]
