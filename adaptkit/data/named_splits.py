"""The splits of a study's data, as the user named them, and the columns that each is read by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from adaptkit.data.columns import folded
from adaptkit.data.options import ReadOptions
from adaptkit.data.sources import one_split, splits_of
from adaptkit.data.trained_columns import names_in
from adaptkit.errors import AdaptkitError, ConfigError, DataError

if TYPE_CHECKING:
    from adaptkit.config import DataConfig
    from adaptkit.data.in_memory import MemoryRows
    from adaptkit.data.rows import RawSplit
    from adaptkit.task import Task

Opening: TypeAlias = "Callable[[ReadOptions], Mapping[str, RawSplit]]"
"""Opens the splits, which are not read yet, with these options."""


@dataclass(frozen=True, kw_only=True)
class NamedSplit:
    """One split, not read yet, and how its columns are named."""

    raw: RawSplit
    columns: Mapping[str, str]
    """The task's column → the split's column."""

    notes: tuple[str, ...] = ()
    """What was inferred about the columns."""


def named_splits(task: Task, config: DataConfig, given: Mapping[str, MemoryRows]) -> Mapping[str, NamedSplit]:
    """The splits of the sources that the user named, or of the task's sample.

    A column that the user named is read in the splits that have it. A split without it is read by the task's
    own name, if it has a column of this name and another split has the named one.

    Raises:
        ConfigError: the sources contradict each other.
        DataError: a source does not exist, or there are no training rows.
    """
    _check_sources(config)
    options = ReadOptions(
        columns=config.columns, delimiter=config.delimiter, encoding=config.encoding, reader=config.reader
    )
    options.check()

    def opened(options: ReadOptions) -> Mapping[str, RawSplit]:
        return _opened(task, config, given, options)

    splits = opened(options)
    absent = _read_by_own_names(opened, options) if options.columns else {}
    return {
        name: _without(opened, name, options, absent[name])
        if absent.get(name)
        else NamedSplit(raw=raw, columns=options.columns)
        for name, raw in splits.items()
    }


def _opened(
    task: Task, config: DataConfig, given: Mapping[str, MemoryRows], options: ReadOptions
) -> Mapping[str, RawSplit]:
    wanted = [*options.columns.values(), *([config.group] if config.group is not None else [])]
    if config.train is not None:
        named = {"train": config.train, "dev": config.dev, "test": config.test}
        return {
            split: one_split(given.get(source, source), split, task, wanted, options)
            for split, source in named.items()
            if source is not None
        }
    source = config.data if config.data is not None else _sample_of(task)
    splits = splits_of(source, task, wanted, options)
    if "train" not in splits:
        raise DataError(
            f"{source}: no train split; it has {', '.join(splits)}",
            expected="rows to train on",
            next_step="Name the training rows with --train, and this source with --dev or --test",
            code="no-train-split",
        )
    return splits


def _read_by_own_names(opened: Opening, options: ReadOptions) -> Mapping[str, Mapping[str, str]]:
    """Split → the named columns that it lacks, that another split has, and that it has by the task's name."""
    found = {name: names_in(raw.rows) for name, raw in opened(options).items()}
    somewhere = set().union(*found.values())
    lacking = {
        split: {name: file for name, file in options.columns.items() if file in somewhere - names}
        for split, names in found.items()
    }
    own = {split: _own_names(opened, split, options, absent) for split, absent in lacking.items() if absent}
    return {
        split: {name: file for name, file in lacking[split].items() if folded(name) in names}
        for split, names in own.items()
    }


def _own_names(opened: Opening, split: str, options: ReadOptions, absent: Mapping[str, str]) -> set[str]:
    """The names of the split's columns, if those that it lacks are not named; without case."""
    try:
        raw = opened(_left(options, absent))[split]
    except AdaptkitError:  # only the names that the user gave say how it is read
        return set()
    return {folded(name) for name in names_in(raw.rows)}


def _left(options: ReadOptions, absent: Mapping[str, str]) -> ReadOptions:
    return replace(
        options, columns={name: file for name, file in options.columns.items() if name not in absent}
    )


def _without(opened: Opening, split: str, options: ReadOptions, absent: Mapping[str, str]) -> NamedSplit:
    """The split, read without the named columns that it lacks."""
    left = _left(options, absent)
    notes = (f"{name!r} by its own name, without a column {file!r}" for name, file in absent.items())
    return NamedSplit(raw=opened(left)[split], columns=left.columns, notes=tuple(notes))


def _check_sources(config: DataConfig) -> None:
    others = [f"--{name}" for name in ("train", "dev", "test") if getattr(config, name) is not None]
    if config.data is not None and others:
        problem = f"--data together with {' and '.join(others)}"
        next_step = f"Leave out --data, or leave out {' and '.join(others)}"
    elif others and config.train is None:
        problem = f"{' and '.join(others)} without --train"
        next_step = "Name the training rows with --train"
    else:
        return
    raise ConfigError(
        problem,
        expected="either --data alone, or --train with optional --dev and --test",
        next_step=next_step,
        code="conflicting-sources",
    )


def _sample_of(task: Task) -> str:
    if task.sample is None:
        raise DataError(
            f"no data was given, and the task {task.name!r} has no sample of its own",
            expected="labelled rows",
            next_step="Name them with --data, or with --train, --dev and --test",
            code="no-data",
        )
    return str(task.sample)
