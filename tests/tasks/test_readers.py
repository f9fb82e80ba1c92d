from __future__ import annotations

import sys
from pathlib import Path

import pytest

from adaptkit.errors import ConfigError, TaskError
from adaptkit.tasks.readers import by_suffix, for_suffix, load
from tests.helpers.installed import EXAMPLES, install


def project(folder: Path, name: str, code: str) -> Path:
    module = name.replace("-", "_")
    folder.mkdir()
    (folder / f"{module}.py").write_text(f"from adaptkit import FileReader\n\ndef made():\n    {code}\n")
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "1"\n'
        f'[project.entry-points."adaptkit.readers"]\n{name} = "{module}:made"\n'
    )
    return folder


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site = install(tmp_path / "site", EXAMPLES / "adaptkit-vertical")
    monkeypatch.syspath_prepend(site)
    for module in ("shop_records", "adaptkit_vertical"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    return site


def test_a_reader_is_found_by_its_suffix(site: Path, tmp_path: Path) -> None:
    reader = for_suffix(".rec")
    assert reader is not None
    assert reader.distribution == "adaptkit-vertical 0.1.0"
    path = tmp_path / "a.rec"
    path.write_text("text: one\nlabel: x\n\n\ntext: two\n")
    assert list(reader.read(path)) == [(1, {"text": "one", "label": "x"}), (5, {"text": "two"})]
    assert for_suffix(".nothing") is None


def test_several_readers_for_a_suffix_must_be_named(site: Path, tmp_path: Path) -> None:
    code = "return FileReader(read=lambda path: iter(()), suffixes=('.rec',))"
    install(site, project(tmp_path / "other", "shop-records", code))
    with pytest.raises(
        ConfigError, match=r"'.rec' have 2 readers. .*adaptkit-vertical:vertical.*--reader shop-records"
    ):
        for_suffix(".rec")
    assert load("shop-records").suffixes == (".rec",)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("return FileReader(read=None, suffixes=('.rec',))", "invalid FileReader: read None"),
        ("return FileReader(read=print, suffixes='.rec')", "suffixes '.rec'"),
        ("return FileReader(read=print, suffixes=('.REC',))", "suffixes"),
        ("return FileReader(read=print, contract=2)", "written for contract 2"),
        ("raise RuntimeError('no')", "RuntimeError: no"),
    ],
)
def test_a_broken_reader_is_named_and_harms_no_other(
    code: str, problem: str, site: Path, tmp_path: Path
) -> None:
    install(site, project(tmp_path / "other", "shop-records", code))
    with pytest.raises(TaskError, match=problem):
        load("shop-records")
    assert [name for name, _ in by_suffix()[".rec"]] == ["adaptkit-vertical:vertical"]
