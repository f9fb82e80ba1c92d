"""Writes a new plugin: a distribution that can be installed, passes its own tests and can be tuned.

Its files are the templates beside this module.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from adaptkit.errors import ConfigError
from adaptkit.system.files import new_folder

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_NAME = 40

FILES: Mapping[str, str] = {
    "pyproject.toml": "pyproject.toml.jinja",
    "README.md": "README.md.jinja",
    "src/{module}/__init__.py": "task.py.jinja",
    "src/{module}/py.typed": "py.typed.jinja",
    "src/{module}/sample/train.csv": "train.csv.jinja",
    "src/{module}/sample/dev.csv": "dev.csv.jinja",
    "src/{module}/sample/test.csv": "test.csv.jinja",
    "tests/test_task.py": "test_task.py.jinja",
}
"""The path of a file in the plugin → its template."""


def write_plugin(name: str, to: Path) -> list[Path]:
    """Write ``adaptkit-<name>/`` into the folder ``to`` atomically; return the files.

    Raises:
        ConfigError: the name is not valid for a task, or ``to`` already contains the folder.
        StudyError: the folder cannot be written.
    """
    _refuse_name(name)
    folder = to / f"adaptkit-{name}"
    if os.path.lexists(folder):
        raise ConfigError(
            f"{folder} already exists",
            expected="a name that is not in use",
            next_step="Choose another name, or another folder with --to.",
            code="folder-exists",
        )
    module = f"adaptkit_{name.replace('-', '_')}"
    texts = {path.format(module=module): _rendered(file, name, module) for path, file in FILES.items()}
    with new_folder(folder) as new:
        for path, text in texts.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_text(text, encoding="utf-8")
    return [folder / path for path in texts]


def _refuse_name(name: str) -> None:
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise ConfigError(
            f"{name!r:.200} is not a valid name for a task",
            expected="lower-case letters and digits, a letter first, with single hyphens between words, "
            f"at most {LONGEST_NAME} characters",
            next_step="Choose a name such as 'urgency' or 'multi-label'.",
            code="bad-task-name",
        )


def _rendered(file: str, name: str, module: str) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(  # noqa: S701 (the files are not HTML, and both names are checked)
        loader=PackageLoader("adaptkit", "tasks/scaffold"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return templates.get_template(file).render(name=name, module=module)
