"""Where a step's time goes, as a table. Knows records, no pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.speed.formats import machines, where

PRODUCTS = "matrix products"
SHOWN = 4
"""The kinds of work named in a line, the largest first."""


def table(records: Sequence[Mapping[str, Any]]) -> str:
    """A row for each strategy, precision and batch size: both sides' time, and what took it."""
    rows = [
        "| on | strategy | examples of tokens | plain | adaptkit | times | products alone | its time |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows += [
        _row(f"{where(record)} | {strategy}", step)
        for record in records
        for strategy, steps in record["steps"].items()
        for step in steps
    ]
    return "\n".join([*rows, "", *machines(records)])


def _row(what: str, step: Mapping[str, Any]) -> str:
    plain, ours = step["plain"], step["adaptkit"]
    times = plain["seconds"] / ours["seconds"]
    products = plain["seconds"] * plain["shares"].get(PRODUCTS, 0.0)
    kinds = list(ours["shares"].items())[:SHOWN]
    return (
        f"| {what} | {step['batch_size']} of {step['tokens']} | {1e3 * plain['seconds']:.0f} ms"
        f" | {1e3 * ours['seconds']:.0f} ms | {times:.2f} | {1e3 * products:.0f} ms"
        f" | {', '.join(f'{kind} {share:.0%}' for kind, share in kinds)} |"
    )
