"""The results as tables in Markdown, written into the README.

python -m benchmarks.robustness.table
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.robustness.outcomes import OUTCOMES, REFUSED, SAME

FOLDER = Path(__file__).parent
PAGE, RESULTS = FOLDER / "README.md", FOLDER / "results.jsonl"
BEGIN, END = "<!-- robustness: begin -->", "<!-- robustness: end -->"

Record = dict[str, Any]


def records(path: Path) -> list[Record]:
    """The results so far."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def table(results: Sequence[Record]) -> str:
    """For each target, how many changes had which outcome; and a row for all."""
    counted: dict[str, Counter[str]] = {}
    for record in results:
        counted.setdefault(record["target"], Counter())[record["outcome"]] += 1
    every = sum(counted.values(), Counter[str]())
    lines = [f"| changed | changes | {' | '.join(OUTCOMES)} |", "|---|--:|" + "--:|" * len(OUTCOMES)]
    lines += [_line(target, counts) for target, counts in counted.items()]
    return "\n".join([*lines, _line("all", every)])


def _line(target: str, counts: Counter[str]) -> str:
    numbers = " | ".join(str(counts[outcome]) for outcome in OUTCOMES)
    return f"| {target} | {counts.total()} | {numbers} |"


def changed_scores(results: Sequence[Record]) -> str:
    """The kinds of change that changed a score, how often each did, and the largest loss."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for one in results:
        if one["outcome"] not in (SAME, REFUSED) and one["score"] is not None:
            key = (one["outcome"], "model" if one["target"] == "model" else "data", one["change"])
            found.setdefault(key, []).append(one["before"] - one["score"])
    ordered = sorted(found.items(), key=lambda item: (OUTCOMES.index(item[0][0]), item[0]))
    lines = ["| outcome | of | change | times | points lost, at most |", "|---|---|---|--:|--:|"]
    lines += [
        f"| {outcome} | {of} | {change.replace('|', chr(92) + '|')} | {len(lost)} | {100 * max(lost):.0f} |"
        for (outcome, of, change), lost in ordered
    ]
    return "\n".join(lines)


def page_with(text: str, page: str) -> str:
    """The page with the text between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def main() -> None:
    """Writes the tables into the README."""
    results = records(RESULTS)
    page = PAGE.read_text(encoding="utf-8")
    text = f"{table(results)}\n\n{changed_scores(results)}"
    PAGE.write_text(page_with(text, page), encoding="utf-8")


if __name__ == "__main__":
    main()
