"""Distributions as pip installs them: a .dist-info and the modules, in a folder that is put on the path."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def install(site: Path, project: Path, version: str | None = None) -> Path:
    """Install a project of plain modules, or of a src folder, into the folder ``site``."""
    described = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = described["name"], version or described["version"]
    source = project / "src" if (project / "src").is_dir() else project
    site.mkdir(exist_ok=True)
    for path in source.iterdir():
        if path.is_dir() and path.name.startswith("adaptkit_") and not path.name.endswith(".egg-info"):
            shutil.copytree(path, site / path.name, dirs_exist_ok=True)
        elif path.suffix == ".py":
            shutil.copy(path, site / path.name)
    for old in site.glob(f"{name.replace('-', '_')}-*.dist-info"):
        shutil.rmtree(old)
    information = site / f"{name.replace('-', '_')}-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    groups = described["entry-points"]
    lines = [
        line for group in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in groups[group].items()))
    ]
    (information / "entry_points.txt").write_text("\n".join(lines))
    return site
