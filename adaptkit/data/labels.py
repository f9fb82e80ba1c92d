"""Checks labels: at least two in the training rows, and no label elsewhere that is not among them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from adaptkit.data.checks import CORRECT_OR_SKIP
from adaptkit.data.refusals import first_of
from adaptkit.data.rows import counted, listed, shortened
from adaptkit.errors import DataError, TaskError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from adaptkit.data.rows import Rows
    from adaptkit.task import Row, Task

MIN_TRAIN_ROWS = 2


def labels_in(task: Task, rows: Rows) -> tuple[str, ...]:
    """The labels of the training rows in the order of the head's outputs; none for a task without labels.

    Raises DataError if there are too few rows, labels or different numbers to train on.
    """
    if len(rows) < MIN_TRAIN_ROWS:
        raise DataError(
            f"{rows.source}: {counted(len(rows), 'row')} to train on",
            expected=f"at least {MIN_TRAIN_ROWS} rows, and many more for a useful model",
            next_step="Add labelled rows",
            code="too-few-rows",
        )
    if task.labels_of is None:
        _refuse_one_number(task, rows)
        return ()
    labels = tuple(task.label_names(sorted(all_of(names_in(task, rows)))))
    if len(labels) < 2:
        raise DataError(
            f"{rows.source}: {'no label' if not labels else f'the only label is {labels[0]!r}'}",
            expected="at least 2 different labels",
            next_step="Add rows with other labels",
            code="too-few-labels",
        )
    return labels


def _refuse_one_number(task: Task, rows: Rows) -> None:
    """Raise DataError if the task predicts a number, and it is the same one in all rows."""
    if task.config_overrides.get("problem_type") != "regression":
        return
    answers = ({name: row[name] for name in task.target_columns if name in row} for row in rows.values)
    first = next(answers)
    if not first or any(answer != first for answer in answers):
        return
    (name, number), *_ = first.items()
    raise DataError(
        f"{rows.source}: all of its rows ({len(rows):,}) have the {name} {shortened(number)}",
        expected=f"at least 2 different values of {name!r}",
        next_step="Add rows with other values",
        code="one-number",
    )


def known_labels_only(task: Task, rows: Rows, labels: Sequence[str], *, skip_bad_rows: bool) -> Rows:
    """The rows whose labels are all in ``labels``.

    Raises DataError for the first other row; with ``skip_bad_rows`` such rows are added to `Rows.skipped`.
    """
    if task.labels_of is None:
        return rows
    names = names_in(task, rows)
    known = _known_names(task, every := all_of(names), labels)
    if known == every:
        return rows
    kept, bad, unknown = [], [], ""
    for position, its in enumerate(names):
        unknown_here = sorted(its - known)
        if unknown_here:
            unknown = unknown or unknown_here[0]
            bad.append(f"{rows.origins[position]}: unknown label {shortened(unknown_here[0])}")
        else:
            kept.append(position)
    if bad and not (skip_bad_rows and kept):
        raise DataError(
            first_of(bad),
            expected=f"one of the {len(labels):,} known labels, nearest first: {_nearest(unknown, labels)}",
            next_step=CORRECT_OR_SKIP,
            code="unknown-label",
        )
    return replace(rows.take(kept), skipped=[*rows.skipped, *bad], unknown_labels=len(bad))


def labels_of(task: Task, row: Row) -> set[str]:
    """The labels that occur in a row; raises TaskError if the task returns one that is not a string."""
    names = set() if task.labels_of is None else set(task.labels_of(row))
    for name in names:
        if not isinstance(name, str):
            raise TaskError(
                f"the task {task.name!r} returned {name!r} as a label",
                expected="labels that are strings",
                next_step="Report this to the author of the task: prepare or labels_of should return str",
                code="label-type",
            )
    return names


def label_sets(task: Task, rows: Sequence[Row]) -> list[frozenset[str]]:
    """The labels of each row. Rows with the same labels share one set: many rows take little memory."""
    known: dict[frozenset[str], frozenset[str]] = {}
    return [known.setdefault(its := frozenset(labels_of(task, row)), its) for row in rows]


def with_names(task: Task, rows: Rows) -> Rows:
    """The rows with the labels of each, so that the task is asked for them once."""
    return replace(rows, names=label_sets(task, rows.values))


def names_in(task: Task, rows: Rows) -> Sequence[frozenset[str]]:
    """The labels of each row."""
    return label_sets(task, rows.values) if rows.names is None else rows.names


def all_of(names: Sequence[frozenset[str]]) -> set[str]:
    """The labels that occur."""
    return set().union(*set(names))


def counts_of(names: Sequence[frozenset[str]]) -> Counter[str]:
    """The number of rows with each label."""
    counts: Counter[str] = Counter()
    for its, rows in Counter(names).items():
        counts.update(dict.fromkeys(its, rows))
    return counts


def strata_of(task: Task, rows: Sequence[Row], names: Sequence[frozenset[str]] | None = None) -> list[str]:
    """The stratum of each row: `Task.stratify_by`'s, else the rarest of its labels, which are ``names``."""
    if task.stratify_by is not None:
        return [str(task.stratify_by(row)) for row in rows]
    names = label_sets(task, rows) if names is None else names
    counts = counts_of(names)
    return [min(its, key=lambda name: (counts[name], name), default="") for its in names]


def rare_label_warnings(task: Task, rows: Rows) -> list[str]:
    """A warning about the labels that occur in only one training row."""
    counts = counts_of(names_in(task, rows))
    once = sorted(name for name, count in counts.items() if count == 1)
    if not once:
        return []
    return [
        f"{counted(len(once), 'label')} with only one training row, too few to learn: {listed(once, most=5)}"
    ]


def _known_names(task: Task, names: Collection[str], labels: Sequence[str]) -> set[str]:
    """Those of the names that are outputs of the head, or that the task turns into such outputs."""
    outputs = frozenset(labels)

    def is_known(name: str) -> bool:
        try:
            return name in outputs or outputs.issuperset(task.label_names([name]))
        except ValueError:
            return False

    return {name for name in names if is_known(name)}


def _nearest(unknown: str, labels: Sequence[str]) -> str:
    near = get_close_matches(unknown, labels, n=3)
    return listed([*near, *(name for name in labels if name not in near)])
