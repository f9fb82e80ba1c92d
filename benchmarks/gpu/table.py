"""The outcome of the GPU benchmark as one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def table(record: Mapping[str, Any]) -> str:
    """One line for each part, as Markdown."""
    lines = ["| part | state | seconds | outcome |", "|---|---|--:|---|"]
    for name, part in record["parts"].items():
        lines.append(
            f"| {name} | {part['state']} | {part['seconds']} | {_outcome(name, part.get('numbers'))} |"
        )
    return "\n".join(lines)


def _outcome(name: str, numbers: Any) -> str:
    if not numbers:
        return ""
    if name.startswith("speed "):
        return _speed(numbers)
    return {"machine": _machine, "parity": _parity, "memory": _memory, "retreat": _retreat}[name](numbers)


def _machine(numbers: Mapping[str, Any]) -> str:
    peaks = ", ".join(f"{peak:g} TFLOP/s in {precision}" for precision, peak in numbers["peak"].items())
    return f"{numbers['device']}: {peaks}"


def _parity(numbers: Mapping[str, Any]) -> str:
    return f"{numbers['equal']} of {numbers['checked']} equal to plain torch"


def _memory(numbers: Mapping[str, Any]) -> str:
    return ", ".join(f"{strategy}: {_gibibytes(one)}" for strategy, one in numbers.items())


def _gibibytes(one: Mapping[str, Any]) -> str:
    planned = f"{one['planned'] / 2**30:.2f} GiB planned"
    return f"{planned}, {one['ratio']:.0%} of it taken" if one["ratio"] else planned


def _retreat(numbers: Mapping[str, Any]) -> str:
    if "skipped" in numbers:
        return f"skipped: {numbers['skipped']}"
    passes = f"{numbers['slots_in_a_pass']} slots of {numbers['examples_in_a_pass']} examples in a pass"
    differ = f"losses differ by {numbers['largest_difference']:.1e}"
    return f"{numbers['times_shrunk']} times smaller, {passes}; {differ}"


def _speed(numbers: Mapping[str, Any]) -> str:
    sides, against = numbers["sides"], numbers["against Trainer"]
    ours = sides.get("adaptkit", {})
    times = against.get("times_as_fast")
    found = [f"{times:.1f} times as fast as Trainer" if times else ""]
    if ours:
        found.append(f"{ours['share_of_peak']:.0%} of peak, {ours['examples_per_second']:,.0f} examples/s")
    return "; ".join(filter(None, found))
