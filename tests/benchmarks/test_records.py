"""Runs that the records hold are not done again, and failed ones are not added."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.records import add_missing, read


def test_missing_runs_are_added(tmp_path: Path) -> None:
    done: list[str] = []

    def run(what: Mapping[str, Any]) -> Mapping[str, Any]:
        done.append(what["name"])
        return {**what, "error": "failed"} if what["name"] == "bad" else {**what, "score": 1}

    path = tmp_path / "results.jsonl"
    for _ in range(2):
        add_missing(path, [{"name": "a"}, {"name": "bad"}, {"name": "b"}, {"name": "a"}], run)
    assert read(path) == [{"name": "a", "score": 1}, {"name": "b", "score": 1}]
    assert done == ["a", "bad", "b", "bad"]
