from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from adaptkit.engine.accumulate import Accumulator
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.train import Population
from adaptkit.engine.types import Trial
from adaptkit.errors import TrialOutOfMemory
from tests.helpers.number_task import number_rows
from tests.helpers.populations import (
    ListScheduler,
    allocate_too_much,
    filled_stack,
    greedy_above,
    make_training,
    micro_step,
)

PLACES = [[0, 1, 2, 3], [3, 2, 1, -1], [4, 0, -1, -1]]
TRIALS = [Trial(number=n, learning_rate=2e-3, batch_size=8, epochs=1, seed=n) for n in range(4)]


@pytest.fixture
def training(tiny_model: Any) -> Any:
    return make_training(tiny_model("bert"), "full", "token-classification", number_rows(37))


def gradients(training: Any, limits: BatchLimits, places: Any = PLACES) -> tuple[torch.Tensor, Accumulator]:
    slots = filled_stack(training, len(places))
    accumulator = Accumulator(training.forward, slots, limits)
    accumulator.run(micro_step(training, places))
    accumulator.run(micro_step(training, places, bucket=0))
    return slots.grad.clone(), accumulator


@pytest.mark.parametrize(("slots", "examples"), [(1, 4), (2, 4), (2, 1), (3, 3), (3, 2), (1, 1)])
def test_gradients_do_not_depend_on_the_cut(slots: int, examples: int, training: Any) -> None:
    uncut, one = gradients(training, BatchLimits(slots=3, examples=4))
    cut, other = gradients(training, BatchLimits(slots=slots, examples=examples))
    torch.testing.assert_close(cut, uncut, atol=1e-4, rtol=1e-4)
    assert torch.equal(one.stack.weight, other.stack.weight)
    assert one.mean_losses() == pytest.approx(other.mean_losses(), rel=1e-5)
    assert uncut.abs().max() > 0.1


def test_the_mean_loss_is_per_item(training: Any) -> None:
    _, accumulator = gradients(training, BatchLimits(slots=1, examples=4), [[0, 1, 2, 3]])
    slots = accumulator.stack
    step = micro_step(training, [[0, 1, 2, 3]])
    losses, items = 0.0, 0
    for bucket in (training.buckets[-1], training.buckets[0]):
        batch = {name: tensor[step.places] for name, tensor in bucket.tensors.items()}
        loss, weight = training.forward.losses(slots.parameters(0, 1), batch, torch.ones(1, 4))
        losses, items = losses + float(loss), items + int(weight)
    assert accumulator.mean_losses() == [pytest.approx(losses / items, rel=1e-5)]


def test_a_rung_without_an_item_has_no_loss_to_divide_by(training: Any) -> None:
    _, accumulator = gradients(training, BatchLimits(slots=1, examples=2), [[-1, -1]])
    assert accumulator.mean_losses() == [0.0]


@pytest.mark.parametrize("fitting", [3, 2, 1])
def test_out_of_memory_gives_smaller_passes_and_same_gradients(fitting: int, training: Any) -> None:
    uncut, _ = gradients(training, BatchLimits(slots=3, examples=4))
    limits = BatchLimits(slots=3, examples=4)
    greedy_above(training.forward.module, fitting)
    cut, accumulator = gradients(training, limits)
    torch.testing.assert_close(cut, uncut, atol=1e-4, rtol=1e-4)
    assert limits.times_shrunk == (2 if fitting == 1 else 1) + 1, "three slots to one, then fewer examples"
    assert accumulator.failures == [None] * 3


def test_out_of_memory_amid_examples_continues_slot_by_slot(training: Any) -> None:
    """The first examples of three slots fit into one pass, the next ones of a single slot only."""
    uncut, calm = gradients(training, BatchLimits(slots=3, examples=4))
    passed = 0

    def greedy(module: Any, args: Any) -> None:
        nonlocal passed
        if passed and torch._C._functorch.is_batchedtensor(module.bias):
            allocate_too_much()
        passed += 1

    training.forward.module.classifier.register_forward_pre_hook(greedy)
    cut, accumulator = gradients(training, BatchLimits(slots=3, examples=2))
    assert accumulator.failures == [None] * 3
    torch.testing.assert_close(cut, uncut, atol=1e-4, rtol=1e-4)
    assert accumulator.mean_losses() == pytest.approx(calm.mean_losses(), rel=1e-5)
    assert (accumulator.limits.slots, accumulator.limits.examples) == (1, 2)


def test_memory_running_out_in_backward_adds_nothing_twice(training: Any) -> None:
    """The pass fails after its forward half is done: its gradients so far are discarded."""
    uncut, _ = gradients(training, BatchLimits(slots=3, examples=4))
    limits = BatchLimits(slots=1, examples=4)
    failed = 0

    def on_gradient(gradient: torch.Tensor) -> None:
        nonlocal failed
        if limits.examples > 2:
            failed += 1
            allocate_too_much()

    def hook(module: Any, args: Any, output: torch.Tensor) -> None:
        if output.requires_grad:
            output.register_hook(on_gradient)

    training.forward.module.bert.embeddings.register_forward_hook(hook)
    cut, _ = gradients(training, limits)
    assert failed > 0
    torch.testing.assert_close(cut, uncut, atol=1e-4, rtol=1e-4)


def test_a_slot_that_does_not_fit_at_all_fails_alone(training: Any) -> None:
    uncut, calm = gradients(training, BatchLimits(slots=1, examples=4))
    slots = filled_stack(training, 3)
    bias = training.layout.columns["classifier.bias"]
    slots.theta[1, bias] = 1e6

    def greedy(module: Any, args: Any) -> None:
        """More than one slot at once, or the one slot that is marked: too much."""
        if torch._C._functorch.is_batchedtensor(module.bias) or module.bias.max() > 1e5:
            allocate_too_much()

    training.forward.module.classifier.register_forward_pre_hook(greedy)
    accumulator = Accumulator(training.forward, slots, BatchLimits(slots=3, examples=4))
    for bucket in (-1, 0):
        accumulator.run(micro_step(training, PLACES, bucket))
    assert [type(one) for one in accumulator.failures] == [type(None), TrialOutOfMemory, type(None)]
    assert "out of memory" in str(accumulator.failures[1])
    for slot in (0, 2):
        torch.testing.assert_close(slots.grad[slot], uncut[slot], atol=1e-4, rtol=1e-4)
        assert accumulator.mean_losses()[slot] == pytest.approx(calm.mean_losses()[slot], rel=1e-5)


def test_trials_that_do_not_fit_fail_and_the_others_are_tried(
    training: Any,
) -> None:
    greedy_above(training.forward.module, 0)
    scheduler = ListScheduler(TRIALS)
    Population(training, 2, BatchLimits(slots=2, examples=4)).run(scheduler)
    assert sorted(scheduler.outcomes) == [0, 1, 2, 3]
    for outcome in scheduler.outcomes.values():
        assert outcome.state == "fail"
        assert "out of memory" in outcome.reason
        assert outcome.kept is None


def test_an_error_that_is_not_memorys_is_raised(training: Any) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a matrix of the wrong size")

    training.forward.module.register_forward_pre_hook(broken)
    with pytest.raises(RuntimeError, match="wrong size"):
        gradients(training, BatchLimits(slots=3, examples=4))


def test_a_loss_that_is_not_finite_stays_in_its_slot(training: Any) -> None:
    uncut, _ = gradients(training, BatchLimits(slots=3, examples=4))
    slots = filled_stack(training, 3)
    slots.theta[1] = math.nan
    accumulator = Accumulator(training.forward, slots, BatchLimits(slots=3, examples=4))
    for bucket in (-1, 0):
        accumulator.run(micro_step(training, PLACES, bucket))
    losses = accumulator.mean_losses()
    assert [math.isfinite(loss) for loss in losses] == [True, False, True]
    assert torch.equal(slots.grad[0], uncut[0])
    assert torch.equal(slots.grad[2], uncut[2])


IN_LITTLE_MEMORY = """
import ctypes, json, resource, sys
import torch
torch.set_num_threads(1)
import transformers
from adaptkit.engine.types import Trial
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.models.loading import LoadedModel
from tests.helpers.models import tiny_config
from tests.helpers.number_task import number_rows
from tests.helpers.populations import last_slots, make_training

def limit(extra):
    ctypes.CDLL(None).malloc_trim(0)
    now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + extra, -1))

config = tiny_config("bert")
config.intermediate_size = 8_000  # wide inside: the activations are large, the parameters are not
torch.manual_seed(0)
module = transformers.AutoModelForTokenClassification.from_config(config).eval()
head = frozenset({"classifier.weight", "classifier.bias"})
loaded = LoadedModel(module=module, tokenizer=None, newly_initialized=head,
                     head_class="AutoModelForTokenClassification", source="tiny", max_length=48)
training = make_training(loaded, "lora", "token-classification", number_rows(8),
                         micro_batch=8, rungs=1)
trials = [Trial(number=n, learning_rate=1e-2, batch_size=8, epochs=1, seed=n) for n in range(4)]
plenty = BatchLimits(slots=4, examples=8)
free = last_slots(training, trials, 4, plenty)
tight = BatchLimits(slots=4, examples=8)
limit(int(sys.argv[1]) << 20)
bound = last_slots(training, trials, 4, tight)
moved = max(float((free[n] - training.initial).abs().max()) for n in free)
apart = max(float((free[n] - bound[n]).abs().max()) for n in free)
print(json.dumps({
    "before": plenty.times_shrunk, "times_shrunk": tight.times_shrunk, "moved": moved, "apart": apart,
}))
"""


def test_in_a_process_with_little_memory_the_result_is_the_same() -> None:
    """The machine's own limit on memory: four slots do not fit at once, fewer do."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IN_LITTLE_MEMORY, "60"],
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"},  # what is freed goes back to the system
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["before"] == 0
    assert found["times_shrunk"] > 0
    assert found["apart"] < 0.01 * found["moved"]
    assert found["moved"] > 0.005
