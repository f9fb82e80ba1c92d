from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from adaptkit.engine import capacity as capacity_module
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.capacity import bytes_of_a_pass, fastest, plan_capacity, speeds_of
from adaptkit.engine.trial_stack import BYTES_PER_PARAMETER
from adaptkit.engine.types import Trial
from tests.helpers.number_task import number_rows
from tests.helpers.populations import greedy_above, last_slots, make_training, unchecked_training

TRIALS = [Trial(number=n, learning_rate=2e-3, batch_size=8, epochs=1, seed=n) for n in range(3)]


@pytest.fixture
def training(tiny_model: Any) -> Any:
    return make_training(tiny_model("bert"), "full", "token-classification", number_rows(37))


@pytest.mark.parametrize(("wanted", "together", "capacity"), [(8, 3, 3), (2, 5, 2), (1, 1, 1)])
def test_as_many_together_as_asked_and_as_there_are_trials(
    wanted: int, together: int, capacity: int, training: Any
) -> None:
    found = plan_capacity(training, wanted=wanted, parallel_trials=together)
    assert found.slots == capacity
    assert found.limits.slots == capacity
    assert found.limits.examples == training.plan.run * training.plan.micro_batch


@pytest.mark.parametrize("wanted", [1, 2, 5, 100])
def test_measured_it_is_never_above_the_trials_there_are(wanted: int, training: Any) -> None:
    found = plan_capacity(training, wanted=wanted, parallel_trials=None)
    assert 1 <= found.limits.slots <= found.slots <= min(wanted, capacity_module.MOST_TOGETHER)
    assert found.limits.examples == training.plan.run * training.plan.micro_batch


@pytest.mark.parametrize(
    ("speeds", "wanted", "capacity"),
    [
        ({1: 100.0, 2: 100.0}, 8, 4),
        ({1: 100.0, 2: 100.0}, 9, 5),
        ({1: 100.0, 2: 200.0, 4: 400.0, 8: 800.0}, 8, 8),
        ({1: 100.0, 2: 200.0, 4: 200.0}, 60, 30),
    ],
)
def test_trials_come_in_two_waves_where_more_at_once_do_not_pay(
    speeds: dict[int, float], wanted: int, capacity: int, training: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the search has scores to go by for the second half."""
    monkeypatch.setattr(capacity_module, "speeds_of", lambda *_: speeds)
    found = plan_capacity(training, wanted=wanted, parallel_trials=None)
    assert found.slots == capacity
    monkeypatch.setattr(capacity_module, "SMALL_SLOT", 1)
    found = plan_capacity(training, wanted=wanted, parallel_trials=None)
    assert found.slots == min(capacity, capacity_module.FEWEST_COMPARED)


def test_a_pass_of_more_examples_keeps_more_bytes(training: Any) -> None:
    sizes = [bytes_of_a_pass(training, examples) for examples in (1, 2, 4, 8)]
    assert sizes == sorted(set(sizes))
    activations = [size - 4 * training.layout.width for size in sizes]
    assert activations[3] == pytest.approx(4 * activations[1])
    assert activations[1] == pytest.approx(2 * activations[0], rel=0.3)


def test_a_pass_over_longer_examples_keeps_more_bytes(tiny_model: Any) -> None:
    slots = number_rows(90)
    long, short = (
        make_training(tiny_model("bert"), "full", "token-classification", some)
        for some in (slots, [slot for slot in slots if len(slot["ids"]) <= 8])
    )
    times = long.buckets[-1].length / short.buckets[-1].length
    assert times > 3
    kept = [bytes_of_a_pass(one, 4) - 4 * one.layout.width for one in (long, short)]
    assert 0.75 * times < kept[0] / kept[1] < times**2, "tokens cost in proportion, attention in their square"


def test_measuring_leaves_the_model_and_the_start_as_they_were(training: Any) -> None:
    initial = training.initial.clone()
    before = {name: p.clone() for name, p in training.forward.module.named_parameters()}
    plan_capacity(training, wanted=4, parallel_trials=None)
    assert torch.equal(training.initial, initial)
    assert all(torch.equal(before[name], p) for name, p in training.forward.module.named_parameters())
    assert all(p.grad is None for p in training.forward.module.parameters())


@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_what_is_measured_is_training_with_its_dropout(strategy: str, tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), strategy, "token-classification", number_rows(20))
    modes = []

    def note(module: Any, _: Any) -> None:
        if torch.is_grad_enabled():
            modes.append(module.training)

    training.forward.module.register_forward_pre_hook(note)
    for wanted in (1, 4):
        training.forward.module.eval()
        plan_capacity(training, wanted=wanted, parallel_trials=None)
    assert modes
    assert all(modes)


def test_where_little_memory_is_free_less_is_trained_at_once(
    training: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = training.layout.width * BYTES_PER_PARAMETER
    one = bytes_of_a_pass(training, 1)
    longest = training.buckets[-1].length
    capacities = []
    for slots in (100, 20, 6, 3, 0.5):
        free = (one + slots * slot) / capacity_module.SHARE_OF_FREE_MEMORY + 100
        monkeypatch.setattr(capacity_module, "free_bytes", lambda _, free=free: free)
        found = plan_capacity(training, wanted=20, parallel_trials=20)
        capacities.append(found.slots)
        held = bytes_of_a_pass(training, found.limits.examples_of(longest, 1)) + found.slots * slot
        assert held <= free * capacity_module.SHARE_OF_FREE_MEMORY or found.slots == 1
    assert capacities[0] == 20
    assert capacities[-1] == 1
    assert capacities == sorted(capacities, reverse=True)
    assert capacities[2] >= 4
    monkeypatch.setattr(capacity_module, "free_bytes", lambda _: 1)
    found = plan_capacity(training, wanted=20, parallel_trials=None)
    assert (found.slots, found.limits.slots) == (1, 1)
    assert found.limits.examples_of(training.buckets[-1].length, 1) == 1


def test_free_memory_is_that_of_the_machine(training: Any) -> None:
    assert 10**6 < capacity_module.free_bytes(torch.device("cpu")) < 10**15


def test_slots_that_do_not_fit_are_not_chosen(training: Any) -> None:
    def hook(module: Any, args: Any) -> None:
        if torch._C._functorch.is_batchedtensor(module.bias):
            torch.empty(2**50, dtype=torch.uint8)

    training.forward.module.classifier.register_forward_pre_hook(hook)
    speeds = speeds_of(training, 8, BatchLimits(slots=1, examples=4))
    assert speeds[2] == 0.0
    assert fastest(speeds) == 1


def test_no_more_slots_than_asked_for_are_measured(training: Any) -> None:
    assert set(speeds_of(training, 1, BatchLimits(slots=1, examples=4))) == {1}
    assert set(speeds_of(training, 3, BatchLimits(slots=1, examples=4))) == {1, 2}


def test_more_slots_in_one_pass_must_be_worthwhile() -> None:
    assert fastest({}) == 1
    assert fastest({1: 100.0, 2: 105.0}) == 1
    assert fastest({1: 100.0, 2: 150.0, 4: 155.0}) == 2
    assert fastest({1: 100.0, 2: 150.0, 4: 290.0, 8: 0.0}) == 4


def test_what_was_measured_is_reported(training: Any) -> None:
    found = plan_capacity(training, wanted=2, parallel_trials=None)
    assert set(found.speeds) == {1, 2}
    assert all(speed > 0 for speed in found.speeds.values())
    assert found.bytes_a_slot >= training.layout.width * BYTES_PER_PARAMETER
    assert plan_capacity(training, wanted=2, parallel_trials=2).speeds == {}


class Branching(nn.Linear):
    """A head that vmap cannot batch: it looks at its numbers, and does the same whatever it sees."""

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return super().forward(hidden if hidden.sum() > 0 else hidden.clone())


def test_a_model_that_cannot_be_batched_is_trained_correctly(tiny_model: Any) -> None:
    plain = make_training(tiny_model("bert"), "full", "token-classification", number_rows(37))
    branching = unchecked_training(tiny_model("bert"), "full", "token-classification", number_rows(37))
    module: Any = branching.forward.module
    module.classifier.__class__ = Branching
    for together in (None, 3):
        found = plan_capacity(branching, wanted=3, parallel_trials=together)
        assert found.limits.slots == 1
        assert found.slots == (together or 2)
        assert "cannot be batched over trials" in found.reason
    expected = last_slots(plain, TRIALS, together=3)
    slots = last_slots(found.training, TRIALS, together=found.slots, limits=found.limits)
    for number in expected:
        assert (slots[number] - plain.initial).abs().max() > 0.001
    ids = torch.tensor([[7, 9, 23, 41, 5, 6, 50, 33]])
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    layout = plain.layout
    for number in expected:
        one, other = (
            plain.forward.outputs(
                {n: slot[layout.columns[n]].view(1, *shape) for n, shape in layout.shapes.items()}, batch
            )["logits"]
            for slot in (expected[number], slots[number])
        )
        torch.testing.assert_close(one, other, atol=2e-4, rtol=1e-4)


def test_a_model_is_trained_where_only_one_example_fits(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(37))
    expected = last_slots(training, TRIALS, together=3)
    greedy_above(training.forward.module, 1)
    bytes_of_a_pass(training, 4)
    assert fastest(speeds_of(training, 4, BatchLimits(slots=1, examples=4))) >= 1
    limits = BatchLimits(slots=3, examples=4)
    slots = last_slots(training, TRIALS, together=3, limits=limits)
    assert limits.times_shrunk > 0
    for number, slot in expected.items():
        assert (slots[number] - slot).abs().max() < 0.1 * (slot - training.initial).abs().max()


def test_a_pass_that_had_to_be_cut_is_no_measurement(training: Any) -> None:
    greedy_above(training.forward.module, training.plan.micro_batch - 1)
    assert (
        capacity_module._examples_a_second(training, BatchLimits(slots=1, examples=training.plan.micro_batch))
        == 0.0
    )


def test_workers_on_one_machine_share_its_memory(training: Any, monkeypatch: Any) -> None:
    capacity = plan_capacity(training, wanted=4, parallel_trials=4)
    assert capacity.shared(1) is capacity
    needed = 4 * capacity.bytes_a_slot / capacity_module.SHARE_OF_FREE_MEMORY
    monkeypatch.setattr(capacity_module, "free_bytes", lambda device: int(2.01 * needed))
    assert [capacity.shared(workers).slots for workers in (2, 4, 100)] == [4, 2, 1]
    assert capacity.shared(4).limits.slots <= 2
