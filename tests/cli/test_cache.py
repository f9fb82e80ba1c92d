from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from adaptkit.cache.entries import Cache
from adaptkit.cache.features import FeaturesOnDisk
from tests.helpers.program import called


def keep(model: str, data: str, examples: int, name: str) -> None:
    """An entry of this model and data."""
    store = FeaturesOnDisk(Cache.from_environment(), {"model": model, "data": data})
    key = name.encode().hex().rjust(64, "0")
    store.keep(key, (examples, 4, 256), [torch.zeros(examples, 4, 256).half()])
    assert not store.note


def as_json(*options: str) -> Any:
    answer = called("cache", "--json", *options)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_an_empty_cache_says_where_it_is(cache_of_one_test: Path) -> None:
    answer = called("cache")
    assert (answer.code, answer.out) == (0, "")
    assert str(cache_of_one_test) in answer.err.replace("\n", "")
    assert as_json() == {
        "folder": str(cache_of_one_test / "features"), "bytes": 0, "limit_bytes": 4 * 2**30,
        "removed_bytes": None, "entries": [],
    }  # fmt: skip
    assert not cache_of_one_test.exists()


def test_entries_are_grouped_by_model_and_data(cache_of_one_test: Path) -> None:
    for place, examples in enumerate((100, 30, 20)):
        keep("tiny", "letters.csv", examples, f"letters {place}")
    keep("large\x1b[31m", "[bold]", 1200, "other")
    found = as_json()
    assert {(row["model"], row["data"], row["examples"]) for row in found["entries"]} == {
        ("tiny", "letters.csv", 150), ("large\x1b[31m", "[bold]", 1200),
    }  # fmt: skip
    assert found["bytes"] == sum(row["bytes"] for row in found["entries"]) >= 1350 * 4 * 256 * 2
    shown = called("cache")
    assert shown.code == 0
    assert all(word in shown.out for word in ("tiny", "letters.csv", "150", "1,200", "[bold]", "3 MiB of"))
    assert "\x1b[31m" not in shown.out


def test_long_names_are_cut_to_one_line(cache_of_one_test: Path) -> None:
    keep("sentence-transformers/all-MiniLM-L6-v2", f"/home/{'deep/' * 30}train.csv", 12345, "letters")
    lines = called("cache").out.splitlines()
    assert len(lines) == 3
    assert all(word in lines[1] for word in ("…", "/all-MiniLM-L6-v2", "/deep/train.csv", "12,345"))
    assert max(map(len, lines[:2])) <= 80


def test_clearing_prints_the_size(cache_of_one_test: Path) -> None:
    keep("tiny", "letters.csv", 1000, "letters")
    answer = called("cache", "--clear")
    assert (answer.code, answer.out) == (0, "")
    assert "2 MiB removed" in answer.err
    assert as_json()["entries"] == []
    keep("tiny", "letters.csv", 1000, "letters")
    cleared = as_json("--clear")
    assert cleared["removed_bytes"] > 2000 * 1024
    assert (cleared["bytes"], cleared["entries"]) == (0, [])


def test_an_invalid_limit_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADAPTKIT_CACHE_LIMIT", "plenty")
    answer = called("cache")
    assert answer.code == 2
    assert "ADAPTKIT_CACHE_LIMIT is 'plenty'" in answer.err
