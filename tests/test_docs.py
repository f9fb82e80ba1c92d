"""The documentation is the program's own: generated pages are fresh, files are whole, commands run."""

from __future__ import annotations

import csv
import importlib
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adaptkit.config import from_toml, problems_of

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "adaptkit-urgency"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
STUDIES = sorted((ROOT / "studies").glob("*.toml"))

NAMED_FILE = re.compile(r"^`adaptkit-urgency/([\w.]+)`[^\n]*\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


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
    assert shown.keys() == {"pyproject.toml", "adaptkit_urgency.py", "messages.csv"}
    for name, text in shown.items():
        whole = (EXAMPLE / name).read_text(encoding="utf-8")
        assert whole.startswith(text) if name == "messages.csv" else whole == text, name


def test_a_whole_plugin_is_sixty_lines_at_most() -> None:
    files = [EXAMPLE / "pyproject.toml", EXAMPLE / "adaptkit_urgency.py"]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 60


def head_on_the_page() -> Any:
    """The factory of the plugin page's own head."""
    (program,) = [one for one in blocks(ROOT / "docs" / "plugins.md", "python") if "thresholds" in one]
    found: dict[str, Any] = {}
    exec(program, found)  # the page is what is tested
    return found["thresholds"]


def test_the_head_on_the_plugin_page_keeps_its_word() -> None:
    """Its four probabilities never rise, whatever its parameters; and it counts no padding."""
    import torch
    import transformers

    torch.manual_seed(0)
    head = head_on_the_page()(transformers.BertConfig(hidden_size=8), ())
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.normal_(std=3)
        hidden, mask = torch.randn(5, 7, 8), torch.ones(5, 7, dtype=torch.long)
        logits = head(hidden, mask)  # [5, 4]
        assert logits.shape == (5, 4)
        assert (logits.diff(dim=-1) <= 0).all()
        mask[:, 4:] = 0
        torch.testing.assert_close(head(hidden, mask), head(hidden[:, :4], mask[:, :4]))


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
    source, site = tmp_path / "adaptkit-urgency", tmp_path / "site"
    source.mkdir()
    for name, text in NAMED_FILE.findall(page.read_text(encoding="utf-8")):
        (source / name).write_text(text, encoding="utf-8")
    whole = (EXAMPLE / "messages.csv").read_bytes()  # the page shows its beginning
    (source / "messages.csv").write_bytes(whole)
    pip = [sys.executable, "-m", "pip", "--quiet"]
    run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", "wheels", str(source)], tmp_path)
    wheel = str(next((tmp_path / "wheels").glob("adaptkit_urgency-*.whl")))
    run([*pip, "install", "--no-deps", "--no-index", "--target", str(site), wheel], tmp_path)

    said = []
    for line in "".join(blocks(page, "console")).splitlines():
        words = shlex.split(line.removeprefix("$ "))
        if words[0] == "adaptkit":
            said.append(run([sys.executable, "-m", *words], tmp_path, PYTHONPATH=str(site)))
    tasks, check, report, prediction = said
    assert "adaptkit-urgency" in tasks
    assert " 0 failed" in check
    assert "mean_error" in report
    assert re.search(r"prediction: [1-5]", prediction)
    for strategy in ("lora", "full"):
        options = ["--strategy", strategy, "--trials", "1", "--epochs", "1", "--study", strategy]
        tune = ["adaptkit", "tune", "--task", "urgency", "--data", "adaptkit-urgency/messages.csv", *options]
        run([sys.executable, "-m", *tune], tmp_path, PYTHONPATH=str(site))
    for study in ("urgency", "lora", "full"):
        model = f"adaptkit.load('studies/{study}/best', device='cpu')"
        program = f"import adaptkit; print({model}.predict(['The cellar is under water.']))"
        assert "prediction" in run([sys.executable, "-c", program], tmp_path, PYTHONPATH=str(site))


@pytest.mark.slow
def test_the_plugin_pages_own_head_stands_in_for_the_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    from adaptkit.testing import assert_conforms

    monkeypatch.syspath_prepend(EXAMPLE)
    task = importlib.import_module("adaptkit_urgency").urgency()
    with (EXAMPLE / "messages.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert_conforms(replace(task, head=head_on_the_page(), config_overrides={}), rows)


def write_messages(folder: Path) -> None:
    """The table that the README and the page on Python read."""
    sample = ROOT / "plugins/adaptkit-text-classification/src/adaptkit_text_classification/sample"
    (folder / "messages.csv").write_bytes((sample / "train.csv").read_bytes())


@pytest.mark.slow
def test_the_readme_python_runs(tmp_path: Path) -> None:
    write_messages(tmp_path)
    first, second = (
        run([sys.executable, "-c", program], tmp_path) for program in blocks(ROOT / "README.md", "python")
    )
    assert "entities" in first
    assert second.count("'label': ") == 2


def test_from_a_frame_to_predictions_takes_five_lines() -> None:
    program = blocks(ROOT / "README.md", "python")[1]
    assert len([line for line in program.splitlines() if line]) == 5


@pytest.mark.slow
def test_the_python_page_runs(tmp_path: Path) -> None:
    write_messages(tmp_path)
    program = "\n".join(blocks(ROOT / "docs" / "python.md", "python"))
    said = run([sys.executable, "-W", "error::RuntimeWarning", "-c", program], tmp_path)
    assert said.count("'label': ") == 2 + 3 * 2  # and three rows with what was expected and predicted
    assert "<Study 'text-classification-frozen-" in said
    assert "trial 5: " in said
    assert "invalid-argument timeout = 'soon'" in said
