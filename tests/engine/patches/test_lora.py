from __future__ import annotations

import copy
from types import MethodType
from typing import Any

import pytest
import torch
from torch import nn
from torch.func import functional_call, vmap

from adaptkit.engine.patches.attention import use_attention
from adaptkit.engine.patches.lora import use_updates
from adaptkit.strategies.apply import adapted
from adaptkit.strategies.registry import built_in


def updated(tiny_model: Any, rank: int = 4) -> tuple[nn.Module, nn.Module]:
    """peft's own module, and the same with the updates computed here; B is not zero."""
    loaded = tiny_model("bert")
    use_attention(loaded.module)
    theirs = adapted(loaded, built_in("lora", rank)).eval()
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in theirs.named_parameters():
            if "lora_B" in name:
                parameter.copy_(0.3 * torch.randn(parameter.shape, generator=draw))
    ours = copy.deepcopy(theirs)
    use_updates(ours, bfloat16=False)
    return theirs, ours


def loss_of(module: nn.Module, ids: torch.Tensor) -> torch.Tensor:
    logits: torch.Tensor = module(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    return logits.square().sum()


IDS = torch.tensor([[7, 9, 23, 41, 5], [6, 50, 33, 12, 18]])


def test_one_slot_computes_what_peft_does(tiny_model: Any) -> None:
    theirs, ours = updated(tiny_model)
    assert sum(isinstance(vars(one).get("forward"), MethodType) for one in ours.modules()) == 2 * 6
    losses = [loss_of(module, IDS) for module in (theirs, ours)]
    torch.testing.assert_close(losses[1], losses[0], rtol=1e-5, atol=1e-6)
    for loss in losses:
        loss.backward()
    expected = {name: p.grad for name, p in theirs.named_parameters() if p.requires_grad}
    found = {name: p.grad for name, p in ours.named_parameters() if p.requires_grad}
    assert expected.keys() == found.keys()
    for name, gradient in expected.items():
        assert gradient is not None
        torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shared", [True, False])
def test_slots_together_are_each_slot_alone(shared: bool, tiny_model: Any) -> None:
    """Whether the slots share their batch, as in scoring, or have one each, as in training."""
    theirs, ours = updated(tiny_model)
    draw = torch.Generator().manual_seed(2)
    slots = {
        name: torch.stack([p.detach() + 0.1 * torch.randn(p.shape, generator=draw) for _ in range(3)])
        for name, p in theirs.named_parameters()
        if p.requires_grad
    }
    batches = torch.stack([IDS, IDS.flip(0), IDS.flip(1)])

    def call(module: nn.Module, parameters: dict[str, torch.Tensor], ids: torch.Tensor) -> torch.Tensor:
        mask = torch.ones_like(ids)[:, None, None, :].expand(-1, 1, 5, -1).float() * 0.0
        inputs = {"input_ids": ids, "attention_mask": mask}
        found: torch.Tensor = functional_call(module, parameters, (), inputs).logits.square().sum()
        return found

    leaves = {name: slot.requires_grad_() for name, slot in slots.items()}
    ids = IDS if shared else batches
    together = vmap(lambda parameters, one: call(ours, parameters, one), in_dims=(0, None if shared else 0))
    losses = together(leaves, ids)
    gradients = torch.autograd.grad(losses.sum(), list(leaves.values()))
    for slot in range(3):
        alone = {name: leaf[slot].detach().requires_grad_() for name, leaf in leaves.items()}
        loss = call(theirs, alone, IDS if shared else batches[slot])
        torch.testing.assert_close(losses[slot], loss, rtol=1e-4, atol=1e-5)
        expected = torch.autograd.grad(loss, list(alone.values()))
        for found, one in zip(gradients, expected, strict=True):
            torch.testing.assert_close(found[slot], one, rtol=1e-3, atol=1e-4)


def test_under_autocast_the_update_is_in_its_precision(tiny_model: Any) -> None:
    theirs, ours = updated(tiny_model)
    exact = loss_of(theirs, IDS)
    layer = next(one for one in ours.modules() if isinstance(vars(one).get("forward"), MethodType))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert layer(torch.ones(2, 3, 16)).dtype == torch.bfloat16
        found = loss_of(ours, IDS)
    found.backward()
    torch.testing.assert_close(found.float(), exact, rtol=0.05, atol=0.1)
    gradients = [p.grad for p in ours.parameters() if p.requires_grad]
    assert all(one is not None and one.dtype == torch.float32 for one in gradients)


def test_frozen_weights_in_bfloat16_compute_the_same(tiny_model: Any) -> None:
    _, ours = updated(tiny_model)
    kept = copy.deepcopy(ours)
    use_updates(kept, bfloat16=True)
    frozen = [p for name, p in kept.named_parameters() if "base_layer" in name]
    assert len(frozen) == 2 * 6 * 2
    assert all(p.dtype == torch.bfloat16 for p in frozen)
    assert all(p.dtype == torch.float32 for p in kept.parameters() if p.requires_grad)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(loss_of(kept, IDS), loss_of(ours, IDS))


def test_a_layer_with_more_to_it_keeps_pefts_way() -> None:
    from peft import LoraConfig, get_peft_model

    settings: list[dict[str, Any]] = [{"lora_dropout": 0.1}, {"use_dora": True}, {"lora_bias": True}]
    for more in settings:
        module = nn.Sequential(nn.Linear(3, 4))
        adapted = get_peft_model(module, LoraConfig(target_modules=["0"], **more))  # type: ignore[arg-type]
        use_updates(adapted, bfloat16=False)
        assert not any("forward" in vars(one) for one in adapted.modules()), more


def test_a_copy_computes_with_its_own_weights(tiny_model: Any) -> None:
    _, ours = updated(tiny_model)
    copied = copy.deepcopy(ours)
    before = loss_of(ours, IDS)
    with torch.no_grad():
        for name, parameter in copied.named_parameters():
            if "lora_B" in name:
                parameter.zero_()
    assert torch.equal(loss_of(ours, IDS), before)
    assert not torch.isclose(loss_of(copied, IDS), before)
