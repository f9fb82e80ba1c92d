"""Writes the table of fast paths in benchmarks/README.md from results/fast_paths/.

python -m benchmarks.fast_paths_table [--check]  (--check only compares)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.fast_paths import PASS, RESULTS

PAGE = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- fast paths: begin -->", "<!-- fast paths: end -->"
HEAD = ("| fast path | strategy | work | tokens | with | without | times as long without | middle half |\n"
        "|---|---|---|--:|--:|--:|--:|--:|\n")  # fmt: skip


def table(results: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The Markdown table of results: file name, such as "full-1", → its cases."""
    lines = [line(name.partition("-")[0], case) for name, cases in results.items() for case in cases]
    return HEAD + "".join(sorted(lines))


def line(strategy: str, case: Mapping[str, Any]) -> str:
    """The table's line of one case."""
    low, _, high = quantiles(case["ratios"], n=4)
    work = PASS if case["work"] == PASS else f"{case['work']}, {trials(case['trials'])} in a pass"
    times = (f"{1e3 * case[side]:,.0f} ms" for side in ("with_seconds", "without_seconds"))
    cells = (
        case["path"].replace("_", " "), strategy, work, str(case["tokens"]), *times,
        f"{median(case['ratios']):.2f}", f"{low:.2f} to {high:.2f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def trials(count: int) -> str:
    """ "1 trial", "4 trials"."""
    return "1 trial" if count == 1 else f"{count} trials"


def page_with(text: str, page: str) -> str:
    """The page with the text between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"


def main() -> int:
    """Writes the table, or with ``--check`` returns 1 if it is out of date."""
    results = {path.stem: json.loads(path.read_text("utf-8"))["cases"] for path in RESULTS.glob("*.json")}
    page = PAGE.read_text(encoding="utf-8")
    expected = page_with(table(results), page)
    if "--check" not in sys.argv:
        PAGE.write_text(expected, encoding="utf-8")
        return 0
    if page != expected:
        print(f"{PAGE} is out of date; run: python -m benchmarks.fast_paths_table", file=sys.stderr)
    return int(page != expected)


if __name__ == "__main__":
    sys.exit(main())
