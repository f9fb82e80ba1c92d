"""`tune`: a study from the arguments of one call; `run_study`: a study from a configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from adaptkit.api import arguments as given
from adaptkit.api.data import data_config
from adaptkit.api.errors import in_python_words
from adaptkit.api.progress import shown_progress
from adaptkit.api.sources import RowSource, sources_of
from adaptkit.config import (
    DEFAULT_MODEL,
    HeadInitName,
    PoolingName,
    PrecisionName,
    SearchConfig,
    SolverName,
    StudyConfig,
)
from adaptkit.data.in_memory import MemoryRows
from adaptkit.run.callbacks import Callback, checked_callbacks
from adaptkit.run.study import Study
from adaptkit.system.signals import stop_at_once

Progress = bool | Callable[[str], object]
"""Whether progress is shown on standard error, or a function that is called with each line of it."""


def tune(
    task: str,
    *,
    data: RowSource | Mapping[str, RowSource] | None = None,
    train: RowSource | None = None,
    dev: RowSource | float | None = None,
    test: RowSource | None = None,
    columns: Mapping[str, str | int] | None = None,
    dev_fraction: float | None = None,
    skip_bad_rows: bool = False,
    delimiter: str | None = None,
    encoding: str | None = None,
    reader: str | None = None,
    group: str | None = None,
    options: Mapping[str, Any] | None = None,
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    strategy: str = StudyConfig.strategy,
    strategy_options: Mapping[str, Any] | None = None,
    pooling: PoolingName = StudyConfig.pooling,
    head_solver: SolverName = StudyConfig.head_solver,
    head_init: HeadInitName = StudyConfig.head_init,
    folds: int | None = None,
    layers: int | None = None,
    lora_rank: int = StudyConfig.lora_rank,
    max_length: int | None = None,
    trials: int = SearchConfig.trials,
    epochs: float | None = None,
    learning_rate: float | Sequence[float] | None = None,
    batch_sizes: int | Iterable[int] | None = None,
    class_weights: str | os.PathLike[str] | Mapping[str, float] | None = None,
    label_smoothing: float = 0.0,
    metric: str | None = None,
    metric_options: Mapping[str, Any] | None = None,
    pruning: bool = True,
    patience: int | None = None,
    confirm: int | None = None,
    refit: bool | None = None,
    reshuffle: bool = False,
    soup: bool | None = None,
    evals_per_epoch: int | None = None,
    timeout: float | str | timedelta | None = None,
    seed: int = 0,
    device: str = "auto",
    devices: str | Iterable[str] | None = None,
    ray: str | None = None,
    precision: PrecisionName = "auto",
    parallel_trials: int | None = None,
    fast_paths: bool = True,
    study: str | None = None,
    studies: str | os.PathLike[str] = "studies",
    progress: Progress = True,
    callbacks: Callback | Iterable[Callback] = (),
) -> Study:
    """Tune a task on the data, and return the study. If the study exists, continue it.

    Rows are given as a path, a list of dictionaries, a dictionary of columns, a DataFrame of pandas or
    polars, or a `datasets.Dataset`. Rows in memory are checked like those of a file. The study keeps a copy
    of them in its folder, and its name depends on their contents: the same call continues the same study.

    None means that adaptkit chooses.

    Args:
        task: the task's name; ``adaptkit tasks`` lists the installed ones.
        data: one source for all splits: rows, a dictionary of splits, or the path of a file or folder.
        train: the training rows.
        dev: the rows that score the trials, or the fraction of the training rows that does, such as 0.15.
        test: the rows that the winner is scored on once.
        columns: the task's column → the column of the data, by name or by number from 1.
        dev_fraction: the fraction of the training rows used as dev if no dev rows are given; None is 0.15,
            or folds where they score the trials. A given fraction means no folds.
        skip_bad_rows: leave out invalid rows and count them, instead of raising an error.
        delimiter: the character between the fields of a table, or "tab".
        encoding: the encoding of text files; UTF-8 by default.
        reader: the reader of a plugin for files, by name.
        group: a column of the data; rows with the same value in it stay in one split and one fold.
        options: the options of the task.
        model: a transformers encoder: a hub id or a folder.
        strategy: what is trained: "frozen", "lora", "full", or a strategy of a plugin.
        strategy_options: the options of the strategy.
        pooling: how a head for texts pools the tokens' states.
        head_solver: how a head on a frozen encoder is trained: "lbfgs", "adamw" or "auto".
        head_init: how a head starts where the encoder trains: "solved", "random" or "auto".
        folds: folds of cross-validation that score the trials instead of dev rows; 0 for none.
        layers: use only so many of the encoder's layers; 0 for all.
        lora_rank: the rank of LoRA's updates.
        max_length: the most tokens in one example.
        trials: the total number of trials of the study, those of earlier calls included.
        epochs: the epochs of a trial.
        learning_rate: the lowest and the highest rate to search, or one rate.
        batch_sizes: the batch sizes to search, or one size.
        class_weights: "balanced", a dictionary of labels and weights, or a JSON or TOML file of them.
        label_smoothing: label smoothing of the loss.
        metric: the number to optimise, of the task or of a plugin; by default the task's metric.
        metric_options: the options of a plugin's metric.
        pruning: whether bad trials are stopped early.
        patience: evaluations without a better score that end a trial; 0: never.
        confirm: runs with new seeds of each of the best configurations; 0: none.
        refit: whether the winner is trained again on the training and dev rows together; by default if the
            dev rows were split off the training rows, and it was confirmed or its head is solved.
        reshuffle: whether each trial has another split into training and dev rows.
        soup: whether the average of the winner's runs is exported unless it is clearly worse; by
            default where they start alike anyway.
        evals_per_epoch: the evaluations on dev per epoch.
        timeout: the time for training: seconds, a text such as "30m", or a timedelta.
        seed: the seed of all random numbers.
        device: "auto", "cpu", "cuda" or "cuda:N".
        devices: the device of each worker, such as ["cuda:0", "cuda:1"], to train on several at once.
        ray: the address of a Ray cluster, whose devices are meant then.
        precision: "auto", "fp32" or "bf16".
        parallel_trials: how many trials are trained together.
        fast_paths: whether to use the fast paths, which compute the same numbers in less time.
        study: the study's name; by default it is made from the configuration.
        studies: the folder of the studies.
        progress: whether to show progress on standard error, or a function that is called with each line.
        callbacks: objects that are called when trials start, are scored and end; see `Callback`.

    Returns:
        The finished study, or the interrupted one after ``timeout``.

    Raises:
        UserError: an argument, the data, the model or the study on disk is wrong. Nothing was written.
        NoTrialSucceeded: every trial failed.
        ExportError: the exported model does not give the winner's logits.
        KeyboardInterrupted: Ctrl-C, or the interrupt of a notebook; it is also a KeyboardInterrupt. The same
            call continues the study.
        Interrupted: the process received SIGTERM.
    """
    with in_python_words():
        sources = sources_of(data, train, dev, test)
        config = StudyConfig(
            task=given.text("task", task),
            options=given.mapping("options", options),
            model=given.text("model", model),
            strategy=given.text("strategy", strategy),
            strategy_options=given.mapping("strategy_options", strategy_options),
            pooling=pooling,
            head_solver=head_solver,
            head_init=head_init,
            folds=given.optional_whole_number("folds", folds),
            reshuffle=given.flag("reshuffle", reshuffle),
            soup=None if soup is None else given.flag("soup", soup),
            layers=given.optional_whole_number("layers", layers),
            lora_rank=given.whole_number("lora_rank", lora_rank),
            max_length=given.optional_whole_number("max_length", max_length),
            seed=given.whole_number("seed", seed),
            device=given.device(device),
            precision=precision,
            parallel_trials=given.optional_whole_number("parallel_trials", parallel_trials),
            fast_paths=given.flag("fast_paths", fast_paths),
            data=data_config(
                sources, columns=columns, dev_fraction=dev_fraction, skip_bad_rows=skip_bad_rows,
                delimiter=delimiter, encoding=encoding, reader=reader, group=group,
            ),
            search=SearchConfig(
                trials=given.whole_number("trials", trials),
                epochs=given.optional_number("epochs", epochs),
                learning_rate=given.rates("learning_rate", learning_rate),
                batch_sizes=given.sizes("batch_sizes", batch_sizes),
                class_weights=given.class_weights(class_weights),
                label_smoothing=given.number("label_smoothing", label_smoothing),
                metric=given.optional_text("metric", metric),
                metric_options=given.mapping("metric_options", metric_options),
                pruning=given.flag("pruning", pruning),
                patience=given.optional_whole_number("patience", patience),
                confirm=given.optional_whole_number("confirm", confirm),
                refit=None if refit is None else given.flag("refit", refit),
                evals_per_epoch=given.optional_whole_number("evals_per_epoch", evals_per_epoch),
                timeout=given.seconds("timeout", timeout),
            ),
        )  # fmt: skip
        workers = given.device_names("devices", devices), given.optional_text("ray", ray)
        return _run(config, sources.rows, study, studies, progress, callbacks, *workers)


def run_study(
    config: StudyConfig,
    *,
    study: str | None = None,
    studies: str | os.PathLike[str] = "studies",
    progress: Progress = True,
    callbacks: Callback | Iterable[Callback] = (),
) -> Study:
    """Run the study of a configuration, or continue it, and return it.

    A `StudyConfig` is a frozen dataclass that can be pickled, so that other processes can run it.

    Args:
        config: the configuration, for example ``Study.config`` with changes by `dataclasses.replace`.
        study: the study's name; by default it is made from the configuration.
        studies: the folder of the studies.
        progress: whether to show progress on standard error, or a function that is called with each line.
        callbacks: objects that are called when trials start, are scored and end; see `Callback`.

    Raises:
        AdaptkitError: as `tune` says.
    """
    with in_python_words():
        if not isinstance(config, StudyConfig):
            given.refuse("config", config, "an adaptkit.StudyConfig")
        return _run(config, (), study, studies, progress, callbacks)


def _run(
    config: StudyConfig, rows: Sequence[MemoryRows], study: object, studies: object, progress: object,
    callbacks: object, devices: Sequence[str] | None = None, ray: str | None = None,
) -> Study:  # fmt: skip
    from adaptkit.api.workers import trained_on
    from adaptkit.run.tune import run

    name, folder = given.optional_text("study", study), Path(given.text("studies", studies))
    called = checked_callbacks(callbacks)
    with shown_progress(progress) as console, trained_on(config, devices, ray) as (placed, trainer):
        return run(
            placed, console, studies=folder, name=name, rows=rows, callbacks=called,
            second_signal=stop_at_once, trainer=trainer,
        )  # fmt: skip
