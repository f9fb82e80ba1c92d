"""A forecast in words and as JSON, for ``adaptkit tune --dry-run``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from adaptkit.report import formatting
from adaptkit.report.escaping import visible

LONG = 3600.0
"""Seconds from which on there is a warning that names cheaper choices."""

WORTH_NAMING = 0.05
"""The share of the time that a range must cover to be shown."""


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
    """Phase → seconds, in the order of the study, with as much pruning and patience as is expected."""

    spared_seconds: float = 0.0
    """What pruning and patience are expected to spare: without them, the study takes as much longer."""

    memory_bytes: int
    disk_bytes: int
    """The study's folder and the model in it."""

    cache_bytes: int
    """What the cache keeps for later studies, besides."""

    together: int
    """Trials that are trained together."""

    measuring_seconds: float
    """How long the forecast itself took, after reading rows and model."""

    not_known: Sequence[str] = ()
    """What the forecast does not know, each in a few words."""

    @property
    def total_seconds(self) -> float:
        """Of all phases."""
        return sum(self.seconds.values())


def as_document(forecast: Forecast) -> dict[str, Any]:
    """The forecast as JSON-ready values."""
    return {
        "format": 1, **asdict(forecast), "total_seconds": forecast.total_seconds,
        "cheaper": _cheaper(forecast) if forecast.total_seconds >= LONG else [],
    }  # fmt: skip


def lines_of(forecast: Forecast) -> Iterator[str]:
    """The forecast, line by line."""
    total = formatting.duration(forecast.total_seconds)
    yield f"this study would take about {total} on {visible(forecast.device)}{_at_most(forecast)}"
    width = max(len(name) for name in forecast.seconds)
    for name, seconds in forecast.seconds.items():
        if seconds > 0:
            yield f"  {name:{width}}  {formatting.duration(seconds)}"
    yield f"  {'memory':{width}}  {formatting.size(forecast.memory_bytes)}"
    yield f"  {'disk':{width}}  {formatting.size(forecast.disk_bytes)}{_cache(forecast)}"
    yield f"  {'trials':{width}}  {forecast.trials}, {_together(forecast)}"
    measured = f"{forecast.rows_measured:,} of {forecast.train_rows:,} training rows"
    yield f"measured on {measured}, in {formatting.duration(forecast.measuring_seconds)}; nothing was kept"
    if forecast.not_known:
        yield f"not known before: {'; '.join(forecast.not_known)}"
    if forecast.total_seconds >= LONG:
        yield "warning: this study takes hours on this machine. What is quicker:"
        yield from (f"  {one}" for one in _cheaper(forecast))


def _at_most(forecast: Forecast) -> str:
    if forecast.spared_seconds < WORTH_NAMING * forecast.total_seconds:
        return ""
    return f", {formatting.duration(forecast.total_seconds + forecast.spared_seconds)} if no trial ends early"


def _cache(forecast: Forecast) -> str:
    cache = forecast.cache_bytes
    return f", and {formatting.size(cache)} in the cache" if cache else ""


def _together(forecast: Forecast) -> str:
    return "one at a time" if forecast.together == 1 else f"{forecast.together} of them together"


def _cheaper(forecast: Forecast) -> list[str]:
    """Options that make the study shorter, and by how much where that is known."""
    frozen = [] if forecast.strategy == "frozen" else ["--strategy frozen: minutes in place of hours"]
    again = forecast.seconds.get("confirmation", 0.0)
    refit = forecast.seconds.get("refit", 0.0)
    neither = " --no-refit" if refit > 0 else ""
    return [
        *frozen,
        *([f"--trials {_affordable(forecast)}"] if _affordable(forecast) else []),
        *([f"--no-refit: {formatting.duration(refit)} less"] if refit > 0 else []),
        *([f"--confirm 0{neither}: {formatting.duration(again + refit)} less"] if again > 0 else []),
        "--timeout 1h: the search ends then with its best trial so far",
        "a smaller --model, or fewer rows",
    ]


def _affordable(forecast: Forecast) -> str:
    """Fewer trials, and about how long the study takes with them; empty if there are no fewer."""
    fewer = forecast.trials // 2
    if fewer < 1:
        return ""
    shares = (forecast.seconds.get(name, 0.0) for name in ("search", "confirmation"))
    return f"{fewer}: about {formatting.duration(forecast.total_seconds - sum(shares) / 2)}"
