"""What comes before the first trial: the model by its strategy, the data encoded, what fits measured.

Each step is done once a study and told in its summary. Knows no search and no trial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.config import StudyConfig
from adaptkit.data.load import Dataset
from adaptkit.run.context import RunContext, with_examples
from adaptkit.run.resolve import Machine
from adaptkit.search.space import Space

if TYPE_CHECKING:
    from adaptkit.engine.capacity import Capacity
    from adaptkit.engine.train import Training
    from adaptkit.models.loading import LoadedModel
    from adaptkit.task import Task


def prepare_training(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, loaded: LoadedModel,
    machine: Machine, space: Space, rungs: int,
) -> Training:  # fmt: skip
    """The model by its strategy, and the data encoded for it, once for all trials."""
    from adaptkit.cache.features import FeaturesOnDisk
    from adaptkit.engine.prepare import make_training, prepare_model
    from adaptkit.system.allocator import keep_freed_memory
    from adaptkit.system.devices import device_name

    if machine.device == "cpu":
        keep_freed_memory()
    context.progress.phase(f"encoding the data, {len(data.train) + len(data.dev):,} rows")
    with context.clock.phase("features" if config.strategy == "frozen" else "data"):
        total = sum(parameter.numel() for parameter in loaded.module.parameters())
        about = {"model": config.model, "data": context.summary.data["train"].source}
        store = FeaturesOnDisk(machine.cache, about, on_progress=context.progress.encoded)
        model = prepare_model(
            task,
            loaded,
            data.labels,
            config.strategy,
            config.lora_rank,
            device=machine.device,
            bfloat16=machine.precision == "bf16",
            store=store,
        )
        training = make_training(
            model, task, data.train.values, data.dev.values,
            batch_sizes=space.batch_sizes, rungs_per_epoch=rungs,
            seed=config.seed, metric=context.summary.metric, direction=context.summary.direction,
        )  # fmt: skip
    if store.note:
        context.progress.note(store.note)
    encoder, passes = model.encoder, context.summary.encoder_passes or 0
    context.write(
        trained_parameters=training.layout.width,
        occurring_tokens=None if training.vocabulary is None else len(training.vocabulary),
        total_parameters=total,
        device=device_name(machine.device),
        precision=machine.precision,
        encoder_passes=None if encoder is None else passes + (encoder.examples_read > 0),
        features_reused=0 if encoder is None else encoder.examples_reused,
        data=with_examples(
            context.summary.data, train=training.plan.examples, dev=len(training.dev.examples)
        ),
    )
    return training


def measure_capacity(context: RunContext, config: StudyConfig, training: Training, wanted: int) -> Capacity:
    """How many trials are trained together, as measured on the device."""
    import torch

    from adaptkit.engine.capacity import plan_capacity

    context.progress.phase("measuring how many trials fit together")
    with context.clock.phase("measure"):
        capacity = plan_capacity(training, wanted=wanted, parallel_trials=config.parallel_trials)
    # Dropout draws from the global generator: a resumed study draws anew, a repeated one the same.
    torch.manual_seed(config.seed + wanted)
    context.write(
        parallel_trials=capacity.slots,
        trials_per_pass=capacity.limits.slots,
        micro_batch=capacity.limits.examples,
        bytes_a_trial=capacity.bytes_a_slot,
        speeds={str(rows): speed for rows, speed in capacity.speeds.items()},
    )
    return capacity
