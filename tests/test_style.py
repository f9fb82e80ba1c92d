"""What is held of names, sizes and words everywhere: in the package, the plugins, the tests and the pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.helpers.program import called

ROOT = Path(__file__).parent.parent
LONGEST_FILE = 300
LONGEST_NAME = 60

PACKAGE = sorted(ROOT.glob("adaptkit/**/*.py"))
PLUGINS = sorted(ROOT.glob("plugins/*/src/**/*.py"))
TESTS = sorted([*ROOT.glob("tests/**/*.py"), *ROOT.glob("plugins/*/tests/**/*.py")])
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/README.md")])
TEMPLATES = sorted(path for path in ROOT.glob("adaptkit/**/*.jinja") if ".csv" not in path.name)

BANNED = (
    "desk", "conductor", "headed", "shaken", "told", "lies", "mend", "mended", "stranger", "strangers",
)  # fmt: skip
"""Words that were once used with a meaning of their own, where the field or plain English has another."""

BANNED_WORD = re.compile(rf"\b({'|'.join(BANNED)})\b", re.IGNORECASE)

VERBS = (
    "cache", "compare", "data", "errors", "evaluate", "export", "plugins", "predict", "push", "report",
    "serve", "studies", "tasks", "tune",
)  # fmt: skip


def banned_words(text: str) -> list[str]:
    """Each line that has a banned word, with its number; an underscore ends a word, too."""
    lines = [line.replace("_", " ") for line in text.splitlines()]
    return [f"{number}: {line.strip()}" for number, line in enumerate(lines, 1) if BANNED_WORD.search(line)]


def violations(paths: Sequence[Path], check: Callable[[str], list[str]]) -> dict[str, list[str]]:
    """What is wrong in each file, by its path; files without a fault are left out."""
    found = {str(path.relative_to(ROOT)): check(path.read_text(encoding="utf-8")) for path in paths}
    return {path: problems for path, problems in found.items() if problems}


def test_banned_words_are_found_as_words_only() -> None:
    text = "He told me.\nThe stories he untold.\nis_told = 1\nLies\nrelies\n"
    assert banned_words(text) == ["1: He told me.", "3: is told = 1", "4: Lies"]


def test_no_banned_word_in_the_package_and_the_pages() -> None:
    paths = [*PACKAGE, *PLUGINS, *PAGES, *TEMPLATES]
    assert violations(paths, banned_words) == {}


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_no_banned_word_in_the_help(verb: str) -> None:
    answer = called(*filter(None, [verb]), "--help")
    assert answer.code == 0
    assert banned_words(answer.out) == []


def test_the_help_lists_these_verbs() -> None:
    commands = called("--help").out.partition("Commands:")[2]
    assert tuple(re.findall(r"^  ([a-z-]+) ", commands, re.MULTILINE)) == VERBS


def lines_beyond_the_limit(text: str) -> list[str]:
    return text.splitlines()[LONGEST_FILE:]


def test_no_file_is_too_long() -> None:
    assert len(PACKAGE) > 50
    assert list(violations([*PACKAGE, *PLUGINS, *TESTS], lines_beyond_the_limit)) == []


def long_names_of_tests(text: str) -> list[str]:
    names = [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [name for name in names if name.startswith("test_") and len(name) > LONGEST_NAME]


def test_names_of_tests_are_short() -> None:
    assert len(TESTS) > 100
    assert violations(TESTS, long_names_of_tests) == {}
