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
from adaptkit.engine.batch_limits import Passes
from adaptkit.engine.train import Population
from adaptkit.engine.types import Trial
from adaptkit.errors import TrialOutOfMemory
from tests.conftest import number_rows
from tests.engine.populations import (
    ListJudge,
    allocate_too_much,
    filled_rows,
    greedy_above,
    make_training,
    micro_step,
)

PLACES = [[0, 1, 2, 3], [3, 2, 1, -1], [4, 0, -1, -1]]
TRIALS = [Trial(number=n, learning_rate=2e-3, batch_size=8, epochs=1, seed=n) for n in range(4)]


@pytest.fixture
def training(tiny_model: Any) -> Any:
    return make_training(tiny_model("bert"), "full", "token-classification", number_rows(37))


def gradients(training: Any, passes: Passes, places: Any = PLACES) -> tuple[torch.Tensor, Accumulator]:
    rows = filled_rows(training, len(places))
    accumulator = Accumulator(training.forward, rows, passes)
    accumulator.run(micro_step(training, places))
    accumulator.run(micro_step(training, places, bucket=0))
    return rows.grad.clone(), accumulator


@pytest.mark.parametrize(("rows", "examples"), [(1, 4), (2, 4), (2, 1), (3, 3), (3, 2), (1, 1)])
def test_gradients_do_not_depend_on_the_cut(rows: int, examples: int, training: Any) -> None:
    whole, one = gradients(training, Passes(rows=3, examples=4))
    cut, other = gradients(training, Passes(rows=rows, examples=examples))
    torch.testing.assert_close(cut, whole, atol=1e-4, rtol=1e-4)
    assert torch.equal(one.rows.weight, other.rows.weight)
    assert one.mean_losses() == pytest.approx(other.mean_losses(), rel=1e-5)
    assert whole.abs().max() > 0.1


def test_the_mean_loss_is_per_item(training: Any) -> None:
    _, accumulator = gradients(training, Passes(rows=1, examples=4), [[0, 1, 2, 3]])
    rows = accumulator.rows
    step = micro_step(training, [[0, 1, 2, 3]])
    losses, items = 0.0, 0
    for bucket in (training.buckets[-1], training.buckets[0]):
        batch = {name: tensor[step.places] for name, tensor in bucket.tensors.items()}
        loss, weight = training.forward.losses(rows.parameters(0, 1), batch, torch.ones(1, 4))
        losses, items = losses + float(loss), items + int(weight)
    assert accumulator.mean_losses() == [pytest.approx(losses / items, rel=1e-5)]


def test_a_rung_without_an_item_has_no_loss_to_divide_by(training: Any) -> None:
    _, accumulator = gradients(training, Passes(rows=1, examples=2), [[-1, -1]])
    assert accumulator.mean_losses() == [0.0]


@pytest.mark.parametrize("fitting", [3, 2, 1])
def test_memory_running_out_is_met_with_finer_passes_and_the_same_gradients(
    fitting: int, training: Any
) -> None:
    whole, _ = gradients(training, Passes(rows=3, examples=4))
    passes = Passes(rows=3, examples=4)
    greedy_above(training.forward.module, fitting)
    cut, accumulator = gradients(training, passes)
    torch.testing.assert_close(cut, whole, atol=1e-4, rtol=1e-4)
    assert passes.retreats == (2 if fitting == 1 else 1) + 1, "three rows to one, then fewer examples"
    assert accumulator.failures == [None] * 3


def test_memory_running_out_amid_the_examples_takes_the_rows_on_one_by_one(training: Any) -> None:
    """The first examples of three rows fit into one pass, the next ones of a single row only."""
    whole, calm = gradients(training, Passes(rows=3, examples=4))
    passed = 0

    def greedy(module: Any, args: Any) -> None:
        nonlocal passed
        if passed and torch._C._functorch.is_batchedtensor(module.bias):
            allocate_too_much()
        passed += 1

    training.forward.module.classifier.register_forward_pre_hook(greedy)
    cut, accumulator = gradients(training, Passes(rows=3, examples=2))
    assert accumulator.failures == [None] * 3
    torch.testing.assert_close(cut, whole, atol=1e-4, rtol=1e-4)
    assert accumulator.mean_losses() == pytest.approx(calm.mean_losses(), rel=1e-5)
    assert (accumulator.passes.rows, accumulator.passes.examples) == (1, 2)


def test_memory_running_out_in_backward_adds_nothing_twice(training: Any) -> None:
    """The pass fails after its forward half is done: what it had by then is thrown away whole."""
    whole, _ = gradients(training, Passes(rows=3, examples=4))
    passes = Passes(rows=1, examples=4)
    failed = 0

    def on_gradient(gradient: torch.Tensor) -> None:
        nonlocal failed
        if passes.examples > 2:
            failed += 1
            allocate_too_much()

    def hook(module: Any, args: Any, output: torch.Tensor) -> None:
        if output.requires_grad:
            output.register_hook(on_gradient)

    training.forward.module.bert.embeddings.register_forward_hook(hook)
    cut, _ = gradients(training, passes)
    assert failed > 0
    torch.testing.assert_close(cut, whole, atol=1e-4, rtol=1e-4)


def test_a_row_that_does_not_fit_at_all_fails_alone(training: Any) -> None:
    whole, calm = gradients(training, Passes(rows=1, examples=4))
    rows = filled_rows(training, 3)
    bias = training.layout.columns["classifier.bias"]
    rows.theta[1, bias] = 1e6

    def greedy(module: Any, args: Any) -> None:
        """More than one row at once, or the one row that is marked: too much."""
        if torch._C._functorch.is_batchedtensor(module.bias) or module.bias.max() > 1e5:
            allocate_too_much()

    training.forward.module.classifier.register_forward_pre_hook(greedy)
    accumulator = Accumulator(training.forward, rows, Passes(rows=3, examples=4))
    for bucket in (-1, 0):
        accumulator.run(micro_step(training, PLACES, bucket))
    assert [type(one) for one in accumulator.failures] == [type(None), TrialOutOfMemory, type(None)]
    assert "out of memory" in str(accumulator.failures[1])
    for row in (0, 2):
        torch.testing.assert_close(rows.grad[row], whole[row], atol=1e-4, rtol=1e-4)
        assert accumulator.mean_losses()[row] == pytest.approx(calm.mean_losses()[row], rel=1e-5)


def test_trials_that_fit_nowhere_fail_with_the_reason_and_the_others_in_line_are_tried(
    training: Any,
) -> None:
    greedy_above(training.forward.module, 0)
    judge = ListJudge(TRIALS)
    Population(training, 2, Passes(rows=2, examples=4)).run(judge)
    assert sorted(judge.outcomes) == [0, 1, 2, 3]
    for outcome in judge.outcomes.values():
        assert outcome.state == "fail"
        assert "out of memory" in outcome.reason
        assert outcome.best is None


def test_an_error_that_is_not_memorys_is_raised(training: Any) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a matrix of the wrong size")

    training.forward.module.register_forward_pre_hook(broken)
    with pytest.raises(RuntimeError, match="wrong size"):
        gradients(training, Passes(rows=3, examples=4))


def test_a_loss_that_is_not_finite_stays_in_its_row(training: Any) -> None:
    whole, _ = gradients(training, Passes(rows=3, examples=4))
    rows = filled_rows(training, 3)
    rows.theta[1] = math.nan
    accumulator = Accumulator(training.forward, rows, Passes(rows=3, examples=4))
    for bucket in (-1, 0):
        accumulator.run(micro_step(training, PLACES, bucket))
    losses = accumulator.mean_losses()
    assert [math.isfinite(loss) for loss in losses] == [True, False, True]
    assert torch.equal(rows.grad[0], whole[0])
    assert torch.equal(rows.grad[2], whole[2])


IN_LITTLE_MEMORY = """
import ctypes, json, resource, sys
import torch
torch.set_num_threads(1)
import transformers
from adaptkit.engine.types import Trial
from adaptkit.engine.batch_limits import Passes
from adaptkit.models.loading import LoadedModel
from tests.conftest import number_rows, tiny_config
from tests.engine.populations import last_rows, make_training

def limit(extra):
    ctypes.CDLL(None).malloc_trim(0)
    now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + extra, -1))

config = tiny_config("bert")
config.intermediate_size = 8_000  # wide inside: the activations are large, the parameters are not
torch.manual_seed(0)
module = transformers.AutoModelForTokenClassification.from_config(config).eval()
loaded = LoadedModel(module=module, tokenizer=None, fresh=frozenset({"classifier.weight", "classifier.bias"}),
                     head_class="AutoModelForTokenClassification", source="tiny", max_length=48)
training = make_training(loaded, "lora", "token-classification", number_rows(8),
                         micro_batch=8, rungs=1)
trials = [Trial(number=n, learning_rate=1e-2, batch_size=8, epochs=1, seed=n) for n in range(4)]
plenty = Passes(rows=4, examples=8)
free = last_rows(training, trials, 4, plenty)
tight = Passes(rows=4, examples=8)
limit(int(sys.argv[1]) << 20)
bound = last_rows(training, trials, 4, tight)
moved = max(float((free[n] - training.initial).abs().max()) for n in free)
apart = max(float((free[n] - bound[n]).abs().max()) for n in free)
print(json.dumps({
    "before": plenty.retreats, "retreats": tight.retreats, "moved": moved, "apart": apart,
}))
"""


def test_in_a_process_with_little_memory_the_result_is_the_same() -> None:
    """The machine's own limit on memory: four rows do not fit at once, fewer do."""
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
    assert found["retreats"] > 0
    assert found["apart"] < 0.01 * found["moved"]
    assert found["moved"] > 0.005
