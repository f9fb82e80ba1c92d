"""Trials that each have another split into training and dev rows, and where that is refused.

The split of a trial is its place among the first attempts, so an interrupted trial that is tried again has
the same split. Split 0 is that of a study without ``--reshuffle``: the default trial has it, and so have all
confirmation runs, which are compared with one another. Re-drawing the split for
each configuration makes a holdout nearly as good as cross-validation (Nagler et al. 2024,
https://arxiv.org/abs/2405.15393).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from adaptkit.errors import ConfigError

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.task import Task

HeldOut = Mapping[int, Sequence[int]]
"""The number of a split → the positions of its dev rows in the training and dev rows together."""

NONE_HELD_OUT: HeldOut = {}


def refuse_reshuffle(config: StudyConfig, data: Dataset) -> None:
    """Raise ConfigError if no other split can be drawn, or none is used."""
    if not config.reshuffle:
        return
    if not data.dev_from_train:
        raise ConfigError(
            "--reshuffle, but the data have dev rows of their own",
            expected="dev rows that are split off the training rows, so that they can be drawn anew",
            next_step="Leave --reshuffle out, or name the training rows alone, with --train.",
            code="reshuffle-dev",
        )
    if config.folds:
        raise ConfigError(
            f"--reshuffle with --folds {config.folds}",
            expected="one of them: with folds, all rows score each trial",
            next_step="Leave --reshuffle or --folds out.",
            code="reshuffle-folds",
        )
    if config.search.trials == 1:
        raise ConfigError(
            "--reshuffle with 1 trial",
            expected="at least 2 trials: the first one has the split of a study without --reshuffle",
            next_step="Leave --reshuffle out, or set --trials to 2 or more.",
            code="reshuffle-trials",
        )


def held_out_of(config: StudyConfig, task: Task, data: Dataset, splits: int) -> HeldOut:
    """The dev rows of each of so many splits; empty if all trials have the same ones."""
    from adaptkit.data.reshuffled import held_out_rows

    if not config.reshuffle:
        return {}
    return held_out_rows(task, data, config.data.fraction, config.seed, splits)


def first_alone(held_out: HeldOut) -> HeldOut:
    """Split 0 alone, which the confirmation runs have."""
    return {split: rows for split, rows in held_out.items() if split == 0}


def data_of_split(config: StudyConfig, task: Task, data: Dataset, split: int) -> Dataset:
    """The data with the training and dev rows of a split."""
    from adaptkit.data.reshuffled import with_split

    held_out = held_out_of(config, task, data, split + 1)
    return with_split(data, held_out[split]) if split and held_out else data
