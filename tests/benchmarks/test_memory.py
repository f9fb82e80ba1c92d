"""A study's memory does not grow from trial to trial."""

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
"""Around trial 10, when everything is loaded, and up to trial 50; the least of each counts."""

MEBIBYTES_OF_NOISE = 3
"""A row of ``full`` is some 2 MiB, one of ``lora`` some 150 KiB: rows kept from 30 trials would be found. A
head's row is too small for that; under ``frozen`` it is features or passes that would be."""


def held() -> int:
    """The resident bytes, without what the allocator has of freed memory, which comes and goes in lumps."""
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
