"""Writes the map of the modules in CONTRIBUTING.md from their docstrings; with --check, only compares.

python docs/generate_map.py [--check]
"""

from __future__ import annotations

import ast
import sys
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- map: begin -->\n", "<!-- map: end -->\n"


def page(current: str) -> str:
    """The page with an up-to-date map."""
    before, _, rest = current.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{modules_by_folder()}\n{END}{after}"


def modules_by_folder() -> str:
    """A list for each folder of the package, with a line for each module that has a docstring."""
    paths = sorted(
        (path.relative_to(ROOT) for path in ROOT.glob("adaptkit/**/*.py")), key=lambda one: (one.parent, one)
    )
    lists = []
    for folder, members in groupby(paths, key=lambda path: path.parent):
        lines = [f"- `{path.name}`: {line}" for path in members if (line := _first_line(path))]
        lists.append("\n".join([f"**{folder.as_posix()}/**", "", *lines, ""]))
    return "\n".join(lists)


def _first_line(path: Path) -> str:
    text = ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0].replace("``", "`")


def main(arguments: list[str]) -> int:
    """Write the map, or check it; returns 1 if it is out of date."""
    current = PAGE.read_text(encoding="utf-8")
    wanted = page(current)
    if "--check" not in arguments:
        PAGE.write_text(wanted, encoding="utf-8")
        return 0
    if current == wanted:
        return 0
    sys.stderr.write(f"{PAGE} is out of date; run: python docs/generate_map.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
