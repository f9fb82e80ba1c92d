from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from adaptkit.engine.trial_stack import Layout, TrialStack, layout_of, read_slot, write_slot
from adaptkit.engine.types import Trial
from adaptkit.strategies.apply import adapted
from adaptkit.strategies.registry import built_in
from tests.helpers.models import FAMILIES
from tests.helpers.number_task import number_rows
from tests.helpers.populations import last_slots, make_training


def small_layout() -> Layout:
    return layout_of(nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2)))


def trial(number: int, weight_decay: float = 0.1) -> Trial:
    return Trial(number=number, learning_rate=0.01, batch_size=4, epochs=1, weight_decay=weight_decay)


def filled(layout: Layout, count: int) -> TrialStack:
    slots = TrialStack(layout, count, torch.device("cpu"))
    for number in range(count):
        assert slots.add(start_of(layout, number), trial(number)) == number
    return slots


def start_of(layout: Layout, number: int) -> torch.Tensor:
    return torch.randn(layout.width, generator=torch.Generator().manual_seed(number))


def gradient_of(layout: Layout, number: int, step: int) -> torch.Tensor:
    return torch.randn(layout.width, generator=torch.Generator().manual_seed(1000 + 10 * number + step))


def train(slots: TrialStack, slot: int, number: int, steps: range) -> None:
    """Steps of the trial ``number`` in ``slot``, each on a gradient of its own."""
    for step in steps:
        add(slots, slot, 3 * gradient_of(slots.layout, number, step), 3.0)
        slots.step(slot, 0.01 / (step + 1))


def add(slots: TrialStack, slot: int, gradient: torch.Tensor, weight: float) -> None:
    """Adds the gradients of one slot, as the accumulator does, name by name."""
    layout = slots.layout
    parts = {
        name: gradient[columns].view(1, *layout.shapes[name]) for name, columns in layout.columns.items()
    }
    slots.accumulate(slot, slot + 1, parts, torch.tensor([weight]))


def test_matrices_come_first_and_are_decayed() -> None:
    layout = small_layout()
    assert list(layout.shapes) == ["0.weight", "2.weight", "0.bias", "1.weight", "1.bias", "2.bias"]
    assert layout.decayed == 12 + 8
    assert layout.width == 12 + 8 + 4 + 4 + 4 + 2
    stops = [columns.stop for columns in layout.columns.values()]
    assert [columns.start for columns in layout.columns.values()] == [0, *stops[:-1]]
    assert stops[-1] == layout.width


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_slot_written_is_the_slot_read(family: str, strategy: str, tiny_model: Any) -> None:
    module = adapted(tiny_model(family), built_in(strategy, 4))
    layout = layout_of(module)
    slot = start_of(layout, 1)
    frozen = {name: p.clone() for name, p in module.named_parameters() if not p.requires_grad}
    write_slot(module, layout, slot)
    assert torch.equal(read_slot(module, layout), slot)
    assert layout.width == sum(p.numel() for p in module.parameters() if p.requires_grad)
    parameters = dict(module.named_parameters())
    assert all(torch.equal(parameters[name], kept) for name, kept in frozen.items())


def test_parameters_are_views_of_their_slots() -> None:
    layout = small_layout()
    slots = filled(layout, 3)
    views = slots.parameters(1, 3)
    assert {name: tuple(view.shape) for name, view in views.items()} == {
        name: (2, *shape) for name, shape in layout.shapes.items()
    }
    views["2.bias"][0] = 7.0
    assert (slots.theta[1, layout.columns["2.bias"]] == 7.0).all()
    assert not (slots.theta[2] == 7.0).any()


def test_a_step_is_adamws_step_on_the_clipped_mean() -> None:
    layout = small_layout()
    slots = filled(layout, 2)
    module = nn.ParameterDict(
        {name.replace(".", "_"): torch.zeros(shape) for name, shape in layout.shapes.items()}
    )
    ours = [module[name.replace(".", "_")] for name in layout.shapes]
    for parameter, columns in zip(ours, layout.columns.values(), strict=True):
        parameter.data.copy_(slots.theta[1, columns].view(parameter.shape))
    plain = torch.optim.AdamW(
        [{"params": [p for p in ours if p.dim() >= 2], "weight_decay": 0.1},
         {"params": [p for p in ours if p.dim() < 2], "weight_decay": 0.0}]
    )  # fmt: skip
    for step, size in enumerate((0.01, 1.0, 100.0)):  # the norm's limit of 1 is passed on the way
        gradient = size * gradient_of(layout, 1, step)
        for part in (0.25, 0.75):
            parts = {
                name: (5 * part * gradient[columns]).view(1, *layout.shapes[name])
                for name, columns in layout.columns.items()
            }
            slots.accumulate(1, 2, parts, torch.tensor([5 * part]))
        slots.step(1, 0.02)
        for parameter, columns in zip(ours, layout.columns.values(), strict=True):
            parameter.grad = gradient[columns].view(parameter.shape).clone()
        nn.utils.clip_grad_norm_(ours, 1.0)
        for group in plain.param_groups:
            group["lr"] = 0.02
        plain.step()
        found = torch.cat([parameter.detach().flatten() for parameter in ours])
        torch.testing.assert_close(slots.theta[1].detach(), found, atol=1e-6, rtol=1e-5)
        assert slots.weight[1] == 0


def test_a_step_of_one_slot_changes_no_bit_of_the_others() -> None:
    slots = filled(small_layout(), 3)
    slots.grad += 0.5
    slots.weight += 2
    before = slots.theta.clone(), slots.grad.clone(), slots.weight.clone()
    slots.step(1, 0.01)
    for slot in (0, 2):
        assert torch.equal(slots.theta[slot], before[0][slot])
        assert torch.equal(slots.grad[slot], before[1][slot])
        assert torch.equal(slots.weight[slot], before[2][slot])
    assert not torch.equal(slots.theta[1], before[0][1])


def test_a_slot_of_nan_changes_no_bit_of_the_others() -> None:
    slots, calm = filled(small_layout(), 3), filled(small_layout(), 3)
    slots.theta.data[1] = torch.nan
    for step in range(3):
        for slot in (0, 1, 2):
            train(slots, slot, slot, range(step, step + 1))
            if slot != 1:
                train(calm, slot, slot, range(step, step + 1))
    assert slots.finite().tolist() == [True, False, True]
    assert torch.equal(slots.theta[0], calm.theta[0])
    assert torch.equal(slots.theta[2], calm.theta[2])


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_a_removal_does_not_change_the_other_trials(removed: int) -> None:
    """Parameters, moments, step counts, weight decay and gradients begun all move with their slot."""
    layout = small_layout()
    slots, calm = filled(layout, 3), filled(layout, 3)
    standing = [0, 1, 2]
    for several in (slots, calm):
        for number in range(3):
            train(several, number, number, range(number + 1))
            add(several, number, torch.full((layout.width,), number + 1.0), 2.0)
    slots.remove(removed)
    standing[removed] = standing[-1]
    standing.pop()
    assert slots.active == 2
    for slot, number in enumerate(standing):
        train(slots, slot, number, range(4, 8))
        train(calm, number, number, range(4, 8))
        assert torch.equal(slots.theta[slot], calm.theta[number])
        assert torch.equal(slots.grad[slot], calm.grad[number])


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 2, 3, 0], [2, 3, 1, 0], [0, 2, 1, 3]])
def test_slots_in_another_order_train_on_as_before(order: list[int]) -> None:
    layout = small_layout()
    slots, calm = filled(layout, 4), filled(layout, 4)
    for several in (slots, calm):
        for number in range(4):
            train(several, number, number, range(number + 1))
        add(several, 2, torch.ones(layout.width), 2.0)
    slots.arrange(order)
    for slot, number in enumerate(order):
        train(slots, slot, number, range(4, 8))
        train(calm, number, number, range(4, 8))
        assert torch.equal(slots.theta[slot], calm.theta[number])


def test_a_freed_slot_starts_anew() -> None:
    layout = small_layout()
    slots, other = filled(layout, 2), filled(layout, 2)
    train(slots, 0, 0, range(5))
    add(slots, 1, torch.ones(layout.width), 1.0)
    slots.remove(0)
    slot = slots.add(start_of(layout, 0), trial(0))
    assert slot == 1
    assert slots.weight[slot] == 0
    train(slots, slot, 0, range(5))
    train(other, 0, 0, range(5))
    assert torch.equal(slots.theta[slot], other.theta[0])


def test_every_slot_has_its_own_weight_decay() -> None:
    layout = small_layout()
    slots = TrialStack(layout, 2, torch.device("cpu"))
    start = start_of(layout, 0)
    for weight_decay in (0.0, 0.5):
        slots.add(start, trial(0, weight_decay))
    for slot in (0, 1):
        slots.step(slot, 0.1)  # a batch without any item: only the decay is left
    assert torch.equal(slots.theta[0], start)
    torch.testing.assert_close(slots.theta[1, : layout.decayed], start[: layout.decayed] * (1 - 0.1 * 0.5))
    assert torch.equal(slots.theta[1, layout.decayed :], start[layout.decayed :])


def test_a_gradient_that_is_none_is_zero() -> None:
    slots = filled(small_layout(), 2)
    slots.accumulate(0, 2, {"0.bias": None, "2.bias": torch.ones(2, 2)}, torch.tensor([1.0, 3.0]))
    assert slots.grad[:, slots.layout.columns["2.bias"]].eq(1).all()
    assert slots.grad.sum() == 4
    assert slots.weight.tolist() == [1.0, 3.0]


def test_slots_within_and_at_the_start_of_a_batch_meet() -> None:
    layout = small_layout()
    slots = filled(layout, 2)
    slots.grad.fill_(torch.nan)  # what an earlier step left behind is never read
    add(slots, 1, torch.ones(layout.width), 1.0)
    both = {name: torch.ones(2, *shape) for name, shape in layout.shapes.items()}
    slots.accumulate(0, 2, both, torch.tensor([1.0, 1.0]))
    assert slots.grad[0].eq(1).all()
    assert slots.grad[1].eq(2).all()


def with_rank(layout: Layout, slot: torch.Tensor, rank: int) -> torch.Tensor:
    """The slot with all but ``rank`` of LoRA's columns zero: of A those are slots, of B columns."""
    cut = slot.clone()
    for name, columns in layout.columns.items():
        part = cut[columns].view(layout.shapes[name])
        if ".lora_A." in name:
            part[rank:] = 0.0
        elif ".lora_B." in name:
            part[:, rank:] = 0.0
    return cut


def test_a_lower_rank_stays_lower_inside_a_population(tiny_model: Any) -> None:
    from dataclasses import replace

    training = make_training(tiny_model("bert"), "lora", "token-classification", number_rows(30))
    layout = training.layout
    low = with_rank(layout, training.initial, 2)
    assert not torch.equal(low, training.initial)
    trials = [Trial(number=n, learning_rate=5e-3, batch_size=4, epochs=2, seed=n) for n in range(2)]
    end = last_slots(replace(training, initial=low), trials, together=2)
    for slot in end.values():
        assert torch.equal(with_rank(layout, slot, 2), slot), "what was spare is spare still"
        assert not torch.equal(with_rank(layout, slot, 1), slot), "what was not has learnt"
        for name in layout.columns:
            if ".lora_B." in name:
                assert slot[layout.columns[name]].view(layout.shapes[name])[:, :2].any()
