"""A plugin whose parts exit, raise, or return something else: named, and never the end of the program."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adaptkit.errors import TaskError
from tests.helpers.faulty_plugin import write_plugin
from tests.helpers.program import Answer, adaptkit, called

NAMED = "task 'faulty' of shop-faulty 1.0"


@pytest.fixture(scope="module", autouse=True)
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the plugin, on the path during the tests of this module."""
    folder = write_plugin(tmp_path_factory.mktemp("site"))
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    sys.modules.pop("shop_faulty", None)


@pytest.fixture
def tune(tiny_folder: Path, data_folder: Path, tmp_path: Path) -> Callable[..., Answer]:
    """Tunes with a faulty part: ``(part, kind, *more arguments)``."""

    def run(part: str, kind: str, *more: object, after: int = 0) -> Answer:
        return called(
            "tune", "--task", "faulty", "--data", data_folder / "text-classification", "--model", tiny_folder,
            "--device", "cpu", "--trials", 2, "--epochs", 1, "--batch-size", 8, "--study", "mine",
            "--studies", tmp_path / "studies", "--option", f"part={part}", "--option", f"kind={kind}",
            "--option", f"after={after}", *more,
        )  # fmt: skip

    return run


BEFORE_TRAINING = [
    ("prepare", "exit0"), ("labels_of", "exit0"), ("label_names", "exit3"), ("readers", "exit0"),
    ("group_by", "exit0"), ("encode", "exit0"), ("encode", "key"), ("encode", "none"), ("encode", "base"),
    ("lazy encode", "exit0"), ("collator", "exit1"), ("collator", "none"), ("collating", "value"),
    ("collating", "none"), ("loss", "exit0"), ("loss", "key"), ("loss", "none"), ("head", "value"),
    ("head", "none"), ("head", "exit0"), ("forward", "key"), ("forward", "none"), ("forward", "exit0"),
    ("decode", "key"), ("decode", "none"), ("decode", "exit0"), ("lazy decode", "exit0"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "kind"), BEFORE_TRAINING)
def test_refused_before_the_first_trial(
    part: str, kind: str, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    answer = tune(part, kind)
    assert answer.code == 2, answer
    assert "unexpected" not in answer.err
    assert "faulty" in answer.err
    if part not in ("prepare", "readers"):
        assert NAMED in answer.err
    if kind.startswith("exit"):
        assert f"it called sys.exit({kind[4:]})" in answer.err
    assert not (tmp_path / "studies").exists(), "nothing is left of the study"


def test_a_later_row_leaves_nothing_either(tune: Callable[..., Answer], tmp_path: Path) -> None:
    """The collator fails on the third bucket, when the study is on disk already; the user's files stay."""
    notes = tmp_path / "studies" / "mine" / "notes.txt"
    notes.parent.mkdir(parents=True)
    notes.write_text("my own")
    answer = tune("collator", "key", after=2)
    assert (answer.code, NAMED in answer.err) == (2, True), answer
    assert [path.name for path in notes.parent.iterdir()] == ["notes.txt"]


IN_TRIALS = [
    ("metric", "exit0"), ("metric", "exit1"), ("merge_windows", "exit0"), ("calibrate", "exit0"),
    ("apply_calibration", "exit7"), ("metric", "key"), ("merge_windows", "base"), ("calibrate", "huge"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "kind"), IN_TRIALS)
def test_a_trial_fails_and_says_why(
    part: str, kind: str, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    answer = tune(part, kind)
    assert answer.code == 1, answer
    assert "unexpected" not in answer.err
    records = [json.loads(path.read_text()) for path in (tmp_path / "studies").glob("mine/trials/0*.json")]
    assert [record["state"] for record in records] == ["fail", "fail"]
    for record in records:
        assert NAMED in record["reason"]
        assert not kind.startswith("exit") or f"it called sys.exit({kind[4:]})" in record["reason"]


@pytest.mark.parametrize("part", ["loss", "decode"])
def test_a_failure_during_training_is_named(part: str, tune: Callable[..., Answer], tmp_path: Path) -> None:
    """The part works at first. A loss that fails ends the run, and its trials are trained later."""
    after = {"loss": 12, "decode": 1}[part]
    answer = tune(part, "exit0", "--parallel-trials", 1, after=after)
    records = [json.loads(path.read_text()) for path in (tmp_path / "studies").glob("mine/trials/0*.json")]
    assert answer.code in (1, 2), answer
    assert NAMED in answer.err
    assert "unexpected" not in answer.err
    assert all(NAMED in record["reason"] for record in records if record["state"] == "fail")


VALUES = [
    ("huge", "1000000"), ("endless", "of type int that cannot be shown"), ("bool", "True"), ("text", "'0.5'"),
    ("tensor", "tensor(0.5000)"), ("none", "None"), ("list", "[0.5]"), ("complex", "1j"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "shown"), VALUES)
def test_a_score_that_is_no_number(
    kind: str, shown: str, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    answer = tune("score", kind, "--metric", "macro_f1")
    assert answer.code == 1, answer
    assert "unexpected" not in answer.err
    records = [json.loads(path.read_text()) for path in (tmp_path / "studies").glob("mine/trials/0*.json")]
    assert len(records) == 2, "the study goes on"
    for record in records:
        assert record["state"] == "fail"
        assert f"the metric of {NAMED} gave macro_f1 = " in record["reason"]
        assert shown in record["reason"]


@pytest.fixture(scope="module")
def folder(
    tiny_folder: Path, data_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Path]:
    """An exported model of the plugin, whose part works while it is trained: ``(part, kind)``."""
    import adaptkit as package

    model = tmp_path_factory.mktemp("studies")
    study: Any = package.tune(
        "faulty", data=str(data_folder / "text-classification"), model=str(tiny_folder), trials=1, epochs=1,
        batch_sizes=(8,), device="cpu", study="mine", studies=model,
    )  # fmt: skip

    def of(part: str, kind: str) -> Path:
        path = study.folder.best / "adaptkit.json"
        described = json.loads(path.read_text())
        path.write_text(json.dumps({**described, "options": {"part": part, "kind": kind}}))
        (study.folder.best / "manifest.json").unlink(missing_ok=True)
        return Path(study.folder.best)

    return of


@pytest.mark.parametrize(
    "part", ["prepare", "parse_text", "encode", "decode", "merge_windows", "apply_calibration", "to_json"]
)
@pytest.mark.parametrize("kind", ["exit0", "key"])
def test_a_prediction_that_fails(part: str, kind: str, folder: Callable[[str, str], Path]) -> None:
    answer = called("predict", folder(part, kind), "the bright boats", "--json")
    assert answer.code in (1, 2), answer
    assert answer.out == ""
    assert NAMED in answer.err
    assert "unexpected" not in answer.err


@pytest.mark.parametrize("kind", ["exit0", "none", "huge"])
def test_an_evaluation_that_fails(kind: str, folder: Callable[[str, str], Path], data_folder: Path) -> None:
    data = data_folder / "text-classification" / "dev.csv"
    answer = called("evaluate", folder("metric", kind), "--data", data)
    assert answer.code == 1, answer
    assert (answer.out, NAMED in answer.err) == ("", True)


def test_python_gets_an_error_and_lives(folder: Callable[[str, str], Path]) -> None:
    import adaptkit as package

    model = package.load(folder("to_json", "exit0"), device="cpu")
    with pytest.raises(TaskError, match=r"to_json failed: it called sys.exit\(0\)") as error:
        model.predict(["the bright boats"])
    assert error.value.code == "part-failed"


def test_in_a_process_of_its_own(
    site: Path, tiny_folder: Path, data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is the program's own, not the plugin's 0."""
    monkeypatch.setenv("PYTHONPATH", str(site))
    answer = adaptkit(
        "tune", "--task", "faulty", "--option", "part=metric", "--option", "kind=exit0", "--device", "cpu",
        "--data", data_folder / "text-classification", "--model", tiny_folder, "--trials", 1, "--epochs", 1,
        "--batch-size", 8, cwd=tmp_path,
    )  # fmt: skip
    assert answer.code == 1, answer
    assert f"the metric of {NAMED} failed: it called sys.exit(0)" in answer.err
