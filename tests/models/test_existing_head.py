"""The head that a model brings along is matched to the task's labels by name, or replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from adaptkit.models.existing_head import matched_rows
from adaptkit.models.loading import load_model
from adaptkit.models.pooling import with_pooling
from adaptkit.system.quiet import quiet
from tests.helpers import model_folders as folders
from tests.helpers.models import pooling_head
from tests.helpers.number_task import number_task

OLD = ("calm", "glad", "sad")
SEQUENCE, TOKENS = "sequence-classification", "token-classification"
CLASSES = {SEQUENCE: "AutoModelForSequenceClassification", TOKENS: "AutoModelForTokenClassification"}


@pytest.fixture
def save(tiny_folder: Path, tmp_path: Path) -> Callable[..., Path]:
    """``(kind, labels) -> folder`` of a model with a head for the labels, in this order."""

    def make(kind: str = SEQUENCE, labels: Sequence[str] = OLD) -> Path:
        folder = folders.copied(tiny_folder, tmp_path / "with-head")
        torch.manual_seed(1)
        with quiet():
            model = getattr(transformers, CLASSES[kind]).from_pretrained(
                folder,
                id2label=dict(enumerate(labels)),
                label2id={label: number for number, label in enumerate(labels)},
            )
            torch.nn.init.normal_(model.classifier.bias)
            model.save_pretrained(folder)
        return folder

    return make


def load(folder: Path, labels: Sequence[str], kind: Any = SEQUENCE, pooling: str = "", **changes: Any) -> Any:
    task = with_pooling(number_task(kind, **changes), pooling)
    return load_model(task, str(folder), labels, seed=0, max_length=None)


def head_of(folder: Path, name: str = "classifier") -> tuple[torch.Tensor, torch.Tensor]:
    from safetensors.torch import load_file

    weights = load_file(folder / "model.safetensors")
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def assert_rows(layer: Any, folder: Path, rows: Sequence[int], name: str = "classifier") -> None:
    weight, bias = head_of(folder, name)
    assert torch.equal(layer.weight, weight[list(rows)])
    assert torch.equal(layer.bias, bias[list(rows)])


@pytest.mark.parametrize(
    ("old", "new", "rows"),
    [
        (OLD, OLD, [0, 1, 2]),
        (OLD, ("sad", "calm", "glad"), [2, 0, 1]),
        (OLD, ("sad", "glad"), [2, 1]),
        (("Sad", "GLAD "), ("glad", "sad"), [1, 0]),
        (("sad", "Sad"), ("Sad", "sad"), [1, 0]),
        (("LABEL_0", "LABEL_1"), ("1", "0"), [1, 0]),
        (("LABEL_0", "LABEL_1"), ("glad", "sad"), None),
        (("sad", "Sad"), ("sad", "glad"), None),
        (("sad", "sad"), ("sad", "glad"), None),
        (OLD, ("calm", "glad", "angry"), None),
        (OLD, (*OLD, "angry"), None),
        ((), ("glad", "sad"), None),
    ],
)
def test_rows_are_matched_by_name(old: Sequence[str], new: Sequence[str], rows: Sequence[int] | None) -> None:
    assert matched_rows(old, new) == rows


@pytest.mark.parametrize("kind", [SEQUENCE, TOKENS])
@pytest.mark.parametrize(
    ("new", "rows", "words"),
    [
        (OLD, [0, 1, 2], "in the same order"),
        (("sad", "glad", "calm"), [2, 1, 0], "in another order ('calm', 'glad', 'sad')"),
        (("glad", "calm"), [1, 0], "and 1 more"),
        (("SAD", "calm"), [2, 0], "and 1 more"),
    ],
)
def test_the_rows_of_a_head(
    kind: str, new: Sequence[str], rows: Sequence[int], words: str, save: Callable[..., Path]
) -> None:
    folder = save(kind)
    loaded = load(folder, new, kind)
    assert_rows(loaded.module.classifier, folder, rows)
    assert loaded.module.config.id2label == dict(enumerate(new))
    assert "classifier.weight" not in loaded.newly_initialized
    assert loaded.head_kept
    assert words in loaded.head_note


@pytest.mark.parametrize("kind", [SEQUENCE, TOKENS])
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (OLD, ("happy", "angry", "still"), "for other labels: 'calm', 'glad', 'sad'"),
        (OLD, ("calm", "glad", "angry"), "for other labels"),
        (OLD, (*OLD, "angry"), "for other labels"),
        (("LABEL_0", "LABEL_1", "LABEL_2"), OLD, "have no names ('LABEL_0'"),
        (("LABEL_0", "LABEL_1"), ("glad", "sad"), "have no names"),  # which config.json leaves out
    ],
)
def test_a_head_for_other_labels_is_replaced(
    kind: str, old: Sequence[str], new: Sequence[str], words: str, save: Callable[..., Path]
) -> None:
    folder = save(kind, old)
    loaded = load(folder, new, kind)
    assert {"classifier.weight", "classifier.bias"} <= loaded.newly_initialized
    weight, _ = head_of(folder)
    assert not any(torch.equal(row, other) for row in loaded.module.classifier.weight for other in weight)
    assert loaded.module.classifier.weight.abs().max() < 2, "initialised, not whatever was in memory"
    assert not loaded.head_kept
    assert words in loaded.head_note


def test_a_head_without_its_bias_is_replaced(save: Callable[..., Path]) -> None:
    folder = save()
    folders.change_weights(folder, folders.without("classifier.bias"))
    loaded = load(folder, OLD)
    assert {"classifier.weight", "classifier.bias"} <= loaded.newly_initialized


def test_more_names_than_rows_are_not_trusted(save: Callable[..., Path]) -> None:
    folder = save()
    folders.set_config(folder, id2label={"0": "sad", "1": "glad", "2": "calm", "3": "angry"})
    assert not load(folder, ("glad", "sad", "calm")).head_kept


def test_a_model_without_a_head_has_no_note(tiny_folder: Path) -> None:
    loaded = load(tiny_folder, OLD)
    assert loaded.head_note == ""
    assert not loaded.head_kept


def test_a_score_is_taken_over(save: Callable[..., Path]) -> None:
    folder = save(labels=("LABEL_0",))
    loaded = load(folder, (), config_overrides={"num_labels": 1})
    assert_rows(loaded.module.classifier, folder, [0])
    assert loaded.head_kept
    other = load(folder, (), config_overrides={"num_labels": 2})
    assert "classifier.weight" in other.newly_initialized
    assert not other.head_kept


def test_a_new_head_depends_only_on_the_seed(save: Callable[..., Path]) -> None:
    folder = save()
    one, other = (load(folder, ("a", "b", "c")).module.classifier.weight for _ in range(2))
    assert torch.equal(one, other)


# The heads that adaptkit itself puts on.


@pytest.fixture
def pooled(tiny_folder: Path, tmp_path: Path) -> Callable[..., Path]:
    """``(pooling, head) -> folder`` as adaptkit exports it."""

    def make(pooling: str = "mean", head: Any = SEQUENCE) -> Path:
        folder = folders.copied(tiny_folder, tmp_path / "pooled")
        loaded = load(folder, OLD, head, pooling)
        with quiet():
            loaded.module.save_pretrained(folder)
        (folder / "adaptkit.json").write_text(f'{{"pooling": "{pooling or "checkpoint"}"}}')
        return folder

    return make


@pytest.mark.parametrize("pooling", ["mean", "first"])
@pytest.mark.parametrize(("new", "rows"), [(OLD, [0, 1, 2]), (("sad", "calm", "glad"), [2, 0, 1])])
def test_the_rows_of_a_pooled_head(
    pooling: str, new: Sequence[str], rows: Sequence[int], pooled: Callable[..., Path]
) -> None:
    folder = pooled(pooling)
    loaded = load(folder, new, pooling=pooling)
    assert_rows(loaded.module.task_head.out, folder, rows, "task_head.out")
    assert loaded.newly_initialized == frozenset()
    assert loaded.head_kept


def test_a_pooled_head_for_other_labels_is_replaced(pooled: Callable[..., Path]) -> None:
    loaded = load(pooled(), ("a", "b", "c"), pooling="mean")
    assert loaded.newly_initialized == {"task_head.out.weight", "task_head.out.bias"}
    assert "for other labels" in loaded.head_note


def test_a_head_that_pools_otherwise_is_replaced(pooled: Callable[..., Path]) -> None:
    loaded = load(pooled("mean"), OLD, pooling="first")
    assert loaded.newly_initialized == {"task_head.out.weight", "task_head.out.bias"}
    assert "pools in another way (mean)" in loaded.head_note


def test_a_head_of_another_kind_is_not_used(save: Callable[..., Path], pooled: Callable[..., Path]) -> None:
    assert "not used" in load(save(), OLD, pooling="mean").head_note
    assert "not used" in load(pooled(), OLD).head_note


def test_a_plugins_own_head_fits_completely_or_not(pooled: Callable[..., Path]) -> None:
    folder = pooled("", pooling_head)
    same = load(folder, OLD, pooling_head)
    assert same.newly_initialized == frozenset()
    assert same.head_kept
    other = load(folder, ("sad", "glad", "calm"), pooling_head)
    assert other.newly_initialized == {f"task_head.{name}" for name in ("out.weight", "out.bias", "scale")}
    assert torch.equal(other.module.task_head.dense.weight, head_of(folder, "task_head.dense")[0])
    assert not torch.equal(other.module.task_head.out.weight, head_of(folder, "task_head.out")[0])
