"""Counts the rows to be predicted that are longer than a model reads, so that they are truncated."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adaptkit.data.encode import length_of
from adaptkit.data.lengths import MOST_ENCODED, longer_rows

if TYPE_CHECKING:
    from adaptkit.export.prediction import Network
    from adaptkit.task import Example, Row, Task


@dataclass
class TruncatedRows:
    """How many of the rows that were encoded so far are truncated."""

    rows: int = 0
    of: int = 0
    """All rows that were encoded."""

    numbers: deque[int] = field(default_factory=deque)
    """The numbers of the rows that come next; empty where all rows are counted from 1."""

    first: int = 0
    """The number of the first truncated row."""

    longest: int = 0
    """The most tokens of a truncated row."""

    full: int = 0
    """The rows whose only example has as many tokens as the model reads: they may be truncated."""

    def add(self, network: Network, task: Task, rows: Sequence[Row], examples: Sequence[Example]) -> None:
        """Count the next rows. Of all full rows, the first `MOST_ENCODED` are looked at."""
        full = _full_rows(examples, network.max_length)
        chosen = full[: max(0, MOST_ENCODED - self.full)]
        found = longer_rows(task, rows, chosen, network.tokenizer, network.labels, network.max_length)
        numbers = [
            self.numbers.popleft() if self.numbers else self.of + place + 1 for place in range(len(rows))
        ]
        if found and not self.rows:
            self.first = numbers[min(found)]
        self.longest = max(self.longest, *found.values(), 0)
        self.rows += len(found)
        self.of += len(rows)
        self.full += len(full)

    def in_words(self, max_length: int) -> str:
        """A warning; empty if no row is truncated."""
        if not self.rows:
            return ""
        least = "at least " if self.full > MOST_ENCODED else ""
        verb = "is" if self.rows == 1 else "are"
        return (
            f"{least}{self.rows:,} of {self.of:,} rows {verb} longer than {max_length:,} tokens and {verb} "
            f"truncated: the model does not see the rest; the longest has {self.longest:,} tokens; the "
            f"first: row {self.first:,}. Shorten or split the texts, or train with a larger maximum length "
            "if the model can read more."
        )


def _full_rows(examples: Sequence[Example], max_length: int) -> list[int]:
    """The rows with one example, in which no more tokens fit."""
    of_row = Counter(example.row for example in examples)
    return [one.row for one in examples if of_row[one.row] == 1 and length_of(one) >= max_length]
