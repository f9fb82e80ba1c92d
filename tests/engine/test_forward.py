from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from adaptkit.engine.forward import Forward, autocast_parameters
from tests.helpers.models import FAMILIES
from tests.helpers.number_task import number_rows
from tests.helpers.populations import HEADS, filled_stack, make_training


def batch_of(training: Any, places: list[list[int]]) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """``[slots, batch, ...]`` out of the longest bucket, and which places hold an example."""
    chosen = torch.tensor(places)
    tensors = {name: tensor[chosen.clamp_min(0)] for name, tensor in training.buckets[-1].tensors.items()}
    return tensors, chosen >= 0


PLACES = [[0, 1, 2], [3, 0, -1], [2, -1, -1]]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", ["bert", "modernbert", "deberta-v2"])
def test_slots_together_are_slots_alone(family: str, head: str, tiny_model: Any) -> None:
    training = make_training(tiny_model(family, HEADS[head]), "full", head, number_rows(30, head))
    slots = filled_stack(training, 3)
    batch, valid = batch_of(training, PLACES)
    losses, weights = training.forward.losses(slots.parameters(0, 3), batch, valid)
    for slot in range(3):
        one = {name: tensor[slot : slot + 1] for name, tensor in batch.items()}
        loss, weight = training.forward.losses(slots.parameters(slot, slot + 1), one, valid[slot : slot + 1])
        torch.testing.assert_close(losses[slot : slot + 1], loss, atol=1e-4, rtol=1e-4)
        assert weights[slot] == weight[0]
    assert len({round(float(loss), 3) for loss in losses}) == 3


def test_a_place_without_an_example_counts_nothing(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(30))
    parameters = filled_stack(training, 1).parameters(0, 1)
    padded, valid = batch_of(training, [[4, 2, -1, -1]])
    bare, all_valid = batch_of(training, [[4, 2]])
    for one, other in zip(
        training.forward.losses(parameters, padded, valid),
        training.forward.losses(parameters, bare, all_valid),
        strict=True,
    ):
        torch.testing.assert_close(one, other)
    items = (bare["labels"] != -100).sum()
    assert training.forward.losses(parameters, padded, valid)[1] == items


def test_nothing_but_empty_places_is_nothing(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(30))
    batch, valid = batch_of(training, [[-1, -1], [-1, -1]])
    losses, weights = training.forward.losses(filled_stack(training, 2).parameters(0, 2), batch, valid)
    assert losses.tolist() == [0.0, 0.0]
    assert weights.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("family", FAMILIES)
def test_outputs_together_are_outputs_alone(family: str, tiny_model: Any) -> None:
    training = make_training(tiny_model(family), "full", "token-classification", number_rows(30))
    slots = filled_stack(training, 2)
    batch = {name: tensor[:5] for name, tensor in training.buckets[-1].tensors.items()}
    with torch.no_grad():
        together = training.forward.outputs(slots.parameters(0, 2), batch)["logits"]
        alone = [training.forward.outputs(slots.parameters(n, n + 1), batch)["logits"][0] for n in (0, 1)]
    kept = batch["attention_mask"].bool()
    for found, expected in zip(together, alone, strict=True):
        torch.testing.assert_close(found[kept], expected[kept], atol=1e-4, rtol=1e-4)


def test_no_parameters_is_the_module_as_it_stands(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(30))
    batch = {name: tensor[:3] for name, tensor in training.buckets[-1].tensors.items()}
    with torch.no_grad():
        found = training.forward.outputs({}, batch)["logits"]
        expected = training.forward.module(batch["input_ids"], batch["attention_mask"]).logits
    assert torch.equal(found, expected.unsqueeze(0))


def test_what_is_not_the_models_goes_to_the_loss_only(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(30))
    batch = {name: tensor[:3] for name, tensor in training.buckets[-1].tensors.items()}
    given: list[set[str]] = []
    training.forward.module.register_forward_pre_hook(
        lambda module, args, kwargs: given.append(set(kwargs)), with_kwargs=True
    )
    training.forward.outputs({}, {**batch, "document": torch.zeros(3)})
    assert given == [{"input_ids", "attention_mask"}]


@pytest.mark.parametrize("count", [1, 2])
def test_half_precision_is_near_and_gives_float32_losses(count: int, tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(30))
    slots = filled_stack(training, count)
    batch, valid = batch_of(training, PLACES[:count])
    half: Forward = replace(training.forward, bfloat16=True)
    losses, _ = training.forward.losses(slots.parameters(0, count), batch, valid)
    near, _ = half.losses(slots.parameters(0, count), batch, valid)
    assert near.dtype == torch.float32
    torch.testing.assert_close(near, losses, rtol=0.03, atol=0.0)
    assert not torch.equal(near, losses)
    one = {name: tensor[0] for name, tensor in batch.items()}
    full_logits = training.forward.outputs(slots.parameters(0, count), one)["logits"]
    half_logits = half.outputs(slots.parameters(0, count), one)["logits"].float()
    assert (full_logits - half_logits).abs().max() < 0.05 * full_logits.abs().max()


def test_half_precision_trains(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(30))
    slots = filled_stack(training, 2)
    leaves = {name: p.requires_grad_() for name, p in slots.parameters(0, 2).items()}
    batch, valid = batch_of(training, PLACES[:2])
    found = []
    for forward in (training.forward, replace(training.forward, bfloat16=True)):
        losses, _ = forward.losses(leaves, batch, valid)
        gradients = torch.autograd.grad(losses.sum(), list(leaves.values()))
        found.append(torch.cat([gradient.flatten() for gradient in gradients]))
    assert found[1].dtype == torch.float32
    assert torch.nn.functional.cosine_similarity(*found, dim=0) > 0.99


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_bfloat16_leaves_have_the_same_gradients(strategy: str, count: int, tiny_model: Any) -> None:
    loaded = tiny_model("bert")
    training = make_training(loaded, strategy, "token-classification", number_rows(30))
    slots = filled_stack(training, count)
    batch, valid = batch_of(training, PLACES[:count])
    in_pass: Forward = replace(training.forward, bfloat16=True)
    halved = autocast_parameters(training.forward.module, loaded.module.base_model)
    before = replace(in_pass, halved=halved)
    found = []
    for forward in (in_pass, before):
        leaves = forward.leaves(slots.parameters(0, count))
        losses, _ = forward.losses(leaves, batch, valid)
        found.append(torch.autograd.grad(losses.sum(), list(leaves.values())))
    assert {gradient.dtype for gradient in found[0]} == {torch.float32}
    assert torch.bfloat16 in {gradient.dtype for gradient in found[1]}
    one, other = (torch.cat([gradient.float().flatten() for gradient in its]) for its in found)
    if count == 1:
        assert torch.equal(one, other)
    # Under vmap biases are added before and not within the product: other roundings, no larger ones.
    assert (one - other).norm() < 0.01 * one.norm()
    assert all(p.dtype == torch.float32 for p in slots.parameters(0, count).values())


def test_only_the_encoders_linear_layers_become_bfloat16(tiny_model: Any) -> None:
    module = tiny_model("bert").module
    names = autocast_parameters(module, module.base_model)
    assert "bert.encoder.layer.0.attention.self.query.weight" in names
    assert "bert.encoder.layer.0.attention.self.query.bias" in names
    assert not any("embeddings" in name or "LayerNorm" in name or "classifier" in name for name in names)

    tied = torch.nn.Sequential(torch.nn.Embedding(5, 3), torch.nn.Linear(3, 5), torch.nn.Linear(5, 2))
    tied[1].weight = tied[0].weight
    tied[2].bias.requires_grad_(False)
    assert autocast_parameters(tied, tied) == {"1.bias", "2.weight"}
