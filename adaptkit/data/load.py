"""Loads a data set: from the sources that the user named to checked rows, labels and splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.data.audit import audit_warnings
from adaptkit.data.checks import prepare_rows, skipped_warnings
from adaptkit.data.dev_split import dev_positions
from adaptkit.data.duplicates import duplicate_warnings, with_asked
from adaptkit.data.fingerprint import fingerprint_of
from adaptkit.data.groups import SPLIT_VERSION, group_warnings, task_groups
from adaptkit.data.in_memory import MemoryRows
from adaptkit.data.labels import known_labels_only, labels_in, rare_label_warnings, with_names
from adaptkit.data.named_splits import named_splits
from adaptkit.data.options import AS_FOUND, ReadOptions
from adaptkit.data.readers import is_readable, parsed_lines
from adaptkit.data.recognition import is_recognised
from adaptkit.data.rows import RawSplit, Rows
from adaptkit.data.sources import one_split
from adaptkit.data.splits import parts_of
from adaptkit.errors import AdaptkitError

if TYPE_CHECKING:
    from adaptkit.config import DataConfig
    from adaptkit.task import Task

NONE_GIVEN: Mapping[str, MemoryRows] = {}

ROWS_TO_RECOGNISE = 1000
"""So many rows decide whether a text file has rows of the task, or texts."""

ONE_TEXT_PER_LINE = "one text per line. To read columns, rename the file to another suffix"


@dataclass(frozen=True)
class Dataset:
    """The data of a study: checked rows in the task's standard form."""

    train: Rows
    dev: Rows
    test: Rows | None
    labels: tuple[str, ...]
    """In the order of the head's outputs; empty for a task without labels."""

    fingerprint: str
    """SHA-256 over the rows of all splits. Studies with equal fingerprints use the same rows."""

    warnings: tuple[str, ...]
    sample: bool
    """Whether this is the task's own sample, used because the user named no data."""

    dev_from_train: bool = False
    """Whether the dev rows were split off the training rows."""

    split: int = SPLIT_VERSION
    """How they were; see `SPLIT_VERSION`."""

    read_as: Mapping[str, str] = field(default_factory=dict)
    """Split → what was inferred to read it: format, delimiter, columns, scheme of tags, in a few words."""

    @property
    def left_out(self) -> Sequence[str]:
        """For each row that was left out, its file and line and the reason."""
        splits = [self.train, self.dev, *([self.test] if self.test else [])]
        return [reason for rows in splits for reason in rows.skipped]


def load(
    task: Task,
    config: DataConfig,
    seed: int,
    *,
    split: int = SPLIT_VERSION,
    given: Mapping[str, MemoryRows] = NONE_GIVEN,
) -> Dataset:
    """Read and check the data. If there are no dev rows, split them off the training rows.

    Args:
        task: the task that the rows are for.
        config: the sources and how to read them.
        seed: decides the split into training and dev rows, and nothing else.
        split: how dev rows are split off: a study that exists keeps the version that it was started with.
        given: rows that were given in Python, by the references to them in the configuration.

    Raises:
        ConfigError: the sources contradict each other.
        DataError: the data cannot be used; the message names file and line.
    """
    splits = {
        name: prepare_rows(
            task, one.raw, columns=one.columns, skip_bad_rows=config.skip_bad_rows, group=config.group
        ).also_read_as(one.notes)
        for name, one in named_splits(task, config, given).items()
    }
    splits = {name: with_names(task, rows) for name, rows in splits.items()}
    read_as = {name: ", ".join(rows.read_as) for name, rows in splits.items() if rows.read_as}
    labels = labels_in(task, splits["train"])
    splits = {
        name: known_labels_only(task, rows, labels, skip_bad_rows=config.skip_bad_rows)
        for name, rows in splits.items()
    }
    splits = {name: with_asked(task, rows) for name, rows in splits.items()}
    warnings = [*skipped_warnings(splits), *rare_label_warnings(task, splits["train"])]
    warnings += [*audit_warnings(task, splits, config.encoding), *_leakage_warnings(task, splits)]
    dev_from_train = "dev" not in splits
    if split > 1:
        splits = {name: task_groups(task, rows) for name, rows in splits.items()}
    if dev_from_train:
        rows = splits["train"]
        train, dev = parts_of(rows, dev_positions(task, rows, config.fraction, seed, split))
        splits = {**splits, "train": train, "dev": dev}
        warnings += _leakage_warnings(task, {"train": train, "dev": dev})
    elif config.dev_fraction is not None:
        warnings.append(f"the dev fraction {config.dev_fraction:g} is not used: dev rows are given")
    splits = {name: replace(rows, asked=None, names=None) for name, rows in splits.items()}
    return Dataset(
        train=splits["train"],
        dev=splits["dev"],
        test=splits.get("test"),
        labels=labels,
        fingerprint=fingerprint_of(splits),
        warnings=tuple(warnings),
        sample=config.data is None and config.train is None,
        dev_from_train=dev_from_train,
        split=split,
        read_as=read_as,
    )


def _leakage_warnings(task: Task, splits: Mapping[str, Rows]) -> list[str]:
    """What the other splits have in common with train: copies of its rows, and its groups."""
    in_groups = {name: task_groups(task, rows) for name, rows in splits.items()}
    return [*duplicate_warnings(task, splits), *group_warnings(task, in_groups)]


def read_labelled(
    task: Task,
    source: str | MemoryRows,
    *,
    labels: Sequence[str],
    columns: Mapping[str, str],
    skip_bad_rows: bool,
    options: ReadOptions = AS_FOUND,
) -> Rows:
    """Rows to evaluate a model on: with answers, and only with labels that the model has.

    If the source has several splits, its test split is used. Raises DataError with file and line.
    """
    split = one_split(source, "test", task, columns.values(), options)
    rows = prepare_rows(task, split, columns=columns, skip_bad_rows=skip_bad_rows)
    return known_labels_only(task, rows, labels, skip_bad_rows=skip_bad_rows)


def read_unlabelled(
    task: Task,
    source: str | MemoryRows,
    *,
    columns: Mapping[str, str],
    skip_bad_rows: bool,
    options: ReadOptions = AS_FOUND,
) -> Rows:
    """Rows to be predicted. Answer columns (`Task.target_columns`) are removed if the source has them.

    A ``.txt`` file whose content is not what `load` reads gives one row per line, by the task's `parse`.
    Raises DataError with file and line.
    """
    if isinstance(source, MemoryRows):
        split = one_split(source, "test", task, columns.values(), options)
        return prepare_rows(
            task, split, columns=columns, skip_bad_rows=skip_bad_rows, optional=task.target_columns
        )
    found = unlabelled_source(task, source, columns, options)
    rows = prepare_rows(
        task, found.open(), columns=columns, skip_bad_rows=skip_bad_rows, optional=task.target_columns
    )
    return rows.also_read_as(found.hints)


@dataclass(frozen=True, kw_only=True)
class UnlabelledSource:
    """A source of rows to be predicted, which may be opened several times."""

    open: Callable[[], RawSplit]
    hints: Sequence[str] = ()
    """What to say about how it is read."""


def unlabelled_source(
    task: Task, source: str, columns: Mapping[str, str], options: ReadOptions
) -> UnlabelledSource:
    """The source, read as texts or as rows; `read_unlabelled` says when."""
    path = Path(source)
    is_text = path.suffix.lower() == ".txt" and path.is_file()
    if is_text and _is_one_text_per_line(task, path, columns, options):
        hints = (ONE_TEXT_PER_LINE,) if is_readable(path, task) else ()
        return UnlabelledSource(
            open=lambda: RawSplit(source, parsed_lines(path, task, options.encoding)), hints=hints
        )
    return UnlabelledSource(open=lambda: one_split(source, "test", task, columns.values(), options))


def _is_one_text_per_line(task: Task, path: Path, columns: Mapping[str, str], options: ReadOptions) -> bool:
    """Whether a ``.txt`` file has texts: neither JSON, nor a table, nor labelled rows of the task."""
    if columns or is_recognised(path, task, columns.values(), options):
        return False
    if not is_readable(path, task):
        return True
    try:
        split = one_split(str(path), "test", task, (), options)
        first = RawSplit(split.source, islice(split.rows, ROWS_TO_RECOGNISE))
        rows = prepare_rows(task, first, columns={}, skip_bad_rows=True)
    except AdaptkitError:
        return True
    return len(rows) < len(rows.skipped)
