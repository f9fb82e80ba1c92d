"""A trained model given as --model: its head is used by the names of its labels, and a note says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.helpers import model_folders as folders
from tests.helpers.data import moods, write_csv
from tests.helpers.program import Answer, called


@pytest.fixture(scope="module")
def perfect(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model for moods that is nearly always right, as transformers would save it."""
    root = tmp_path_factory.mktemp("perfect")
    write_csv(root / "train.csv", moods(60, 1))
    answer = called(
        "tune", "--task", "text-classification", "--data", root / "train.csv", "--model", tiny_folder,
        "--strategy", "full", "--pooling", "checkpoint", "--device", "cpu", "--trials", 1, "--epochs", 20,
        "--lr", 1e-2, 1e-2, "--batch-size", 4, "--study", "first", "--studies", root, "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["best"]["score"] > 0.8
    folder = folders.copied(root / "first" / "best", root / "model")
    for name in ("adaptkit.json", "manifest.json"):
        (folder / name).unlink()
    return folder


def reordered(folder: Path, order: list[int], names: dict[str, str] | None = None) -> None:
    """The same model, with its outputs in another order or with other names."""
    config = json.loads((folder / "config.json").read_text())
    old = [config["id2label"][str(number)] for number in order]
    new = [(names or {}).get(name, name) for name in old]
    folders.set_config(
        folder,
        id2label={str(number): name for number, name in enumerate(new)},
        label2id={name: number for number, name in enumerate(new)},
    )
    rows = torch.tensor(order)
    folders.change_weights(
        folder,
        lambda all_: {key: one[rows] if key.startswith("classifier.") else one for key, one in all_.items()},
    )


@pytest.fixture
def tune(tmp_path: Path) -> Callable[..., Answer]:
    """A study that hardly changes the model."""
    write_csv(tmp_path / "train.csv", moods(120, 5))

    def run(model: Path, *options: object) -> Answer:
        return called(
            "tune", "--task", "text-classification", "--data", tmp_path / "train.csv", "--model", model,
            "--strategy", "full", "--device", "cpu", "--trials", 1, "--epochs", 1, "--lr", 1e-9, 1e-9,
            "--pooling", "checkpoint", "--studies", tmp_path / "studies", "--json", *options,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_the_order_of_the_labels_makes_no_difference(
    order: list[int], perfect: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    folder = folders.copied(perfect, tmp_path / "model")
    reordered(folder, order)
    answer = tune(folder)
    assert answer.code == 0, answer.err
    found, as_saved = json.loads(answer.out), json.loads(tune(perfect, "--study", "as-saved").out)
    assert found["best"]["score"] == as_saved["best"]["score"] > 0.7
    said = "in the same order" if order == [0, 1, 2] else "in another order"
    assert said in " ".join(answer.err.split())
    assert any(said in warning for warning in found["study"]["warnings"])


@pytest.mark.parametrize(
    "names", [{"glad": "happy"}, {"glad": "LABEL_0", "sad": "LABEL_1", "calm": "LABEL_2"}]
)
def test_other_names_give_a_new_head(
    names: dict[str, str], perfect: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    folder = folders.copied(perfect, tmp_path / "model")
    reordered(folder, [2, 0, 1], names)
    answer = tune(folder)
    assert answer.code == 0, answer.err
    assert "a new head is used" in " ".join(answer.err.split())


def test_a_solved_head_does_not_use_it(perfect: Path, tune: Callable[..., Answer], tmp_path: Path) -> None:
    answer = called(
        "tune", "--task", "text-classification", "--data", tmp_path / "train.csv", "--model", perfect,
        "--strategy", "frozen", "--device", "cpu", "--trials", 1, "--studies", tmp_path / "studies",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "the head of the model is not used" in " ".join(answer.err.split())
