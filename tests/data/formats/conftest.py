"""Rows of a task, read from the export of an annotation tool."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaptkit.data.load import read_labelled, read_unlabelled
from adaptkit.data.rows import Rows
from adaptkit.tasks import registry

Read = Callable[..., Rows]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads rows of a task from an export, with answers or without."""

    def read_rows(
        task: str, export: Any, *, labelled: bool = True, name: str = "export.json", **given: Any
    ) -> Rows:
        path = tmp_path / name
        lines = isinstance(export, list) and name.endswith(".jsonl")
        text = "\n".join(map(json.dumps, export)) if lines else json.dumps(export)
        path.write_text(export if isinstance(export, str) else text)
        made = registry.load(task, given.pop("options", {}))
        arguments = {"columns": given.pop("columns", {}), "skip_bad_rows": given.pop("skip_bad_rows", False)}
        if not labelled:
            return read_unlabelled(made, str(path), **arguments)
        return read_labelled(made, str(path), labels=given.pop("labels", ()), **arguments)

    return read_rows
