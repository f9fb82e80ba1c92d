"""A model and a study whose plugin has changed since: another version, another head, another distribution."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import adaptkit
from adaptkit.errors import TaskError
from tests.helpers.data import moods, write_csv
from tests.helpers.program import Answer, called

PLUGIN = """
from dataclasses import replace

from adaptkit import most_probable_class
from adaptkit_text_classification import text_classification


def decode(outputs, examples, labels):
    return most_probable_class(outputs, examples, labels)


def head(config, labels):
    import torch

    class Mean(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.out = torch.nn.Linear(config.hidden_size, len(labels))

        def forward(self, hidden, mask):
            return self.out(hidden[:, 0])

    return Mean()


def moods(*, scale: float = 1.5):
    return replace(text_classification(), name="moods", decode=decode, head=head)
"""
REVERSED = PLUGIN.replace(
    "return most_probable_class(outputs, examples, labels)",
    "return most_probable_class({'logits': -outputs['logits']}, examples, labels)",
)
WIDER = PLUGIN.replace("self.out(hidden[:, 0])", "self.out(hidden[:, 0])[:, : len(labels)]").replace(
    "len(labels))", "len(labels) + 2)"
)


def install(site: Path, distribution: str, version: str, code: str) -> None:
    """Install this version of a plugin in the place of others."""
    module = distribution.replace("-", "_")
    (site / f"{module}.py").write_text(code)
    shutil.rmtree(site / "__pycache__", ignore_errors=True)
    sys.modules.pop(module, None)
    importlib.invalidate_caches()
    remove(site, distribution)
    information = site / f"{module}-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
    )
    (information / "entry_points.txt").write_text(f"[adaptkit.tasks]\nmoods = {module}:moods\n")


def remove(site: Path, distribution: str) -> None:
    for old in site.glob(f"{distribution.replace('-', '_')}-*.dist-info"):
        shutil.rmtree(old)


def command(root: Path, model: Path, trials: int = 1) -> list[object]:
    return [
        "tune", "--task", "moods", "--data", root / "rows.csv", "--model", model, "--strategy", "frozen",
        "--trials", trials, "--epochs", 1, "--confirm", 0, "--device", "cpu", "--study", "s",
        "--studies", root / "studies",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Path]:
    """A folder with a site on the path, a finished study of shop-moods 1.0, and its data."""
    root = tmp_path_factory.mktemp("versions")
    (root / "site").mkdir()
    write_csv(root / "rows.csv", moods(36, seed=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root / "site")
        install(root / "site", "shop-moods", "1.0", PLUGIN)
        answer = called(*command(root, tiny_folder))
        assert answer.code == 0, answer.err
        yield root
    sys.modules.pop("shop_moods", None)


@pytest.fixture
def made(study: Path) -> Iterator[Path]:
    """The same, with shop-moods 1.0 installed before and after the test."""
    install(study / "site", "shop-moods", "1.0", PLUGIN)
    yield study
    remove(study / "site", "other-moods")


def predicted(root: Path, *options: object) -> Answer:
    return called("predict", root / "studies" / "s", "the old boats bleak today", "--json", *options)


def test_plugin_version_and_options_are_recorded(made: Path) -> None:
    described = json.loads((made / "studies" / "s" / "best" / "adaptkit.json").read_text())
    provenance = tomllib.loads((made / "studies" / "s" / "study.toml").read_text())["provenance"]
    assert (described["plugin"], provenance["plugin"]) == ("shop-moods", "shop-moods")
    assert described["versions"]["shop-moods"] == provenance["versions"]["shop-moods"] == "1.0"
    assert described["options"] == provenance["task_options"] == {"scale": 1.5}


def test_a_decode_changed_under_a_new_version_warns(made: Path) -> None:
    before = predicted(made)
    assert "warning" not in before.err
    install(made / "site", "shop-moods", "2.0", REVERSED)
    after = predicted(made)
    assert after.code == 0
    assert "the model was made with shop-moods 1.0, and shop-moods 2.0 is installed" in after.err
    assert json.loads(after.out)["label"] != json.loads(before.out)["label"]
    scored = called("evaluate", made / "studies" / "s", "--data", made / "rows.csv")
    assert "shop-moods 1.0, and shop-moods 2.0" in scored.err
    with pytest.warns(UserWarning, match=r"shop-moods 1.0, and shop-moods 2.0 is installed") as warned:
        adaptkit.load(made / "studies" / "s" / "best", device="cpu")
    assert warned[0].filename == __file__
    with pytest.warns(UserWarning, match=r"shop-moods 1.0, and shop-moods 2.0 is installed") as warned:
        adaptkit.evaluate(made / "studies" / "s", made / "rows.csv", device="cpu")
    assert warned[0].filename == __file__


def test_a_head_of_another_shape_names_both_versions(made: Path) -> None:
    install(made / "site", "shop-moods", "2.0", WIDER)
    answer = predicted(made)
    assert answer.code == 2
    assert "made with shop-moods 1.0, and shop-moods 2.0 is installed" in answer.err
    assert "pip install shop-moods==1.0" in answer.err


def test_an_option_that_is_gone_names_both_versions(made: Path) -> None:
    install(made / "site", "shop-moods", "2.0", PLUGIN.replace("*, scale: float = 1.5", ""))
    answer = predicted(made)
    assert answer.code == 2
    assert "unknown option 'scale'" in answer.err
    assert "made with shop-moods 1.0, and shop-moods 2.0 is installed" in answer.err


def test_another_distributions_task_must_be_named(made: Path) -> None:
    remove(made / "site", "shop-moods")
    install(made / "site", "other-moods", "3.0", PLUGIN)
    answer = predicted(made)
    assert answer.code == 2
    assert "'moods' of shop-moods 1.0, which is not installed; other-moods 3.0 has a task of" in answer.err
    assert "--task other-moods:moods" in answer.err
    with pytest.raises(TaskError, match="other-moods"):
        adaptkit.load(made / "studies" / "s" / "best", device="cpu")
    answer = predicted(made, "--task", "other-moods:moods")
    assert answer.code == 0, answer.err
    assert "made with shop-moods 1.0, and other-moods 3.0 is installed" in answer.err


def test_resuming_warns_and_keeps_the_distribution(made: Path, tiny_folder: Path) -> None:
    install(made / "site", "shop-moods", "2.0", PLUGIN)
    done = called(*command(made, tiny_folder))
    assert done.code == 0, done.err
    assert "made with other versions of its plugins: shop-moods 1.0 → 2.0" in " ".join(done.err.split())
    remove(made / "site", "shop-moods")
    install(made / "site", "other-moods", "3.0", PLUGIN)
    other = called(*command(made, tiny_folder))
    assert other.code == 2
    assert "was made with the task of shop-moods, and the task of this name is now that of" in other.err
    remove(made / "site", "other-moods")
    install(made / "site", "shop-moods", "2.0", PLUGIN)
    more = called(*command(made, tiny_folder, trials=2))
    assert more.code == 0, more.err
    warning = "continued with other versions: shop-moods 1.0 → 2.0"
    assert warning in " ".join(more.err.split())
    done = called(*command(made, tiny_folder, trials=2))
    assert warning not in " ".join(done.err.split()), "nothing has changed since"
    report = called("report", "s", "--studies", made / "studies")
    assert warning in " ".join(report.out.split())
