"""The first-party plugins use the public names of adaptkit and nothing else of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import adaptkit

PLUGINS = Path(adaptkit.__file__).parent.parent / "plugins"


@pytest.mark.parametrize(
    "path", sorted(PLUGINS.glob("*/src/**/*.py")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_plugins_use_the_public_names_only(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = set(adaptkit.__all__)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = {a.name for a in node.names if a.name.split(".")[0] == "adaptkit"}
            assert names <= {"adaptkit", "adaptkit.testing"}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert node.value.id != "adaptkit" or node.attr in public
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "adaptkit":
            assert node.module in ("adaptkit", "adaptkit.testing")
            if node.module == "adaptkit":
                assert {alias.name for alias in node.names} <= public
