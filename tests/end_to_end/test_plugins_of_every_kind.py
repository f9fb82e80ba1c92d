"""Strategies, metrics and readers of plugins: from the command line, and beside broken ones."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from tests.helpers.data import moods
from tests.helpers.installed import EXAMPLES, install
from tests.helpers.program import called

PLUGINS = EXAMPLES.parent / "plugins"
BROKEN = """
def missing_library():
    import a_library_that_is_not_there

def leaves():
    raise SystemExit(4)

def nothing():
    return None
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path of this process and of those that it starts: the examples, and broken plugins."""
    site = tmp_path / "site"
    for project in ("adaptkit-weighted-accuracy", "adaptkit-vertical"):
        install(site, EXAMPLES / project)
    install(site, PLUGINS / "adaptkit-bitfit")
    (site / "shop_broken.py").write_text(BROKEN)
    information = site / "shop_broken-2.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-broken\nVersion: 2.0\n")
    groups = [
        f"[adaptkit.{group}]\nbroken-{one} = shop_broken:{one}"
        for group, one in (("strategies", "missing_library"), ("metrics", "leaves"), ("readers", "nothing"))
    ]
    (information / "entry_points.txt").write_text("\n".join(groups))
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
    return site


def tuned(model: Path, *options: object) -> Any:
    return called(
        "tune", "--task", "text-classification", "--model", model, "--trials", 1, "--epochs", 2,
        "--confirm", 0, "--device", "cpu", *options,
    )  # fmt: skip


def rec_file(path: Path, count: int) -> Path:
    rows = [f"text: {text}\nlabel: {label}\n" for text, label in moods(count, seed=1)]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_all_kinds_are_listed_and_broken_ones_are_named(site: Path) -> None:
    rows = json.loads(called("plugins", "--json").out)["plugins"]
    found = {(row["kind"], row["name"]) for row in rows}
    assert {
        ("strategy", "full"), ("strategy", "bitfit"), ("metric", "weighted_accuracy"), ("reader", "vertical"),
        ("task", "ner"), ("strategy", "broken-missing_library"),
    } <= found  # fmt: skip
    only = json.loads(called("plugins", "--kind", "readers", "--json").out)["plugins"]
    assert {row["kind"] for row in only} == {"reader"}


def test_a_study_with_all_three(site: Path, tiny_folder: Path, tmp_path: Path) -> None:
    data = rec_file(tmp_path / "train.rec", 60)
    answer = tuned(
        tiny_folder, "--data", data, "--strategy", "last-layers", "--strategy-option", "layers=1",
        "--metric", "weighted_accuracy", "--metric-option", "costs=glad=10",
        "--studies", tmp_path / "studies", "--study", "s", "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert found["study"]["metric"] == "weighted_accuracy"
    assert {"weighted_accuracy", "accuracy", "macro_f1"} <= set(found["best"]["values"])
    best = tmp_path / "studies" / "s" / "best"
    described = json.loads((best / "adaptkit.json").read_text())
    assert (described["strategy"], described["strategy_options"]) == ("last-layers", {"layers": 1})
    assert described["metric_options"] == {"costs": "glad=10"}
    assert "the last 1 and the head were trained" in (best / "README.md").read_text()
    scored = called("evaluate", best, "--data", data, "--json")
    assert "weighted_accuracy" in json.loads(scored.out)["values"], scored.err
    renamed = data.rename(tmp_path / "rows.csv")
    assert called("evaluate", best, "--data", renamed, "--json").code == 2
    again = called("evaluate", best, "--data", renamed, "--reader", "vertical", "--json")
    assert again.code == 0, again.err
    found = adaptkit.evaluate(best, renamed, reader="vertical", device="cpu")
    assert found.values == pytest.approx(json.loads(again.out)["values"])
    assert len(adaptkit.load(best, device="cpu").predict(renamed, reader="vertical")) == found.rows
    shutil.rmtree(next(site.glob("adaptkit_weighted_accuracy-*.dist-info")))
    without = called("evaluate", best, "--data", renamed, "--reader", "vertical", "--json")
    assert without.code == 0, without.err
    assert "weighted_accuracy" in without.err
    assert "weighted_accuracy" not in json.loads(without.out)["values"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--strategy", "bitfits"), "no strategy 'bitfits' is installed. Expected 'bitfit'"),
        (
            ("--strategy", "broken-missing_library"),
            "the strategy 'broken-missing_library' of shop-broken 2.0",
        ),
        (("--strategy", "last-layers", "--strategy-option", "layers=0"), "expected at least 1"),
        (("--strategy", "bitfit", "--strategy-option", "x=1"), "unknown option 'x'"),
        (("--metric", "nothing"), "metric 'nothing'. Expected one of accuracy, macro_f1, "),
        (("--metric", "broken-leaves"), "it called sys.exit(4)"),
        (
            ("--metric", "accuracy", "--metric-option", "x=1"),
            "--metric-option x, without a metric of a plugin",
        ),
        (("--reader", "verticall"), "no reader 'verticall' is installed. Expected 'vertical'"),
        (("--reader", "broken-nothing"), "returned None, not a FileReader"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_named(
    options: tuple[str, ...], message: str, site: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    answer = tuned(
        tiny_folder,
        "--data",
        rec_file(tmp_path / "train.rec", 12),
        *options,
        "--studies",
        tmp_path / "studies",
    )
    assert answer.code == 2, answer.out
    assert message in answer.err
    assert "Traceback" not in answer.err
    assert not (tmp_path / "studies").exists() or not list((tmp_path / "studies").iterdir())


def test_a_bad_line_of_a_plugins_format_is_named(site: Path, tiny_folder: Path, tmp_path: Path) -> None:
    data = rec_file(tmp_path / "train.rec", 12)
    data.write_text(data.read_text() + "\nno colon here\n")
    answer = tuned(tiny_folder, "--data", data, "--studies", tmp_path / "studies")
    assert answer.code == 2
    assert "train.rec:37: 'no colon here' has no colon" in answer.err


def test_the_kits_check_examples_and_name_what_is_broken(site: Path, tmp_path: Path) -> None:
    data = rec_file(tmp_path / "train.rec", 12)
    answer = called("plugins", "--check", "vertical", "--data", data)
    assert answer.code == 0, answer.out + answer.err
    assert called("plugins", "--check", "vertical", "--data", tmp_path / "none.rec").code == 2
    answer = called("plugins", "--check", "weighted_accuracy", "--task", "text-classification")
    assert answer.code == 0, answer.out + answer.err
    assert "0 failed" in answer.out
    assert "Give the file" in called("plugins", "--check", "vertical").err
    assert "shop-broken 2.0" in called("plugins", "--check", "broken-leaves", "--task", "ner").err
    assert "no plugin 'nobody' is installed" in called("plugins", "--check", "nobody").err


def test_examples_fit_on_a_page() -> None:
    for project in ("adaptkit-weighted-accuracy", "adaptkit-vertical"):
        files = [path for path in (EXAMPLES / project).iterdir() if path.suffix in (".py", ".toml")]
        assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 40
