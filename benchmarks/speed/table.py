"""Writes the tables and the drawing of the results into the pages; --check only compares.

python -m benchmarks.speed.table [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.speed import cost_drawing, cost_table, profile_table, pruning_table, search_table
from benchmarks.speed.results import RESULTS, read_results

HERE = Path(__file__).parent
FRONT, OWN, DRAWING = HERE.parents[1] / "README.md", HERE / "README.md", HERE / "cost.svg"
NOTHING = "Nothing has been measured yet."
"""What a page says where there are no results."""


def files() -> dict[Path, str]:
    """Every file that is made of results, as it should be."""
    kinds = ("search", "pruning", "cost", "profile")
    search, pruning, cost, profiles = (read_results(RESULTS / kind) for kind in kinds)
    own = OWN.read_text(encoding="utf-8")
    for marker, text in {
        "search": search_table.whole(search) if search else NOTHING,
        "pruning": pruning_table.table(pruning) if pruning else NOTHING,
        "profile": profile_table.table(profiles) if profiles else NOTHING,
        "cost": f"![Cost against size](cost.svg)\n\n{cost_table.table(cost)}" if cost else NOTHING,
    }.items():
        own = with_section(own, marker, text)
    front = FRONT.read_text(encoding="utf-8")
    made = {
        FRONT: with_section(front, "speed", search_table.compact(search) if search else NOTHING),
        OWN: own,
    }
    return {**made, DRAWING: cost_drawing.svg(cost)} if cost else made


def with_section(page: str, marker: str, text: str) -> str:
    """The page with the text between its markers; raises ValueError if it has none."""
    begin, end = f"<!-- {marker}: begin -->\n", f"<!-- {marker}: end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"no section {marker!r} in the page")
    return f"{before}{begin}\n{text}\n\n{end}{after}"


def main() -> int:
    """Writes the files, or checks them; 1 if they are not what the results say."""
    wanted = files()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path} is stale; run: python -m benchmarks.speed.table", file=sys.stderr)
        return int(bool(stale))
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
