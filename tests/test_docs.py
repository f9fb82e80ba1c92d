"""The documentation is the program's own: generated pages are fresh, files are whole, commands run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from adaptkit.config import from_toml, problems_of

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "adaptkit-similarity"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
STUDIES = sorted((ROOT / "studies").glob("*.toml"))

NAMED_FILE = re.compile(
    r"^`adaptkit-similarity/([\w.]+)`[^\n]*\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


def blocks(page: Path, language: str) -> list[str]:
    """The page's code blocks in one language."""
    return re.findall(
        rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def run(command: list[str], folder: Path, **environment: str) -> str:
    """What a command says on standard output; an AssertionError with everything it said if it fails."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("generator", ["generate_cli.py", "generate_map.py"])
def test_generated_pages_are_fresh(generator: str) -> None:
    run([sys.executable, str(ROOT / "docs" / generator), "--check"], ROOT)


def test_the_plugin_page_shows_the_example_itself() -> None:
    shown = dict(NAMED_FILE.findall((ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")))
    assert shown.keys() == {"pyproject.toml", "adaptkit_similarity.py", "pairs.csv"}
    for name, text in shown.items():
        whole = (EXAMPLE / name).read_text(encoding="utf-8")
        assert whole.startswith(text) if name == "pairs.csv" else whole == text, name


def test_a_whole_plugin_is_sixty_lines_at_most() -> None:
    files = [EXAMPLE / "pyproject.toml", EXAMPLE / "adaptkit_similarity.py"]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 60


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [one for one in targets if "://" not in one and not (page.parent / one).exists()]
    assert not missing


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.name)
def test_studies_are_configurations(path: Path) -> None:
    assert problems_of(from_toml(path)) == []
    assert f"adaptkit tune --config studies/{path.name}" in path.read_text(encoding="utf-8")


def test_readme_has_the_two_commands() -> None:
    commands = "".join(blocks(ROOT / "README.md", "bash")).splitlines()
    whole = [line for line in commands if line.startswith("python3 -m venv")]
    assert len(whole) == 2
    assert re.search(r"pip install -r requirements\.txt && adaptkit tune [^&]*$", whole[0])
    assert whole[1].endswith("pip install -r requirements-dev.txt && pytest")


def test_every_plugin_is_installed_by_the_requirements() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for project in (ROOT / "plugins").glob("*/pyproject.toml"):
        assert f"-e ./plugins/{project.parent.name}" in lines


@pytest.mark.slow
def test_the_plugin_page_from_nothing_to_a_prediction(tmp_path: Path) -> None:
    page = ROOT / "docs" / "plugins.md"
    source, site = tmp_path / "adaptkit-similarity", tmp_path / "site"
    source.mkdir()
    for name, text in NAMED_FILE.findall(page.read_text(encoding="utf-8")):
        (source / name).write_text(text, encoding="utf-8")
    (source / "pairs.csv").write_bytes((EXAMPLE / "pairs.csv").read_bytes())  # the page shows its beginning
    pip = [sys.executable, "-m", "pip", "--quiet"]
    run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", "wheels", str(source)], tmp_path)
    wheel = str(next((tmp_path / "wheels").glob("adaptkit_similarity-*.whl")))
    run([*pip, "install", "--no-deps", "--no-index", "--target", str(site), wheel], tmp_path)

    said = []
    for line in "".join(blocks(page, "console")).splitlines():
        words = shlex.split(line.removeprefix("$ "))
        if words[0] == "adaptkit":
            said.append(run([sys.executable, "-m", *words], tmp_path, PYTHONPATH=str(site)))
    tasks, report, prediction = said
    assert "adaptkit_similarity:simi" in tasks
    assert "pearson" in report
    assert (tmp_path / "studies" / "pairs" / "best" / "model.safetensors").exists()
    assert re.search(r"prediction: -?\d", prediction)


@pytest.mark.slow
def test_the_readme_python_runs(tmp_path: Path) -> None:
    (program,) = blocks(ROOT / "README.md", "python")
    said = run([sys.executable, "-c", program], tmp_path)
    assert "entities" in said
