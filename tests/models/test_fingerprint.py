"""The fingerprints of a base model."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from adaptkit.errors import ModelError
from adaptkit.models import fingerprint
from adaptkit.models.fingerprint import fingerprints_of, refuse_changed
from tests.helpers import model_folders as folders


@pytest.fixture
def model(tiny_folder: Path, tmp_path: Path) -> Path:
    return folders.copied(tiny_folder, tmp_path / "model")


def test_that_of_one_file_is_the_files_own(model: Path) -> None:
    found = fingerprints_of(str(model))
    assert found["weights"] == hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()
    assert found["tokenizer"] == hashlib.sha256((model / "tokenizer.json").read_bytes()).hexdigest()


def test_a_changed_file_is_noticed_in_the_same_process(model: Path) -> None:
    before = fingerprints_of(str(model))
    folders.change_weights(model, lambda one: {name: tensor + 1 for name, tensor in one.items()})
    after = fingerprints_of(str(model))
    assert {part for part in before if before[part] != after[part]} == {"weights"}


def test_every_file_of_weights_counts(model: Path) -> None:
    weights = load_file(model / "model.safetensors")
    (model / "model.safetensors").unlink()
    names = sorted(weights)
    files = {"a.safetensors": names[:20], "b.safetensors": names[20:]}
    for file, held in files.items():
        save_file({name: weights[name] for name in held}, model / file, metadata={"format": "pt"})
    index = {"weight_map": {name: file for file, held in files.items() for name in held}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    before = fingerprints_of(str(model))
    folders.flip_bit(model / "b.safetensors")
    assert fingerprints_of(str(model))["weights"] != before["weights"]


def test_the_order_of_settings_makes_no_difference(model: Path) -> None:
    before = fingerprints_of(str(model))
    path = model / "config.json"
    path.write_text(json.dumps(dict(reversed(json.loads(path.read_text()).items()))))
    assert fingerprints_of(str(model)) == before
    folders.set_config(model, layer_norm_eps=1e-3)
    assert fingerprints_of(str(model))["configuration"] != before["configuration"]


def test_a_file_is_read_once(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fingerprints_of(str(model))
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert fingerprints_of(str(model)) == first


def test_both_fingerprints_are_named() -> None:
    recorded = {"weights": "aa", "tokenizer": "cc"}
    refuse_changed(recorded, {"weights": "aa", "tokenizer": "cc", "configuration": "dd"}, "m")
    refuse_changed({}, {"weights": "aa"}, "m")
    with pytest.raises(ModelError, match="weights aa → bb, tokenizer cc → dd") as caught:
        refuse_changed(recorded, {"weights": "bb", "tokenizer": "dd"}, "m")
    assert caught.value.code == "base-model-changed"


def test_the_files_of_a_tokenizer(tmp_path: Path) -> None:
    for name in ("spiece.model", "merges.txt", "README.md", "model.safetensors"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in fingerprint.tokenizer_files(tmp_path)] == ["merges.txt", "spiece.model"]
