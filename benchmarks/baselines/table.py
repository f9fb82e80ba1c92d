"""The results of `benchmarks.baselines.run` as Markdown tables.

python -m benchmarks.baselines.table
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.baselines.data_sets import READERS
from benchmarks.baselines.run import records

MAIN = {
    "text-classification": "accuracy",
    "nli": "accuracy",
    "similarity": "pearson",
    "multi-label": "micro_f1",
    "ner": "f1",
    "qa": "f1",
}
"""Task → the number that the table shows."""

SIDES = {
    "tfidf": "TF-IDF",
    "mean": "mean pooling",
    "setfit": "SetFit",
    "autointent-light": "AutoIntent",
    "trainer": "Trainer",
    "frozen_before": "adaptkit frozen, before",
    "frozen": "adaptkit frozen",
    "lora": "adaptkit lora",
    "full": "adaptkit full",
}


def main() -> None:
    """Prints both tables, and those of each other encoder."""
    of_encoder: dict[str, list[dict[str, Any]]] = {"": []}
    for one in records():
        of_encoder.setdefault(one.get("model", ""), []).append(one)
    for encoder, runs in of_encoder.items():
        print(encoder)
        print(scores(runs))
        print()
        print(seconds(runs))


def scores(runs: Sequence[dict[str, Any]]) -> str:
    """Mean and standard deviation of the test score over the seeds, in points."""
    return _table(runs, lambda one: 100 * one[MAIN[READERS[one["set"]][0]]], "{:.1f} ± {:.1f} ({})")


def seconds(runs: Sequence[dict[str, Any]]) -> str:
    """Median CPU seconds of the complete process, on one thread."""
    return _table(runs, lambda one: one["cpu"], "{:.0f}", statistics.median)


def _table(runs: Sequence[dict[str, Any]], value: Any, form: str, middle: Any = statistics.fmean) -> str:
    lines = [f"| data set | rows | {' | '.join(SIDES.values())} |", f"|---|---{'|--:' * len(SIDES)}|"]
    keys = sorted({(one["set"], one["size"]) for one in runs}, key=_order)
    for name, size in keys:
        cells = []
        for side in SIDES:
            key = (name, size, side)
            found = [value(one) for one in runs if (one["set"], one["size"], one["side"]) == key]
            deviation = statistics.stdev(found) if len(found) > 1 else 0.0
            cells.append(form.format(middle(found), deviation, len(found)) if found else "")
        shown = "8 per class" if size == "8c" else f"{int(size):,}"
        lines.append(f"| {name} | {shown} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _order(key: tuple[str, str]) -> tuple[int, int]:
    name, size = key
    return list(READERS).index(name), 0 if size == "8c" else int(size)


if __name__ == "__main__":
    main()
