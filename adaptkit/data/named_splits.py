"""The splits of a study's data, as the user named them, and the columns that each is read by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeAlias

from adaptkit.data.columns import folded
from adaptkit.data.options import ReadOptions
from adaptkit.data.rows import RawRow, RawSplit
from adaptkit.data.sources import one_split, splits_of
from adaptkit.data.trained_columns import ROWS_TO_LOOK_AT, names_in
from adaptkit.errors import AdaptkitError, ConfigError, DataError

if TYPE_CHECKING:
    from adaptkit.config import DataConfig
    from adaptkit.data.in_memory import MemoryRows
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
    if not options.columns or len(splits) < 2:
        return {name: NamedSplit(raw=raw, columns=options.columns) for name, raw in splits.items()}
    looked_at = {name: _looked_at(raw) for name, raw in splits.items()}
    absent = _read_by_own_names(opened, options, {name: names for name, (names, _) in looked_at.items()})
    return {
        name: _without(opened, name, options, absent[name])
        if absent.get(name)
        else NamedSplit(raw=raw, columns=options.columns)
        for name, (_, raw) in looked_at.items()
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


def _looked_at(raw: RawSplit) -> tuple[set[str], RawSplit]:
    """The columns of the first rows, and the split with these rows and those after them."""
    rows, first = iter(raw.rows), list[RawRow]()
    try:
        for row in islice(rows, ROWS_TO_LOOK_AT):
            first.append(row)
    except AdaptkitError as error:
        return _columns(first), replace(raw, rows=_then_raised(first, error))
    return _columns(first), replace(raw, rows=chain(first, rows))


def _columns(rows: Iterable[RawRow]) -> set[str]:
    return {name for row in rows for name in row.values}


def _then_raised(rows: Iterable[RawRow], error: AdaptkitError) -> Iterator[RawRow]:
    yield from rows
    raise error


def _read_by_own_names(
    opened: Opening, options: ReadOptions, found: Mapping[str, set[str]]
) -> Mapping[str, Mapping[str, str]]:
    """Split → the named columns that it lacks, that another split has, and that it has by the task's name.

    Args:
        opened: opens the splits.
        options: with the columns that the user named.
        found: split → the columns of its first rows.
    """
    somewhere = set().union(*found.values())
    lacking = {
        split: {
            name: file
            for name, file in options.columns.items()
            if file in somewhere and folded(file) not in set(map(folded, names))
        }
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
    raw = opened(left)[split]
    rows = _never_with(raw.rows, absent)
    return NamedSplit(raw=replace(raw, rows=rows), columns=left.columns, notes=tuple(notes))


def _never_with(rows: Iterable[RawRow], absent: Mapping[str, str]) -> Iterator[RawRow]:
    """The rows; raises DataError if one has a named column that the first rows lack."""
    for row in rows:
        for name, file in absent.items():
            if file in row.values:
                raise DataError(
                    f"{row.origin}: a column {file!r}, which the first {ROWS_TO_LOOK_AT} rows do not have",
                    expected=f"one name for the column {name!r} in all rows of a file",
                    next_step="Rename the column in this file",
                    code="column-appears",
                )
        yield row


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
