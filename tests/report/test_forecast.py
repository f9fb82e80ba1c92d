"""A forecast in words and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from adaptkit.report.forecast import Forecast, as_document, lines_of

FORECAST = Forecast(
    task="ner", strategy="full", device="cpu", trials=8, train_rows=5000, dev_rows=900, rows_measured=400,
    seconds={
        "starting, reading rows and model": 2.0, "encoding": 1.0, "search": 600.0, "confirmation": 0.0,
        "test": 3.0,
    },
    memory_bytes=2**30, disk_bytes=2**28, cache_bytes=0, together=4, measuring_seconds=9.0,
)  # fmt: skip


def text_of(**changes: Any) -> str:
    return "\n".join(lines_of(replace(FORECAST, **changes)))


def test_each_phase_has_a_line() -> None:
    text = "\n".join(lines_of(FORECAST))
    assert "this study would take about 10 min 06 s on cpu\n" in text
    assert "search                            10 min 00 s" in text
    assert "confirmation" not in text
    assert "8, 4 of them together" in text
    assert "measured on 400 of 5,000 training rows, in 9.0 s; nothing was kept" in text
    assert "quicker" not in text
    assert "not known" not in text


def test_what_pruning_spares_is_named_if_it_is_much() -> None:
    assert "10 min 06 s on cpu, 20 min 06 s if no trial ends early" in text_of(spared_seconds=600.0)
    assert "ends early" not in text_of(spared_seconds=20.0)


def test_what_is_not_known_is_said() -> None:
    assert "not known before: one thing; another" in text_of(not_known=("one thing", "another"))


def test_a_study_of_hours_names_what_is_quicker() -> None:
    seconds = {**FORECAST.seconds, "search": 7200.0, "confirmation": 1800.0}
    text = text_of(seconds=seconds)
    assert "warning: this study takes hours on this machine. What is quicker:" in text
    assert "  --strategy frozen" in text
    assert "  --trials 4: about 1 h 15 min" in text
    assert "  --confirm 0: 30 min" in text
    text = text_of(seconds={**seconds, "refit": 600.0})
    assert "  --no-refit: 10 min" in text
    assert "  --confirm 0 --no-refit: 40 min" in text
    assert "--strategy frozen" not in text_of(seconds=seconds, strategy="frozen")
    assert "--trials" not in text_of(seconds=seconds, trials=1)
    assert "--confirm" not in text_of(seconds={**FORECAST.seconds, "search": 7200.0})


def test_the_document_is_json() -> None:
    document = json.loads(json.dumps(as_document(FORECAST)))
    assert document["total_seconds"] == 606.0
    assert document["seconds"]["search"] == 600.0
    assert document["cheaper"] == []
    hours = replace(FORECAST, seconds={**FORECAST.seconds, "search": 7200.0})
    assert len(as_document(hours)["cheaper"]) >= 3
