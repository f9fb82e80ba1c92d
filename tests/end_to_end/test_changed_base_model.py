"""A base model that is replaced under the same path is refused wherever the study or its adapter needs it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli_w
import torch

from tests.helpers import model_folders as folders
from tests.helpers.program import Answer, called

TEXT = "the bright old boats"
STUDY = "moods"


@pytest.fixture
def tune(model: Path, data_folder: Path, tmp_path: Path) -> Callable[..., Answer]:
    """``(strategy, trials) -> Answer`` of the study, which is continued if it exists."""

    def run(strategy: str = "lora", trials: int = 1) -> Answer:
        return called(
            "tune", "--task", "text-classification", "--data", data_folder / "text-classification",
            "--model", model, "--strategy", strategy, "--device", "cpu", "--trials", trials, "--epochs", 1,
            "--study", STUDY, "--studies", tmp_path / "studies",
        )  # fmt: skip

    return run


def other_weights(model: Path) -> None:
    folders.change_weights(
        model, lambda one: {name: torch.randn_like(tensor) for name, tensor in one.items()}
    )


def one_weight(model: Path) -> None:
    name = "encoder.layer.0.output.dense.weight"
    folders.change_weights(model, lambda one: {**one, name: one[name] + 0.5 * (one[name] == one[name].max())})


def flipped_bit(model: Path) -> None:
    folders.flip_bit(model / "model.safetensors", at=-30)


def exchanged_words(model: Path) -> None:
    path = model / "tokenizer.json"
    content = json.loads(path.read_text())
    words = content["model"]["vocab"]
    words["bright"], words["grey"] = words["grey"], words["bright"]
    path.write_text(json.dumps(content))


def other_activation(model: Path) -> None:
    folders.set_config(model, hidden_act="relu")


CHANGES = {
    "weights": [other_weights, one_weight, flipped_bit],
    "tokenizer": [exchanged_words],
    "configuration": [other_activation],
}
ALL = [(part, change) for part, changes in CHANGES.items() for change in changes]


def refused(answer: Answer, part: str, was: str, now: str) -> None:
    assert answer.code == 2, answer
    assert answer.out == ""
    said = " ".join(answer.err.split())
    assert "has changed" in said
    assert f"{part} {was} → {now}" in said, said


@pytest.mark.parametrize(("part", "change"), ALL, ids=[change.__name__ for _, change in ALL])
def test_it_is_refused_on_each_command(
    part: str, change: Callable[[Path], None], model: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    from adaptkit.models.fingerprint import fingerprints_of

    assert tune().code == 0
    study = tmp_path / "studies" / STUDY
    was = fingerprints_of(str(model))
    assert tomllib.loads((study / "study.toml").read_text())["provenance"]["base_fingerprints"] == was
    assert json.loads((study / "best" / "adaptkit.json").read_text())["base_fingerprints"] == was
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    change(model)
    now = fingerprints_of(str(model))[part]
    rows = tmp_path / "rows.csv"
    rows.write_text(f"text,label\n{TEXT},glad\n")
    where = ("--studies", tmp_path / "studies")
    for answer in (
        tune(),
        tune(trials=2),
        called("export", STUDY, "--to", tmp_path / "exported", *where),
        called("export", STUDY, "--to", tmp_path / "exported", "--merge", *where),
        called("predict", STUDY, TEXT, *where),
        called("predict", study / "best", TEXT),
        called("evaluate", STUDY, "--data", rows, *where),
    ):
        refused(answer, part, was[part], now)
    assert not (tmp_path / "exported").exists()
    assert {path: path.read_bytes() for path in study.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("strategy", ["frozen", "full"])
def test_a_complete_model_does_not_need_it(
    strategy: str, model: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    assert tune(strategy).code == 0
    other_weights(model)
    where = ("--studies", tmp_path / "studies")
    assert called("predict", STUDY, TEXT, *where).code == 0
    for answer in (tune(strategy), called("export", STUDY, "--to", tmp_path / "exported", *where)):
        assert answer.code == 2
        assert "SHA-256 of its weights" in " ".join(answer.err.split())


def test_what_makes_no_difference_is_not_compared(model: Path, tune: Callable[..., Answer]) -> None:
    assert tune().code == 0
    folders.set_config(model, transformers_version="0.0.1", _name_or_path="elsewhere", dtype="float16")
    (model / "README.md").write_text("a new card")
    assert tune(trials=2).code == 0


def test_a_study_without_fingerprints_is_continued(
    model: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    """As earlier versions wrote it."""
    assert tune().code == 0
    path = tmp_path / "studies" / STUDY / "study.toml"
    content = tomllib.loads(path.read_text())
    del content["provenance"]["base_fingerprints"]
    path.write_text(tomli_w.dumps(content))
    other_activation(model)
    assert tune(trials=2).code == 0
