"""On a GPU nothing of the host's may meet what is the device's: shown on torch's meta device, without a GPU.

That device lets much pass that a GPU refuses, so every operation is looked at.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from adaptkit.engine.accumulate import Accumulator
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import TrialStack
from adaptkit.engine.types import Trial
from adaptkit.engine.vmap_check import _two_slots
from tests.helpers.number_task import number_rows
from tests.helpers.populations import micro_step, unchecked_training

ELSEWHERE = torch.device("meta")


def elsewhere(strategy: str, tiny_model: Any, *, buckets: bool) -> Training:
    """A training with its model, and if asked for its buckets, on another device than the host's."""
    training = unchecked_training(tiny_model("bert"), strategy, "token-classification", number_rows(30))
    training.forward.module.to(ELSEWHERE)
    moved = [bucket.to(ELSEWHERE) for bucket in training.buckets] if buckets else training.buckets
    forward = replace(training.forward, device=ELSEWHERE)
    return replace(training, forward=forward, buckets=moved, initial=training.initial.to(ELSEWHERE))


class OneDevice(TorchDispatchMode):
    """Refuses operations on tensors of two devices; numbers may come from anywhere, and copies go between."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor) and one.dim()]
        if len({tensor.device for tensor in tensors}) > 1 and func is not torch.ops.aten.copy_.default:
            raise AssertionError(f"{func} on tensors of two devices")
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    "mixed",
    [
        lambda here, there: there + here,
        lambda here, there: there.add_(here),
        lambda here, there: here @ there,
        lambda here, there: there[here.long()],
    ],
)
def test_tensors_on_two_devices_raise(mixed: Any) -> None:
    with pytest.raises(AssertionError, match="of two devices"), OneDevice():
        mixed(torch.zeros(2, 2), torch.zeros(2, 2, device=ELSEWHERE))


@pytest.mark.parametrize("buckets", [True, False], ids=["data there", "data here"])
@pytest.mark.parametrize("slots_a_pass", [1, 2])
@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_a_micro_step_of_two_trials(
    strategy: str, slots_a_pass: int, buckets: bool, tiny_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrialStack, "_optimiser", lambda *_: None)  # torch has no fused AdamW for this device
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # nor autocast
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda *_: False)
    training = elsewhere(strategy, tiny_model, buckets=buckets)
    slots = TrialStack(training.layout, 2, ELSEWHERE)
    for number in range(2):
        slots.add(training.initial, Trial(number=number, learning_rate=1e-3, batch_size=4, epochs=1))
    accumulator = Accumulator(training.forward, slots, BatchLimits(slots=slots_a_pass, examples=2))
    step = micro_step(training, [[0, 1, 2, -1], [3, 0, -1, -1]])
    beside = step.bucket.tensors["attention_mask"].device  # where `micro_steps` puts them
    with OneDevice():
        accumulator.run(replace(step, places=step.places.to(beside)))
        slots.arrange([1, 0])
    for tensor in (slots.theta, slots.grad, slots.weight, accumulator.losses, accumulator.weights):
        assert tensor.device == ELSEWHERE


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_the_two_slots_of_the_check(strategy: str, tiny_model: Any) -> None:
    training = elsewhere(strategy, tiny_model, buckets=False)
    with OneDevice():
        slots, batch = _two_slots(training)
    assert {tensor.device for tensor in [*slots.values(), *batch.values()]} == {ELSEWHERE}
