"""What may import what, how large a module may be, and what may not be loaded by a quick command."""

from __future__ import annotations

import ast
import os
import statistics
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from tests.helpers.program import environment

PACKAGE = Path(adaptkit.__file__).parent
PLUGINS = PACKAGE.parent / "plugins"

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
SECONDS_FOR_HELP = 0.3


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


def loaded_by(*arguments: str) -> set[str]:
    """The modules that ``adaptkit ARGUMENTS`` imports."""
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "adaptkit", *arguments],
        capture_output=True, text=True, check=True, timeout=300, env=environment(),
    )  # fmt: skip
    lines = [line for line in answer.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize(
    "arguments", [("--help",), ("tasks",), ("cache",), ("tune", "--help"), ("predict", "--help")]
)
def test_quick_commands_load_nothing_heavy(arguments: tuple[str, ...]) -> None:
    loaded = loaded_by(*arguments)
    assert "adaptkit.cli" in loaded
    plugins = {path.name for path in PLUGINS.glob("*/src/*") if path.is_dir()}
    heavy = {"torch", "transformers", "optuna", "datasets", "peft", "pandas", "sklearn", *plugins}
    assert not {name.split(".")[0] for name in loaded} & heavy


def test_a_report_loads_no_torch(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("text-classification", "frozen")
    loaded = loaded_by("report", str(study.folder.path))
    assert "adaptkit.report.terminal" in loaded
    assert not loaded & {"torch", "transformers", "optuna", "datasets", "peft"}


WITHOUT_DATASETS = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("datasets", "optuna"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import adaptkit.engine.capacity, adaptkit.engine.prepare, adaptkit.engine.train, adaptkit.strategies
print(sorted({"datasets", "optuna"} & set(sys.modules)))
"""


def test_the_engine_needs_no_datasets_no_optuna() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_DATASETS], capture_output=True, text=True, check=False, timeout=300,
        env=environment(),
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[]"


def processor_seconds_of_children() -> float:
    """What a busy machine does not lengthen, as it does the time on the clock."""
    times = os.times()
    return times.children_user + times.children_system


def test_help_is_there_at_once() -> None:
    seconds = []
    for _ in range(5):
        begun = processor_seconds_of_children()
        subprocess.run(
            [sys.executable, "-m", "adaptkit", "--help"], check=True, capture_output=True, env=environment()
        )
        seconds.append(processor_seconds_of_children() - begun)
    assert statistics.median(seconds) < SECONDS_FOR_HELP
