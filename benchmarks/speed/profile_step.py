"""Where the time of a training step goes: a plain loop's and adaptkit's, by kind of work.

    python -m benchmarks.speed.profile_step --train train.csv --column label=category --strategies full,lora

One trial's micro-batches of several sizes, at the commonest length, under torch's profiler. The plain loop is
transformers' model with its own attention, AdamW and clipping: what Trainer runs, without Trainer. The
products' share of the time, at the peak that is measured beside it, says how much faster any engine could be.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from adaptkit.config import DEFAULT_MODEL, DataConfig
from adaptkit.data.load import load
from adaptkit.engine.accumulate import Accumulator
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.batches import MicroStep
from adaptkit.engine.prepare import make_training, prepare_model
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import TrialStack
from adaptkit.engine.types import Trial
from adaptkit.models.loading import load_model
from adaptkit.strategies.apply import adapted
from adaptkit.strategies.registry import built_in
from adaptkit.tasks import registry
from benchmarks.speed.peak import measured
from benchmarks.speed.results import RESULTS, circumstances, write_result

PRODUCTS = "matrix products"
PRODUCT_NAMES = {"mm", "addmm", "bmm", "baddbmm", "linear", "matmul"}
KINDS = {
    "attention": ("softmax", "attention"),
    "dropout": ("bernoulli", "random", "dropout"),
    "optimiser and clipping": ("adamw", "vector_norm"),
    "copies, casts and zeros": ("copy", "fill", "zero", "clone"),
    "other layers": ("gelu", "layer_norm", "embedding", "index", "tanh", "nll"),
}
"""Kind of work → what is in the names of torch's operations of that kind; the first that fits counts."""

REPEATS = 25
ROWS = 1500


def kind_of(operation: str) -> str:
    """The kind of work an operation is; "elementwise and the rest" if of none."""
    name = operation.removeprefix("aten::").strip("_").lower()
    if name in PRODUCT_NAMES:
        return PRODUCTS
    fitting = (kind for kind, parts in KINDS.items() if any(part in name for part in parts))
    return next(fitting, "elementwise and the rest")


def shares(step: Callable[[], None]) -> tuple[float, dict[str, float]]:
    """The seconds of a step, the best of several, and each kind's share of the processor's time."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        step()
    spent: dict[str, float] = {}
    for event in profiled.key_averages():
        kind = kind_of(event.key)
        spent[kind] = spent.get(kind, 0.0) + event.self_cpu_time_total
    whole = sum(spent.values())
    return min(times), {kind: value / whole for kind, value in sorted(spent.items(), key=lambda one: -one[1])}


def plain_step(
    model: Any, inputs: frozenset[str], training: Training, step: MicroStep, *, bfloat16: bool
) -> Callable[[], None]:
    """Forward, backward, clipping and AdamW as a plain loop has them."""
    trained = [p for p in model.parameters() if p.requires_grad]
    adamw = torch.optim.AdamW(trained, lr=1e-5, fused=True)
    batch = {name: tensor[step.places[0]] for name, tensor in step.bucket.tensors.items()}
    model.train()

    def run() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            outputs = model(**{name: tensor for name, tensor in batch.items() if name in inputs})
        losses, weights = training.dev.task.loss(
            {name: outputs[name] for name in training.dev.task.outputs}, batch
        )
        ((losses * weights).sum() / weights.sum()).backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        adamw.step()
        adamw.zero_grad()

    return run


def engine_step(training: Training, step: MicroStep) -> Callable[[], None]:
    """The same as the engine has it, for one trial."""
    stack = TrialStack(training.layout, 1, training.forward.device)
    stack.add(training.initial, Trial(number=0, learning_rate=1e-5, batch_size=1, epochs=1))
    accumulator = Accumulator(training.forward, stack, BatchLimits(slots=1, examples=step.places.shape[1]))
    training.forward.module.train()

    def run() -> None:
        accumulator.run(step)
        stack.step(0, 1e-5)

    return run


def compare(options: argparse.Namespace, strategy: str, sizes: list[int]) -> list[dict[str, Any]]:
    """One strategy's steps, plain and by the engine, of each batch size."""
    task = registry.load(options.task)
    columns = dict(pair.split("=", 1) for pair in options.column)
    data = load(task, DataConfig(train=options.train, columns=columns), 0)
    loaded = load_model(task, options.model, data.labels, seed=0, max_length=None)
    plain = adapted(copy.deepcopy(loaded), built_in(strategy, 8))
    bfloat16 = options.precision == "bf16"
    model = prepare_model(task, loaded, data.labels, built_in(strategy, 8), device="cpu", bfloat16=bfloat16)
    training = make_training(
        model, task, data.train.values[:ROWS], data.dev.values[:100], batch_sizes=sizes, rungs_per_epoch=1,
        seed=0, metric=task.metric.name, direction=task.metric.direction,
    )  # fmt: skip
    bucket = training.buckets[max(range(len(training.plan.steps)), key=training.plan.steps.__getitem__)]
    found = []
    for size in sizes:
        places = (torch.arange(size) % len(bucket.positions)).unsqueeze(0)  # [1, examples]
        step = MicroStep(bucket=bucket, places=places, seeds=places, seen=[size], tokens=0, last=True)
        sides = {
            "plain": plain_step(plain, model.forward.inputs, training, step, bfloat16=bfloat16),
            "adaptkit": engine_step(training, step),
        }
        measured = {name: shares(run) for name, run in sides.items()}
        for name, (seconds, parts) in measured.items():
            told = ", ".join(f"{kind} {share:.0%}" for kind, share in parts.items() if share >= 0.01)
            print(f"{strategy} {size:3} x {bucket.length} tokens, {name:8} {1e3 * seconds:7.1f} ms: {told}")
        values = {name: {"seconds": seconds, "shares": parts} for name, (seconds, parts) in measured.items()}
        found.append({"batch_size": size, "tokens": bucket.length, **values})
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Profiles the steps named on the command line, prints the shares, and writes them down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--train", required=True, help="a file of training rows")
    parser.add_argument("--task", default="text-classification")
    parser.add_argument("--column", action="append", default=[], metavar="NAME=COLUMN")
    parser.add_argument("--strategies", default="full,lora")
    parser.add_argument("--sizes", default="8,32", help="batch sizes (default 8,32)")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    sizes = [int(size) for size in options.sizes.split(",")]
    record = {
        **circumstances(),
        "device": asdict(measured("cpu", options.precision)),
        "setting": {"precision": options.precision},
        "steps": {strategy: compare(options, strategy, sizes) for strategy in options.strategies.split(",")},
    }
    write_result(options.results / "profile", f"cpu-{options.precision}", record)


if __name__ == "__main__":
    main()
