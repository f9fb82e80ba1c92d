"""The results of `benchmarks.rows.run` as Markdown tables.

python -m benchmarks.rows.table
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PHASES = ("data", "features", "train", "score", "baselines")


def main() -> None:
    """Prints the tables."""
    for head, name in (("before", "before"), ("now", "results")):
        print(f"\n{head}:\n\n{table(json.loads((Path(__file__).parent / f'{name}.json').read_text()))}")


def table(runs: Sequence[dict[str, Any]]) -> str:
    """A line for each study: seconds in all and by phase, and the resident memory."""
    heads = ("strategy", "rows", "seconds", *PHASES, "peak, MiB", "median of the second half, MiB")
    lines = [f"| {' | '.join(heads)} |", f"|---{'|--:' * (len(heads) - 1)}|"]
    for run in sorted(runs, key=lambda one: (one["strategy"], one["rows"])):
        phases = [f"{run['by phase'].get(name, 0):,.0f}" for name in PHASES]
        memory = [f"{run[name]:,}" for name in ("peak MiB", "median MiB of the second half")]
        cells = [run["strategy"], f"{run['rows']:,}", f"{run['seconds']:,.0f}", *phases, *memory]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
