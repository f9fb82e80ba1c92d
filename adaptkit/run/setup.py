"""What comes before the first trial: the model by its strategy, the data encoded, what fits measured.

Each step is done once a study and told in its summary. Knows no search and no trial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.config import StudyConfig
from adaptkit.data.load import Dataset
from adaptkit.run.context import Desk, with_examples
from adaptkit.run.resolve import Machine
from adaptkit.search.space import Space

if TYPE_CHECKING:
    from adaptkit.engine.capacity import Fit
    from adaptkit.engine.train import Training
    from adaptkit.models.loading import LoadedModel
    from adaptkit.task import Task


def prepared(
    desk: Desk, config: StudyConfig, task: Task, data: Dataset, loaded: LoadedModel, machine: Machine,
    space: Space, rungs: int,
) -> Training:  # fmt: skip
    """The model by its strategy, and the data encoded for it, once for all trials."""
    from adaptkit.cache.features import FeaturesOnDisk
    from adaptkit.engine.prepare import make_training, prepare_model
    from adaptkit.system.allocator import keep_freed_memory
    from adaptkit.system.devices import device_name

    if machine.device == "cpu":
        keep_freed_memory()
    desk.progress.phase(f"encoding the data, {len(data.train) + len(data.dev):,} rows")
    with desk.clock.phase("features" if config.strategy == "frozen" else "data"):
        total = sum(parameter.numel() for parameter in loaded.module.parameters())
        about = {"model": config.model, "data": desk.summary.data["train"].source}
        store = FeaturesOnDisk(machine.cache, about, told=desk.progress.encoded)
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
            seed=config.seed, metric=desk.summary.metric, direction=desk.summary.direction,
        )  # fmt: skip
    if store.note:
        desk.progress.note(store.note)
    encoder, passes = model.encoder, desk.summary.encoder_passes or 0
    desk.write(
        trained_parameters=training.layout.width,
        occurring_tokens=None if training.vocabulary is None else len(training.vocabulary),
        total_parameters=total,
        device=device_name(machine.device),
        precision=machine.precision,
        encoder_passes=None if encoder is None else passes + (encoder.examples_read > 0),
        features_reused=0 if encoder is None else encoder.examples_reused,
        data=with_examples(desk.summary.data, train=training.plan.examples, dev=len(training.dev.examples)),
    )
    return training


def measured(desk: Desk, config: StudyConfig, training: Training, wanted: int) -> Fit:
    """How many trials are trained together, as measured on the device."""
    import torch

    from adaptkit.engine.capacity import fit

    desk.progress.phase("measuring how many trials fit together")
    with desk.clock.phase("measure"):
        fitted = fit(training, wanted=wanted, together=config.together)
    # Dropout draws from the global generator: a resumed study draws anew, a repeated one the same.
    torch.manual_seed(config.seed + wanted)
    desk.write(
        together=fitted.capacity,
        rows_per_pass=fitted.passes.rows,
        micro_batch=fitted.passes.examples,
        bytes_a_trial=fitted.bytes_a_row,
        speeds={str(rows): speed for rows, speed in fitted.speeds.items()},
    )
    return fitted
