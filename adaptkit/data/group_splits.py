"""Splits dev rows off the training rows, group by group: stratified, and equal on every machine."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

from adaptkit.data.labels import names_in, strata_of
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit.data.rows import Rows
    from adaptkit.task import Task

Group = list[int]
"""The positions of its rows."""


def dev_groups(task: Task, rows: Rows, share: float, seed: int) -> set[int]:
    """The positions of the rows of random groups, about this share of the rows and of each stratum.

    Every label keeps a training row.

    Args:
        task: its `stratify_by` gives the stratum of a row; by default it is the row's rarest label.
        rows: the rows to split, with groups.
        share: the share of dev rows, approximately.
        seed: the seed of the random choice.

    Raises:
        DataError: all rows are in one group, or every group has a label that no other group has.
    """
    groups = len(set(rows.groups))
    if groups == 1:
        raise _one_group(rows)
    dev = chosen_groups(task, rows, rows.groups, share, seed)
    if not dev:
        raise DataError(
            f"{rows.source}: dev rows cannot be split off by {rows.grouped_by!r}: each of the "
            f"{groups:,} groups has a label that no other group has",
            expected="groups that share labels",
            next_step="Name dev rows with --dev, or another column to group by with --group",
            code="too-few-groups",
        )
    return dev


def chosen_groups(task: Task, rows: Rows, groups: Sequence[str], share: float, seed: int) -> set[int]:
    """As `dev_groups`, for rows in these groups. It is empty if every group has a label of its own."""
    names = names_in(task, rows)
    choice = _Choice(strata_of(task, rows.values, names), names, share)
    choice.fill(_shuffled(groups, seed))
    return choice.dev


class _Choice:
    """The rows chosen for dev so far, group by group."""

    def __init__(self, strata: Sequence[str], labels: Sequence[frozenset[str]], share: float) -> None:
        self.dev: set[int] = set()
        self._due = max(1.0, len(strata) * share)  # how many dev rows there should be
        self._strata, self._labels = strata, labels
        self._lacking = {stratum: share * count for stratum, count in Counter(strata).items()}
        self._in_train = Counter(name for names in labels for name in names)

    def fill(self, groups: Sequence[Group]) -> None:
        """Take groups that bring the strata closer to their shares, then others while rows are due.

        Groups with more rows than are due come last. If no group brings the number of dev rows closer to what
        is due, the smallest is taken.
        """
        by_size = sorted(groups, key=self._is_large)  # a stable sort
        for group in by_size:
            if self._harm(group) < 0 and self._is_closer_with(group):
                self._take(group)
        for group in sorted(by_size, key=lambda group: (self._is_large(group), self._harm(group))):
            if self._is_closer_with(group):
                self._take(group)
        for group in sorted(groups, key=len):
            if not self.dev:
                self._take(group)

    def _is_large(self, group: Group) -> bool:
        return len(group) > self._due

    def _harm(self, group: Group) -> float:
        """What the group adds to the squared distances of the strata from their shares."""
        counts = Counter(self._strata[position] for position in group)
        return sum(count * (count - 2 * self._lacking[stratum]) for stratum, count in counts.items())

    def _is_closer_with(self, group: Group) -> bool:
        lacking = self._due - len(self.dev)
        return abs(lacking - len(group)) < abs(lacking)

    def _take(self, group: Group) -> None:
        """Take the group, unless it has been taken, or a label would have no training row."""
        leaving = Counter(name for position in group for name in self._labels[position])
        last = any(self._in_train[name] <= count for name, count in leaving.items())
        if last or len(self.dev) + len(group) >= len(self._strata) or group[0] in self.dev:
            return
        self.dev.update(group)
        self._in_train.subtract(leaving)
        for position in group:
            self._lacking[self._strata[position]] -= 1


def _shuffled(groups: Sequence[str], seed: int) -> list[Group]:
    members: dict[str, Group] = {}
    for position, name in enumerate(groups):
        members.setdefault(name, []).append(position)

    def place(name: str) -> bytes:
        # A hash, because the order of `random.shuffle` may differ between Python versions.
        return sha256(f"{seed}:{name}".encode(errors="surrogatepass")).digest()

    return [members[name] for name in sorted(members, key=place)]


def _one_group(rows: Rows) -> DataError:
    return DataError(
        f"{rows.source}: all of its rows ({len(rows):,}) have the same {rows.grouped_by}, and rows that share"
        " it are not split",
        expected="at least 2 groups of rows",
        next_step="Name dev rows with --dev, or another column to group by with --group",
        code="one-group",
    )
