"""What a narrowed layer computes, compared with the complete one, by form, strategy, mask and precision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from adaptkit.data.encode import Bucket
from adaptkit.data.tensors import Tensors
from adaptkit.engine.patches.last_layer import narrow_for
from tests.helpers.encoders import bucket_of, model_of, prepared
from tests.helpers.number_task import number_rows
from tests.helpers.populations import HEADS, KNOWN_FORMS, filled_stack, make_training, micro_step

WHOLE_TEXT = HEADS["sequence-classification"]


@pytest.mark.parametrize("family", sorted(KNOWN_FORMS))
def test_gradients_are_those_of_the_complete_layer(family: str, tiny_model: Any) -> None:
    found = []
    for narrowed in (False, True):
        model = prepared(model_of(family, WHOLE_TEXT, tiny_model))
        bucket = bucket_of()
        if narrowed:
            assert narrow_for(model.forward, model.narrowable, [bucket])
        inputs = {name: bucket.tensors[name] for name in ("input_ids", "attention_mask")}
        loss = nn.functional.cross_entropy(model.module(**inputs).logits, bucket.tensors["labels"][:, 0] % 3)
        loss.backward()
        named = model.module.named_parameters()
        found.append({name: p.grad for name, p in named if p.grad is not None and p.grad.any()})
    complete, narrow_ones = found
    assert complete.keys() == narrow_ones.keys()
    for name, gradient in complete.items():
        torch.testing.assert_close(narrow_ones[name], gradient, atol=1e-6, rtol=1e-3, msg=name)


NARROWED = {"BertAttention", "TransformerBlock"}
"""The parts of the two forms."""


@pytest.mark.parametrize("strategy", ["full", "lora"])
@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_slots_together_are_slots_alone_with_a_narrowed_layer(
    family: str, strategy: str, tiny_model: Any
) -> None:
    rows_of_data = number_rows(24, "sequence-classification")
    training = make_training(
        tiny_model(family, WHOLE_TEXT), strategy, "sequence-classification", rows_of_data
    )
    parts = [one for one in training.forward.module.modules() if type(one).__name__ in NARROWED]
    assert any("forward" in vars(one) for one in parts)
    slots, step = filled_stack(training, 3), micro_step(training, [[0, 1, 2], [3, 4, 0], [2, 1, 5]])
    batch = {name: tensor[step.places] for name, tensor in step.bucket.tensors.items()}
    valid = torch.ones(3, 3, dtype=torch.bool)
    together, _ = training.forward.losses(slots.parameters(0, 3), batch, valid)
    alone = [
        training.forward.losses(
            slots.parameters(slot, slot + 1), {n: t[slot : slot + 1] for n, t in batch.items()}, valid[:1]
        )[0]
        for slot in range(3)
    ]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=1e-4)


def test_a_choice_among_several_reads_first_tokens(tiny_model: Any) -> None:
    loaded = tiny_model("bert", "AutoModelForMultipleChoice")
    tensors = {
        "input_ids": torch.randint(3, 40, (6, 3, 8), generator=torch.Generator().manual_seed(0)),
        "attention_mask": torch.ones(6, 3, 8, dtype=torch.long),
    }  # [examples, choices, tokens]
    tensors["attention_mask"][2, :, 5:] = 0
    bucket = Bucket(length=8, positions=list(range(6)), sizes=np.full(6, 24), tensors=Tensors(tensors))
    model = prepared(loaded)
    with torch.no_grad():
        before = model.module(**tensors).logits
        assert narrow_for(model.forward, model.narrowable, [bucket])
        torch.testing.assert_close(model.module(**tensors).logits, before, atol=1e-5, rtol=1e-4)
    assert before.shape == (6, 3)


def test_a_narrowed_layer_has_dropout_while_it_trains(tiny_model: Any) -> None:
    loaded = tiny_model("bert", WHOLE_TEXT)
    model, bucket = prepared(loaded), bucket_of()
    assert narrow_for(model.forward, model.narrowable, [bucket])
    model.narrowable.encoder.layer[-1].attention.self.dropout.p = 0.5
    inputs = {name: bucket.tensors[name] for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        scored = [model.module.eval()(**inputs).logits for _ in range(2)]
        trained = [model.module.train()(**inputs).logits for _ in range(2)]
    assert torch.equal(*scored)
    assert not torch.equal(*trained)


def test_under_bfloat16_it_differs_by_rounding(tiny_model: Any) -> None:
    model, bucket = prepared(tiny_model("bert", WHOLE_TEXT)), bucket_of()
    half = replace(model.forward, bfloat16=True)
    with torch.no_grad():
        exact, complete = (forward.outputs({}, bucket.tensors)["logits"] for forward in (model.forward, half))
        assert narrow_for(half, model.narrowable, [bucket])
        found = half.outputs({}, bucket.tensors)["logits"]
    rounding = (complete - exact).abs().max()
    assert 0 < (found - exact).abs().max() < 3 * rounding


def test_masks_of_numbers_and_of_one_line_serve_as_well(tiny_model: Any) -> None:
    model, tensors = prepared(tiny_model("bert", WHOLE_TEXT)), bucket_of().tensors
    assert narrow_for(model.forward, model.narrowable, [bucket_of()])
    attention = model.narrowable.encoder.layer[-1].attention
    states = torch.randn(12, 32, 16, generator=torch.Generator().manual_seed(0))
    seen = tensors["attention_mask"][:, None, None, :].bool()  # [12, 1, 1, 32]
    added = torch.zeros(12, 1, 32, 32).masked_fill(~seen, torch.finfo(torch.float32).min)
    with torch.no_grad():
        one_line, square, numbers = (
            attention(states, attention_mask=mask)[0] for mask in (seen, seen.expand(-1, 1, 32, -1), added)
        )
        unmasked = attention(states)[0]
    assert one_line.shape == (12, 1, 16)
    assert torch.equal(one_line, square)
    torch.testing.assert_close(one_line, numbers)
    assert not torch.allclose(one_line, unmasked)
