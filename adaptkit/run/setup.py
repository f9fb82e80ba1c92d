"""The stages before the first trial: read the data, load the model, encode, and measure what fits.

Each is done once per run, for all trials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptkit.config import StudyConfig
from adaptkit.data.groups import SPLIT_VERSION
from adaptkit.data.load import NONE_GIVEN, Dataset, load
from adaptkit.report.progress import Progress
from adaptkit.run.context import Clock, RunContext
from adaptkit.run.method import Method
from adaptkit.run.opening import with_examples
from adaptkit.run.reshuffling import NONE_HELD_OUT, HeldOut
from adaptkit.run.resolve import Machine, strategy_of
from adaptkit.search.space import SearchSpace

if TYPE_CHECKING:
    from adaptkit.data.in_memory import MemoryRows
    from adaptkit.engine.capacity import Capacity
    from adaptkit.engine.head_init import SolvedHead
    from adaptkit.engine.prepare import Model
    from adaptkit.engine.training import Training
    from adaptkit.models.loading import LoadedModel
    from adaptkit.study.provenance import Provenance
    from adaptkit.task import Row, Task

HEAD_NOT_USED = "the head of the model is not used: a head on a frozen encoder is solved anew"

NO_HEADS: Mapping[int, SolvedHead] = {}

ROWS_TO_CHECK = 200
"""So many training rows are encoded to see whether the model's tokenizer knows their tokens."""


def read_data(
    config: StudyConfig,
    task: Task,
    earlier: Provenance | None,
    progress: Progress,
    clock: Clock,
    rows: Mapping[str, MemoryRows] = NONE_GIVEN,
) -> Dataset:
    """Read the rows, and show the warnings about them; `adaptkit.data.load.load` lists the errors.

    A study that exists keeps the way in which its dev rows were split off.
    """
    progress.phase("reading the data")
    with clock.phase("data"):
        split = earlier.split if earlier else SPLIT_VERSION
        data = load(task, config.data, config.seed, split=split, given=rows)
    if data.sample:
        progress.note(f"no data given: using the sample of the task {config.task!r}")
    if data.read_as:
        progress.note(f"read as: {in_one_line(data.read_as)}")
    for warning in data.warnings:
        progress.note(warning)
    return data


def in_one_line(read_as: Mapping[str, str]) -> str:
    """What was inferred to read the splits; splits that were read alike are named together."""
    alike: dict[str, list[str]] = {}
    for split, how in read_as.items():
        alike.setdefault(how, []).append(split)
    return "; ".join(f"{how} ({', '.join(splits)})" for how, splits in alike.items())


def load_encoder(
    config: StudyConfig,
    task: Task,
    data: Dataset,
    earlier: Provenance | None,
    progress: Progress,
    clock: Clock,
    *,
    solver: str,
) -> tuple[Machine, LoadedModel]:
    """Resolve the device, and load the pre-trained model with the task's head.

    Raises:
        ConfigError: the device or the precision is not available.
        ModelError: the model cannot be loaded, has changed since the study started, or cannot read the rows.
    """
    from adaptkit.models.loading import load_model

    progress.phase("loading the model")
    with clock.phase("model"):
        machine = Machine.of(config)
        loaded = load_model(
            task, config.model, data.labels,
            seed=config.seed, max_length=config.max_length,
            recorded=earlier.base_fingerprints if earlier else None,
        )  # fmt: skip
        loaded = check_examples(task, loaded, data)
    if loaded.head_note and solver == "lbfgs":
        loaded = replace(loaded, head_note=HEAD_NOT_USED)
    for note in (loaded.head_note, *loaded.warnings):
        if note:
            progress.note(note)
    return machine, loaded


def check_examples(task: Task, loaded: LoadedModel, data: Dataset) -> LoadedModel:
    """The model, with a warning if its tokenizer does not know many tokens of the training or dev rows.

    Raises:
        ModelError: it knows hardly any, or the rows need larger tables of embeddings.
    """
    from adaptkit.data.encode import encode
    from adaptkit.models.examples import refuse_unreadable, unlike_texts

    train, dev = (
        encode(task, _some(rows.values), loaded.tokenizer, data.labels, loaded.max_length)
        for rows in (data.train, data.dev)
    )
    notes = [refuse_unreadable(train, loaded), unlike_texts(train, dev, loaded)]
    return replace(loaded, warnings=(*loaded.warnings, *filter(None, notes)))


def _some(rows: Sequence[Row]) -> Sequence[Row]:
    """About `ROWS_TO_CHECK` rows at equal distances."""
    return rows[:: max(1, len(rows) // ROWS_TO_CHECK)]


def prepare_training(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, loaded: LoadedModel,
    machine: Machine, space: SearchSpace, rungs: int, method: Method,
    held_out: HeldOut = NONE_HELD_OUT, heads: Mapping[int, SolvedHead] = NO_HEADS,
) -> tuple[Model, Training]:  # fmt: skip
    """Apply the strategy to the model, and encode the data for it, once for all trials.

    Args:
        context: the run.
        config: the study's configuration.
        task: its task.
        data: its rows.
        loaded: the model with the task's head.
        machine: the device and the cache.
        space: the search space.
        rungs: how often the trials are scored in an epoch.
        method: how the models are trained.
        held_out: the dev rows of each split, if trials have splits of their own.
        heads: the head that the trials of each split start with, if they are solved.

    Raises:
        TaskError: a part of the task failed.
    """
    from adaptkit.cache.features import FeaturesOnDisk
    from adaptkit.engine.head_init import with_heads
    from adaptkit.engine.other_rows import make_split_solver_training, make_split_training
    from adaptkit.engine.patches.fast_paths import FAST_PATHS
    from adaptkit.engine.prepare import make_solver_training, make_training, prepare_model
    from adaptkit.engine.rehearsal import rehearse

    context.progress.phase(f"encoding the data, {len(data.train) + len(data.dev):,} rows")
    warn_of_truncation(context, task, data, loaded, folds=method.folds)
    with context.clock.phase("data" if strategy_of(config).trains_encoder else "features"):
        total = sum(parameter.numel() for parameter in loaded.module.parameters())
        about = {"model": config.model, "data": context.summary.data["train"].source}
        store = FeaturesOnDisk(machine.cache, about, on_progress=context.progress.encoded)
        model = prepare_model(
            task,
            loaded,
            data.labels,
            strategy_of(config),
            device=machine.device,
            bfloat16=machine.precision == "bf16",
            store=store,
            fast_paths=FAST_PATHS if config.fast_paths else (),
        )
        scoring: dict[str, Any] = {
            "metric": context.summary.metric, "direction": context.summary.direction, "seed": config.seed
        }  # fmt: skip
        steps: dict[str, Any] = {"batch_sizes": space.batch_sizes, "rungs_per_epoch": rungs}
        rows = [*data.train.values, *data.dev.values]
        if method.folds:
            training = make_solver_training(model, task, rows, **scoring)
        elif held_out and method.solver == "lbfgs":
            training = make_split_solver_training(model, task, rows, held_out, **scoring)
        elif held_out:
            training = make_split_training(model, task, rows, held_out, **steps, **scoring)
        else:
            training = make_training(model, task, data.train.values, data.dev.values, **steps, **scoring)
        training = with_heads(method.weighting.applied(training, data.labels), heads)
        rehearse(training)
    if store.note:
        context.progress.note(store.note)
    write_preparation(context, machine, model, training, total_parameters=total)
    return model, training


def warn_of_truncation(
    context: RunContext, task: Task, data: Dataset, loaded: LoadedModel, *, folds: int
) -> None:
    """Show and record how many rows are longer than the model reads."""
    from adaptkit.data.lengths import truncation_warnings
    from adaptkit.models.tokenizer import length_limit

    splits = {"train": data.train.joined(data.dev)} if folds else {"train": data.train, "dev": data.dev}
    limit = length_limit(loaded.module, loaded.tokenizer)
    with context.clock.phase("data"):
        found = truncation_warnings(
            task, splits, loaded.tokenizer, data.labels, max_length=loaded.max_length, limit=limit
        )
    for warning in found:
        context.progress.note(warning)
    context.write(truncation=found, warnings=list(dict.fromkeys([*context.summary.warnings, *found])))


def write_preparation(
    context: RunContext, machine: Machine, model: Model, training: Training, *, total_parameters: int
) -> None:
    """Write to the summary what is trained, on what device, and how many examples there are."""
    from adaptkit.system.devices import device_name

    encoder, passes = model.encoder, context.summary.encoder_passes or 0
    context.write(
        trained_parameters=training.layout.width,
        fast_paths=training.fast_paths,
        occurring_tokens=None if training.vocabulary is None else len(training.vocabulary),
        total_parameters=total_parameters,
        device=device_name(machine.device),
        precision=machine.precision,
        encoder_passes=None if encoder is None else passes + (encoder.examples_read > 0),
        features_reused=0 if encoder is None else encoder.examples_reused,
        data=with_examples(
            context.summary.data, train=training.plan.examples, dev=len(training.dev.examples)
        ),
    )


def measure_capacity(context: RunContext, config: StudyConfig, training: Training, wanted: int) -> Capacity:
    """Measure on the device how many trials each worker trains together."""
    import torch

    from adaptkit.engine.capacity import plan_capacity

    context.progress.phase("measuring how many trials fit together")
    workers = context.trainer.workers
    with context.clock.phase("measure"):
        each = -(-wanted // workers)
        capacity = plan_capacity(training, wanted=each, parallel_trials=config.parallel_trials)
        if training.forward.device.type == "cpu":
            capacity = capacity.shared(workers)
    # Dropout uses the global generator: a repeated study draws the same numbers, a resumed one others.
    torch.manual_seed(config.seed + wanted)
    if capacity.reason:
        context.progress.note(f"trials are not trained together: {capacity.reason}")
    context.write(
        workers=workers,
        parallel_trials=capacity.slots,
        trials_per_pass=capacity.limits.slots,
        micro_batch=capacity.limits.examples,
        bytes_a_trial=capacity.bytes_a_slot,
        not_together=capacity.reason,
        speeds={str(rows): speed for rows, speed in capacity.speeds.items()},
    )
    return capacity
