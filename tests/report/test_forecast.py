"""A forecast in words and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from adaptkit.report.forecast import Forecast, as_document, lines_of

FORECAST = Forecast(
    task="ner", strategy="full", device="cpu", trials=8, train_rows=5000, dev_rows=900, rows_measured=400,
    seconds={
        "reading rows and model": 2.0, "encoding": 1.0, "search": 600.0, "confirmation": 0.0, "test": 3.0,
    },
    memory_bytes=2**30, disk_bytes=2**28, cache_bytes=0, together=4, measuring_seconds=9.0,
)  # fmt: skip


def test_each_phase_has_a_line() -> None:
    text = "\n".join(lines_of(FORECAST))
    assert "this study would take about 10 min 06 s on cpu, without pruning" in text
    assert "search                  10 min 00 s" in text
    assert "confirmation" not in text
    assert "8, 4 of them together" in text
    assert "measured on 400 of 5,000 training rows, in 9.0 s; nothing was written" in text
    assert "quicker" not in text


def test_a_study_of_hours_names_what_is_quicker() -> None:
    hours = replace(FORECAST, seconds={**FORECAST.seconds, "search": 7200.0})
    assert "quicker: --strategy frozen, fewer --trials" in "\n".join(lines_of(hours))
    frozen = replace(hours, strategy="frozen")
    assert "quicker: fewer --trials" in "\n".join(lines_of(frozen))


def test_the_document_is_json() -> None:
    document = json.loads(json.dumps(as_document(FORECAST)))
    assert document["total_seconds"] == 606.0
    assert document["seconds"]["search"] == 600.0
