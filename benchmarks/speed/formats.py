"""How the results' numbers and circumstances are written. All plain strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def machines(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each machine and set of versions that was measured on."""
    lines = []
    for record in records:
        versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
        lines.append(
            f"{where(record)}: {record['processor']}, {record['cores']} cores, {record['machine']};"
            f" peak {record['device']['peak'] / 1e9:,.0f} GFLOP/s in {record['setting']['precision']};"
            f" {versions}; {record['date'][:10]}."
        )
    return list(dict.fromkeys(lines))


def where(record: Mapping[str, Any]) -> str:
    """The device and the precision."""
    return f"{record['device']['name']}, {record['setting']['precision']}"


def times(middle: float, each: Sequence[float] = ()) -> str:
    """A ratio, and its range over several pairs."""
    between = f" ({min(each):.1f} … {max(each):.1f})" if len(each) > 1 else ""
    return f"{middle:.1f} times{between}"


def score(record: Mapping[str, Any], value: float | None) -> str:
    """A score; a dash where scores mean nothing."""
    return f"{value:.4f}" if value is not None and record["scores"] else "-"


def points(difference: float | None) -> str:
    """A difference of scores in points, with its sign."""
    return "-" if difference is None else f"{100 * difference:+.2f} points"


def seconds(value: float) -> str:
    """Seconds, or minutes where there are many."""
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"


def size(side: Mapping[str, Any]) -> str:
    """The most memory: the GPU's where there is one."""
    return f"{(side['peak_device_memory'] or side['peak_memory']) / 2**20:,.0f} MiB"


def busy(record: Mapping[str, Any]) -> bool:
    """Whether others were at work before the first pair."""
    return bool(record["busy_before"] > record["cores"] / 10)
