"""What every result says of where and when it was measured, and where it is written."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("adaptkit", "torch", "transformers", "accelerate", "peft", "optuna", "numpy")


def circumstances() -> dict[str, Any]:
    """Date, machine, versions, and how many cores others keep busy before anything is measured."""
    return {
        "date": datetime.now(UTC).isoformat("T", "seconds"),
        "machine": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory": psutil.virtual_memory().total,
        "busy_before": psutil.cpu_percent(interval=1.0) / 100 * (psutil.cpu_count() or 1),
        "python": platform.python_version(),
        "versions": versions(),
    }


def processor() -> str:
    """The processor's name, if the system tells."""
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return named[1] if named else platform.processor()


def versions() -> dict[str, str]:
    """The versions of what the numbers depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def write_result(folder: Path, name: str, record: Mapping[str, Any]) -> Path:
    """The record as a JSON file, one line for each of its parts."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    parts = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in record.items())
    path.write_text(f"{{\n{parts}\n}}\n", encoding="utf-8")
    return path


def read_results(folder: Path) -> list[dict[str, Any]]:
    """All records in the folder, by file name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def say(text: str) -> None:
    """A line of progress on standard error."""
    print(text, file=sys.stderr, flush=True)
