"""Measures each fast path of the engine: a study's work with all of them, and with all but one.

    python -m benchmarks.fast_paths --train train.csv --column label=category

The two sides take turns in one process on one thread, and the ratio of each pair of processor times is
recorded, so that other load on the machine changes it little. The work is a training step (forward, backward,
optimiser) of one trial or of several trials in one pass, and under a frozen encoder the encoder's pass.
Results go to `results/fast_paths/`, one JSON file for a strategy, and `python -m benchmarks.fast_paths_table`
writes the table in `README.md` from them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from adaptkit.config import DEFAULT_MODEL, DataConfig
from adaptkit.data.encode import Bucket, collate, encode, length_of
from adaptkit.data.load import load
from adaptkit.engine.accumulate import Accumulator
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.batches import MicroStep
from adaptkit.engine.patches.fast_paths import FAST_PATHS
from adaptkit.engine.prepare import Model, make_training, prepare_model
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import TrialStack
from adaptkit.engine.types import Trial
from adaptkit.engine.vmap_check import vmap_check
from adaptkit.models.loading import load_model
from adaptkit.strategies.registry import built_in
from adaptkit.system.allocator import keep_freed_memory
from adaptkit.system.devices import resolve_precision
from adaptkit.task import Row, Task
from adaptkit.tasks import registry
from benchmarks.speed.results import circumstances, write_result

RESULTS = Path(__file__).parent / "results" / "fast_paths"

BATCH_SIZE = 16
LORA_RANK = 8
TRAIN_ROWS, DEV_ROWS, ENCODED_ROWS = 600, 60, 256

STEP, PASS = "training step", "encoder pass"

Work = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is measured with and without a fast path."""

    path: str
    work: str
    trials: int
    """Trials in one pass of a training step; 1 for an encoder pass."""


CASES = {
    "full": [
        Case(path=path, work=STEP, trials=trials)
        for path in ("attention", "last_layer", "vocabulary")
        for trials in (1, 4)
    ],
    "lora": [
        Case(path=path, work=STEP, trials=trials)
        for path in ("attention", "lora", "last_layer")
        for trials in (1, 4)
    ],
    "frozen": [
        *(Case(path=path, work=PASS, trials=1) for path in ("attention", "last_layer")),
        Case(path="first_token", work=STEP, trials=8),
    ],
}
"""Strategy → the cases in which a path has something to do."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The study whose work is measured."""

    task: Task
    train: Sequence[Row]
    dev: Sequence[Row]
    labels: Sequence[str]
    model: str
    bfloat16: bool


def prepare(setting: Setting, strategy: str, paths: Collection[str]) -> tuple[Model, Training]:
    """The study's model and training with these fast paths."""
    task = setting.task
    loaded = load_model(task, setting.model, setting.labels, seed=0, max_length=None)
    model = prepare_model(
        task,
        loaded,
        setting.labels,
        built_in(strategy, LORA_RANK),
        device="cpu",
        bfloat16=setting.bfloat16,
        fast_paths=paths,
    )
    training = make_training(
        model, task, setting.train, setting.dev, batch_sizes=[BATCH_SIZE],
        rungs_per_epoch=1, seed=0, metric=task.metric.name, direction=task.metric.direction,
    )  # fmt: skip
    return model, training


def step_of(training: Training, trials: int) -> Work:
    """One training step of several trials, in one pass if they can share one."""
    checked = vmap_check(training).training if trials > 1 else training
    together = 1 if checked is None else trials
    training = checked or training
    stack = TrialStack(training.layout, trials, training.forward.device)
    for number in range(trials):
        stack.add(training.initial, Trial(number=number, learning_rate=1e-5, batch_size=BATCH_SIZE, epochs=1))
    limits = BatchLimits(slots=together, examples=BATCH_SIZE)
    accumulator = Accumulator(training.forward, stack, limits)
    bucket = commonest_bucket(training)
    places = (torch.arange(BATCH_SIZE) % len(bucket.positions)).expand(trials, -1)  # [trials, examples]
    step = MicroStep(
        bucket=bucket, places=places, seeds=places, seen=[BATCH_SIZE] * trials, tokens=0, last=True
    )

    def run() -> None:
        training.forward.module.train()
        accumulator.run(step)
        for slot in range(trials):
            stack.step(slot, 1e-5)

    return run


def pass_of(setting: Setting, model: Model) -> Work:
    """One pass of the frozen encoder over some examples of medium length."""
    assert model.encoder is not None
    encoder, inputs = model.encoder, frozenset(model.tokenizer.model_input_names)
    bucket = medium_bucket(setting, model)

    def run() -> None:
        encoder.encode(bucket, inputs)

    return run


def commonest_bucket(training: Training) -> Bucket:
    """The training examples of the most common length."""
    return training.buckets[max(range(len(training.buckets)), key=training.plan.steps.__getitem__)]


def bucket_of(setting: Setting, prepared: tuple[Model, Training], case: Case) -> Bucket:
    """What the case's work reads."""
    model, training = prepared
    return medium_bucket(setting, model) if case.work == PASS else commonest_bucket(training)


def medium_bucket(setting: Setting, model: Model) -> Bucket:
    """The examples of medium length, padded to the longest of them."""
    examples = encode(setting.task, setting.train, model.tokenizer, model.labels, model.max_length)
    by_length = sorted(range(len(examples)), key=lambda place: length_of(examples[place]))
    first = max(0, (len(examples) - ENCODED_ROWS) // 2)
    medium = by_length[first : first + ENCODED_ROWS]
    return collate(setting.task, examples, medium, model.tokenizer, length_of(examples[medium[-1]]))


def measured(
    setting: Setting, strategy: str, paths: Collection[str], repeats: int
) -> Iterator[dict[str, Any]]:
    """The results of the strategy's cases with these paths; each model is prepared once."""
    everything = prepare(setting, strategy, FAST_PATHS)
    path, without = "", everything
    for case in (case for case in CASES[strategy] if case.path in paths):
        if case.path not in everything[1].fast_paths:
            raise ValueError(f"{case.path} is not in use under {strategy}: {everything[1].fast_paths}")
        if case.path != path:
            path = case.path
            without = prepare(setting, strategy, [other for other in FAST_PATHS if other != path])
        works = {
            side: pass_of(setting, model) if case.work == PASS else step_of(training, case.trials)
            for side, (model, training) in {"with": everything, "without": without}.items()
        }
        tokens = bucket_of(setting, everything, case).length
        yield {"tokens": tokens, **compare(case, works, repeats)}


def compare(case: Case, works: dict[str, Work], repeats: int) -> dict[str, Any]:
    """The times of both sides in turns, and their ratios: how much longer the work takes without the path."""
    times = in_turns(works, repeats)
    ratios = [without / with_it for with_it, without in zip(times["with"], times["without"], strict=True)]
    return {
        "path": case.path,
        "work": case.work,
        "trials": case.trials,
        "with_seconds": median(times["with"]), "without_seconds": median(times["without"]),
        "ratios": [round(ratio, 4) for ratio in ratios],
    }  # fmt: skip


def in_turns(works: dict[str, Work], repeats: int) -> dict[str, list[float]]:
    """Seconds of each work, measured one after the other in changing order, after one run to warm up."""
    for work in works.values():
        work()
        work()
    count = max(1, round(0.2 / max(min(seconds(work, 1) for work in works.values()), 1e-6)))
    times: dict[str, list[float]] = {name: [] for name in works}
    for repeat in range(repeats):
        for name in sorted(works, reverse=bool(repeat % 2)):
            times[name].append(seconds(works[name], count))
    return times


def seconds(work: Work, count: int) -> float:
    """The processor's mean seconds for the work over ``count`` runs."""
    started = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - started) / count


def setting_of(options: argparse.Namespace) -> Setting:
    """The study that the command line describes."""
    task = registry.load(options.task)
    columns = dict(pair.split("=", 1) for pair in options.column)
    data = load(task, DataConfig(train=options.train, columns=columns), 0)
    return Setting(
        task=task,
        train=joined(data.train.values, options.join)[:TRAIN_ROWS],
        dev=joined(data.dev.values, options.join)[:DEV_ROWS],
        labels=data.labels,
        model=options.model,
        bfloat16=resolve_precision(options.precision, "cpu") == "bf16",
    )


def joined(rows: Sequence[Row], count: int) -> list[Row]:
    """Longer rows: the texts of ``count`` rows that follow one another, with the label of the first."""
    if count == 1:
        return list(rows)
    texts = [str(row["text"]) for row in rows]
    return [{**row, "text": " ".join(texts[place : place + count])} for place, row in enumerate(rows)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures the cases of the strategies named on the command line, prints the ratios and writes them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--train", required=True, help="a file of training rows")
    parser.add_argument("--task", default="text-classification")
    parser.add_argument("--column", action="append", default=[], metavar="NAME=COLUMN")
    parser.add_argument("--strategies", default="frozen,lora,full")
    parser.add_argument("--paths", default=",".join(FAST_PATHS))
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    parser.add_argument("--join", type=int, default=1, help="join the texts of so many rows to longer ones")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # threads that wait for one another would count as processor time
    keep_freed_memory()  # as the command line does
    setting = setting_of(options)
    for strategy in options.strategies.split(","):
        cases = []
        for found in measured(setting, strategy, options.paths.split(","), options.repeats):
            cases.append(found)
            spread = f"{min(found['ratios']):.2f} to {max(found['ratios']):.2f}"
            print(
                f"{strategy:6} {found['work']}, {found['trials']} trials in a pass: without {found['path']} "
                f"{median(found['ratios']):.3f} times the time ({spread})",
                flush=True,
            )
        record = {
            **circumstances(),
            "setting": {
                "model": options.model, "task": options.task, "rows": Path(options.train).name,
                "batch_size": BATCH_SIZE, "threads": 1,
                "join": options.join, "precision": "bf16" if setting.bfloat16 else "fp32",
                "repeats": options.repeats,
            },
            "cases": cases,
        }  # fmt: skip
        write_result(options.results, f"{strategy}-{options.join}", record)


if __name__ == "__main__":
    main()
