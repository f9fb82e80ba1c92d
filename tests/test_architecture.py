"""What may import what, and how large a module may be."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import adaptkit

PACKAGE = Path(adaptkit.__file__).parent

BASE = {"errors", "metric", "reader", "task", "strategy", "config", "documents"}
DATA = {*BASE, "system", "tasks", "data"}
MODEL = {*DATA, "models", "strategies"}
ENGINE = {*MODEL, "engine"}
STUDY = {*BASE, "system", "study"}
REPORT = {"study", "report"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "defaults": set(),
    "metric": set(),
    "reader": set(),
    "renamed": set(),
    "strategy": set(),
    "task": {"defaults", "metric", "renamed"},
    "config": {"config_problems", "documents"},
    "config_problems": set(),
    "documents": set(),
    "system": {"errors", "documents"},
    "tasks": {"errors", "metric", "reader", "task", "system"},
    "data": {*BASE, "system", "tasks"},
    "models": {*BASE, "system", "tasks"},
    "strategies": {"errors", "strategy", "system", "tasks", "models"},
    "engine": MODEL,
    "cache": {"errors", "documents", "system", "engine"},
    "study": {*BASE, "system"},
    "search": STUDY,
    "analysis": {*STUDY, "tasks"},
    "report": {*STUDY, "analysis"},
    "export": {*ENGINE, "study", "report"},
    "serve": {"adaptkit", *ENGINE, "export"},
    "run": {*ENGINE, "cache", "study", "search", "analysis", "report", "export"},
    "distributed": {"errors", "engine"},
    "api": {*ENGINE, "study", "export", "run", "distributed"},
    "tracking": {"errors", "study", "run"},
    "testing": {*ENGINE, "export"},
    "cli": {"adaptkit", "api", "tracking", "testing", "search", "cache", *ENGINE, *REPORT, "export", "run"}
    | {"serve"},
    "__main__": {"cli"},
    "adaptkit": {
        "api",
        "tracking",
        "config",
        "errors",
        "reader",
        "strategy",
        "task",
        "tasks",
        "data",
        "export",
        "run",
    },
}
"""Module or package of adaptkit → what it may import of the others, in functions and for types too.

``adaptkit`` is ``adaptkit/__init__.py``, whose names are loaded when they are first used.
"""

NEEDS_NO_TORCH = (
    "errors",
    "metric",
    "reader",
    "renamed",
    "strategy",
    "documents",
    "defaults",
    "task",
    "config",
    "config_problems",
    "tasks",
    "search",
    "study",
    "analysis",
    "report",
)
HEAVY = {
    "torch",
    "transformers",
    "peft",
    "datasets",
    "optuna",
    "pandas",
    "sklearn",
    "numpy",
    "pyarrow",
    "rich",
}
LONGEST, LONG = 400, 300


def modules() -> dict[str, Path]:
    """Every module of adaptkit by its name."""
    names = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        names[".".join(parts).removesuffix(".__init__")] = path
    return names


MODULES = modules()


def group(module: str) -> str:
    """The line of the table a module belongs to."""
    return module.split(".")[1] if "." in module else module


def imported(module: str, nodes: Callable[[ast.Module], Iterator[ast.AST]]) -> set[str]:
    """The full names of what a module imports, in those nodes of it."""
    path = MODULES[module]
    found = set()
    for node in nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, path, node)
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else base for name in names}
    return found


def _base(module: str, path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def everywhere(tree: ast.Module) -> Iterator[ast.AST]:
    return ast.walk(tree)


def at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """What runs when the module is imported: not what is in functions, nor what is for types only."""
    for node in ast.iter_child_nodes(tree):
        typing_only = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not typing_only and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield node
            yield from at_import(node)


def test_every_module_is_in_the_table() -> None:
    assert {group(module) for module in MODULES} == set(MAY_IMPORT)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_one_way(module: str) -> None:
    own = group(module)
    others = {group(name) for name in imported(module, everywhere) if name.split(".")[0] == "adaptkit"}
    assert others - {own} <= MAY_IMPORT[own]


def test_the_table_itself_has_no_way_back() -> None:
    """Apart from the public names, which nothing of adaptkit but the command line asks for."""
    above = {name: others for name, others in MAY_IMPORT.items() if name != "adaptkit"}
    while above:
        free = {name for name, others in above.items() if not others & set(above)}
        assert free, f"a circle among {sorted(above)}"
        above = {name: others for name, others in above.items() if name not in free}


def test_no_module_imports_itself_by_way_of_others() -> None:
    edges = {
        module: {name for name in imported(module, at_import) if name in MODULES and name != module}
        for module in MODULES
    }
    while edges:
        free = {module for module, others in edges.items() if not others & set(edges)}
        assert free, f"a circle among {sorted(edges)}"
        edges = {module: others for module, others in edges.items() if module not in free}


@pytest.mark.parametrize("module", sorted(name for name in MODULES if group(name) == "cli"))
def test_a_verb_imports_its_work_inside_the_command(module: str) -> None:
    found = imported(module, at_import)
    assert not {name.split(".")[0] for name in found} & HEAVY
    ours = {name for name in found if name.split(".")[0] == "adaptkit"}
    assert {group(name) for name in ours} <= {"adaptkit", "cli", "errors"}


@pytest.mark.parametrize("module", sorted(name for name in MODULES if group(name) in NEEDS_NO_TORCH))
def test_what_needs_no_torch_imports_none(module: str) -> None:
    found = {name.split(".")[0] for name in imported(module, at_import)}
    assert not found & {"torch", "transformers", "peft", "datasets"}
    if group(module) != "search":
        assert "optuna" not in found


def test_the_engine_knows_no_search_and_no_terminal() -> None:
    found = set().union(*(imported(name, everywhere) for name in MODULES if group(name) == "engine"))
    assert not {name.split(".")[0] for name in found} & {"optuna", "rich", "click", "datasets", "sqlite3"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_modules_stay_readable(module: str) -> None:
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST
    if lines > LONG:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.warn(f"{module} has {lines} lines; see whether it is two modules", stacklevel=1)
