"""A forecast in words and as JSON, for ``adaptkit tune --dry-run``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from adaptkit.report import formatting
from adaptkit.report.escaping import visible

LONG = 3600.0
"""Seconds from which on cheaper choices are named."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a study will take."""

    task: str
    strategy: str
    device: str
    trials: int
    train_rows: int
    dev_rows: int
    rows_measured: int
    seconds: Mapping[str, float]
    """Phase → seconds, in the order of the study. The search is without pruning."""

    memory_bytes: int
    disk_bytes: int
    """The study's folder and the model in it."""

    cache_bytes: int
    """What the cache keeps for later studies, besides."""

    together: int
    """Trials that are trained together."""

    measuring_seconds: float
    """How long the forecast itself took, after reading rows and model."""

    @property
    def total_seconds(self) -> float:
        """Of all phases."""
        return sum(self.seconds.values())


def as_document(forecast: Forecast) -> dict[str, Any]:
    """The forecast as JSON-ready values."""
    return {"format": 1, **asdict(forecast), "total_seconds": forecast.total_seconds}


def lines_of(forecast: Forecast) -> Iterator[str]:
    """The forecast, line by line."""
    total = formatting.duration(forecast.total_seconds)
    yield f"this study would take about {total} on {visible(forecast.device)}, without pruning"
    width = max(len(name) for name in forecast.seconds)
    for name, seconds in forecast.seconds.items():
        if seconds > 0:
            yield f"  {name:{width}}  {formatting.duration(seconds)}"
    yield f"  {'memory':{width}}  {formatting.size(forecast.memory_bytes)}"
    yield f"  {'disk':{width}}  {formatting.size(forecast.disk_bytes)}{_cache(forecast)}"
    yield f"  {'trials':{width}}  {forecast.trials}, {_together(forecast)}"
    measured = f"{forecast.rows_measured:,} of {forecast.train_rows:,} training rows"
    yield f"measured on {measured}, in {formatting.duration(forecast.measuring_seconds)}; nothing was written"
    if forecast.total_seconds >= LONG:
        yield f"quicker: {', '.join(_cheaper(forecast))}"


def _cache(forecast: Forecast) -> str:
    cache = forecast.cache_bytes
    return f", and {formatting.size(cache)} in the cache" if cache else ""


def _together(forecast: Forecast) -> str:
    return "one at a time" if forecast.together == 1 else f"{forecast.together} of them together"


def _cheaper(forecast: Forecast) -> list[str]:
    frozen = [] if forecast.strategy == "frozen" else ["--strategy frozen"]
    return [
        *frozen,
        "fewer --trials",
        "--confirm 0",
        "a smaller --model",
        "--timeout 1h (keeps the best so far)",
    ]
