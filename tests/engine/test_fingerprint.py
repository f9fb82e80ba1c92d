from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

from adaptkit.engine import fingerprint

TENSORS = {"input_ids": torch.tensor([[1, 2], [3, 4]]), "attention_mask": torch.ones(2, 2)}


@pytest.mark.parametrize(
    "other",
    [
        {**TENSORS, "input_ids": torch.tensor([[1, 2], [3, 5]])},
        {**TENSORS, "input_ids": TENSORS["input_ids"].flip(0)},
        {**TENSORS, "input_ids": TENSORS["input_ids"].int()},
        {**TENSORS, "input_ids": TENSORS["input_ids"].view(1, 4)},
        {**TENSORS, "token_type_ids": torch.zeros(2, 2)},
        {"input_ids": TENSORS["attention_mask"], "attention_mask": TENSORS["input_ids"]},
        {"input_ids": TENSORS["input_ids"]},
    ],
    ids=["number", "order", "type", "shape", "more", "names", "fewer"],
)
def test_other_tensors_have_another_fingerprint(other: dict[str, torch.Tensor]) -> None:
    assert fingerprint.of_tensors(other) != fingerprint.of_tensors(TENSORS)


def test_facts_count_and_the_order_of_names_does_not() -> None:
    assert fingerprint.of_tensors(TENSORS) == fingerprint.of_tensors(dict(reversed(TENSORS.items())))
    assert fingerprint.of_tensors(TENSORS, "bf16") != fingerprint.of_tensors(TENSORS, "fp32")
    ids = TENSORS["input_ids"]
    laid_out_otherwise = ids.t().contiguous().t()
    assert fingerprint.of_tensors({"ids": laid_out_otherwise}) == fingerprint.of_tensors({"ids": ids})


def encoder_of(tiny_model: Any, family: str = "bert", **settings: Any) -> Any:
    return tiny_model(family, **settings).module.base_model


def test_equal_encoders_share_a_fingerprint_whatever_the_labels(tiny_model: Any) -> None:
    encoder = encoder_of(tiny_model)
    same = copy.deepcopy(encoder)
    same.config.id2label = {0: "yes", 1: "no"}
    same.config.name_or_path = "moved/elsewhere"
    assert fingerprint.of_encoder(same, ()) == fingerprint.of_encoder(encoder, ())


def change_a_weight(encoder: Any) -> None:
    with torch.no_grad():
        encoder.encoder.layer[1].output.dense.bias[3] += 1e-6


def change_a_setting(encoder: Any) -> None:
    encoder.config.layer_norm_eps = 1e-5


@pytest.mark.parametrize("change", [change_a_weight, change_a_setting])
def test_another_encoder_has_another_fingerprint(change: Callable[[Any], None], tiny_model: Any) -> None:
    encoder = encoder_of(tiny_model)
    before = fingerprint.of_encoder(encoder, ())
    change(encoder)
    assert fingerprint.of_encoder(encoder, ()) != before


def test_a_pooler_is_left_out(tiny_model: Any) -> None:
    encoder = tiny_model("bert", "AutoModelForSequenceClassification").module.base_model
    names = [name for name in encoder.state_dict() if name.startswith("pooler.")]
    assert names
    before, with_it = fingerprint.of_encoder(encoder, names), fingerprint.of_encoder(encoder, ())
    with torch.no_grad():
        encoder.pooler.dense.weight.zero_()
    assert fingerprint.of_encoder(encoder, names) == before
    assert fingerprint.of_encoder(encoder, ()) != with_it


def test_another_version_of_a_library_has_another_fingerprint(tiny_model: Any, monkeypatch: Any) -> None:
    encoder = encoder_of(tiny_model)
    before = fingerprint.of_encoder(encoder, ())
    monkeypatch.setattr(torch, "__version__", "99.0")
    assert fingerprint.of_encoder(encoder, ()) != before
