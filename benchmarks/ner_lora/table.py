"""The results of `benchmarks.ner_lora.run` as a Markdown table, beside `frozen` of `benchmarks.baselines`.

python -m benchmarks.ner_lora.table
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.baselines import run as baselines
from benchmarks.ner_lora.run import ROWS, SETS, TAGS, records

HEADS = {
    "before": "default trial, before",
    "layers": "half the layers alone",
    "rate": "the rate alone",
    "after": "default trial",
    "search": "study at default options",
    "frozen": "frozen",
    "full": "full, default trial",
    "full, rate": "full, twice the rate",
}


def main() -> None:
    """Prints the table."""
    frozen = [one for one in baselines.records() if (one["size"], one["side"]) == (ROWS, "frozen")]
    print(table([*records(), *frozen]))


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Mean and standard deviation of the test score over the seeds, in points, and the median CPU seconds."""
    lines = [f"| data set | {' | '.join(HEADS.values())} |", f"|---{'|--:' * len(HEADS)}|"]
    for name in SETS:
        cells = [_cell([one for one in runs if (one["set"], one["side"]) == (name, side)]) for side in HEADS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(runs: Sequence[dict[str, Any]]) -> str:
    if not runs:
        return ""
    scores = [100 * one["accuracy" if one["set"] == TAGS else "f1"] for one in runs]
    spread = f" ± {statistics.stdev(scores):.1f}" if len(scores) > 1 else ""
    seconds = statistics.median(one["cpu"] for one in runs)
    return f"{statistics.fmean(scores):.1f}{spread} ({len(scores)}), {seconds:.0f} s"


if __name__ == "__main__":
    main()
