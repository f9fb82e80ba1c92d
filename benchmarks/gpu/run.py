"""Everything that has to be measured on a GPU, in one command of at most ten minutes.

    benchmarks/gpu.sh [--wheels FOLDER] [--out FOLDER]

Each part is a process of its own: one that fails or takes too long is recorded as such, and the others run.
After each part ``gpu.json`` is written again, so that nothing is lost if the machine goes away. The parts are
in `benchmarks.gpu.parts`. With ``--tiny --device cpu`` they run in small, to see that they do.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.gpu.parts import COMPLETE, TINY, Part, parts_of
from benchmarks.gpu.table import table

ROOT = Path(__file__).parents[2]
KEPT = 4_000
"""Characters of a failed part's output that are kept."""

FEWEST_SECONDS = 20
"""A part for which less time is left is not started."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs all parts, and prints the table; 1 if a part failed."""
    parser = argparse.ArgumentParser(prog="benchmarks/gpu.sh", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "gpu" / "results")
    parser.add_argument("--seconds", type=float, default=570.0, help="for all parts (default %(default)s)")
    parser.add_argument("--tiny", action="store_true", help="tiny models and few rows")
    options = parser.parse_args(arguments)
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + options.seconds
    record: dict[str, Any] = {"device": options.device, "tiny": options.tiny, "parts": {}}
    for part in parts_of(options.device, TINY if options.tiny else COMPLETE, out):
        record["parts"][part.name] = run(part, end - time.monotonic(), out)
        write(out / "gpu.json", record)
        print(f"{part.name}: {record['parts'][part.name]['state']}", file=sys.stderr, flush=True)
    print(table(record))
    return int(any(part["state"] != "done" for part in record["parts"].values()))


def run(part: Part, left: float, out: Path) -> dict[str, Any]:
    """What became of a part: its state, its seconds, and its numbers or the end of its output."""
    if left < FEWEST_SECONDS:
        return {"state": "not run: no time was left", "seconds": 0.0}
    started = time.monotonic()
    try:
        done = subprocess.run(
            part.command, cwd=ROOT, env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True,
            check=False, timeout=min(part.seconds, left),
        )  # fmt: skip
    except subprocess.TimeoutExpired as expired:
        said = expired.stderr or b""
        text = said.decode(errors="replace") if isinstance(said, bytes) else said
        return {"state": "took too long", "seconds": _since(started), "output": text[-KEPT:]}
    found: dict[str, Any] = {"state": "done", "seconds": _since(started)}
    if done.returncode:
        found |= {"state": f"ended with {done.returncode}", "output": (done.stdout + done.stderr)[-KEPT:]}
    return {**found, "numbers": numbers_of(part, done.stdout, out)}


def numbers_of(part: Part, printed: str, out: Path) -> Any:
    """What the part measured: its last line as JSON, or the file that a comparison wrote."""
    if part.name.startswith("speed "):
        _, model, strategy = part.name.split()
        device = part.command[part.command.index("--device") + 1]
        path = out / "search" / f"{device}-{model}-{strategy}.json"
        return json.loads(path.read_text(encoding="utf-8"))["figures"] if path.is_file() else None
    try:
        return json.loads(printed.splitlines()[-1])
    except (IndexError, ValueError):
        return None


def write(path: Path, record: dict[str, Any]) -> None:
    """Replaces the file in one step."""
    aside = path.with_suffix(".tmp")
    aside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    aside.replace(path)


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)


if __name__ == "__main__":
    sys.exit(main())
