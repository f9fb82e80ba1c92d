"""Encoded examples in columns: arrays of numbers, so that a million examples are not a million objects.

An example is made again when it is asked for, equal to the one that the task gave.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from adaptkit.task import Example

Column = Callable[[int], Any]
"""``(place in the block) -> value``."""


@dataclass(frozen=True)
class Block:
    """Consecutive examples that have the same names in their inputs."""

    rows: NDArray[np.int64]
    """``[examples]``: the row of each."""

    inputs: dict[str, Column]
    info: Column

    def example(self, place: int) -> Example:
        """The example at the place."""
        inputs = {name: column(place) for name, column in self.inputs.items()}
        return Example(row=int(self.rows[place]), inputs=inputs, info=self.info(place))


class EncodedExamples(Sequence[Example]):
    """Examples, each made again when it is asked for."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._starts = [0]
        """Where each block starts, and the number of all examples."""

        self._lengths: list[NDArray[np.int64]] = []

    def append(self, examples: Sequence[Example], first_row: int, lengths: Sequence[int]) -> None:
        """Add examples; their rows are counted from ``first_row``, and ``lengths`` are their tokens."""
        start = 0
        for stop in range(1, len(examples) + 1):
            if stop == len(examples) or list(examples[stop].inputs) != list(examples[start].inputs):
                self._blocks.append(_block(examples[start:stop], first_row))
                self._starts.append(self._starts[-1] + stop - start)
                start = stop
        self._lengths.append(np.array(lengths, dtype=np.int64))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """``[examples]``: the tokens of each."""
        return np.concatenate(self._lengths) if self._lengths else np.zeros(0, dtype=np.int64)

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, position: int) -> Example: ...

    @overload
    def __getitem__(self, position: slice) -> list[Example]: ...

    def __getitem__(self, position: int | slice) -> Example | list[Example]:
        if isinstance(position, slice):
            return [self[one] for one in range(*position.indices(len(self)))]
        place = range(len(self))[position]
        block = bisect_right(self._starts, place) - 1
        return self._blocks[block].example(place - self._starts[block])

    def __iter__(self) -> Iterator[Example]:
        for block in self._blocks:
            for place in range(len(block.rows)):
                yield block.example(place)


def narrowest(values: NDArray[np.int64]) -> NDArray[Any]:
    """The whole numbers in the smallest signed type that holds them all."""
    least, most = (values.min(), values.max()) if values.size else (0, 0)
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max:
            return values.astype(kind)
    return values


def _block(examples: Sequence[Example], first_row: int) -> Block:
    names = list(examples[0].inputs)
    return Block(
        rows=np.array([example.row + first_row for example in examples], dtype=np.int64),
        inputs={name: _column([example.inputs[name] for example in examples]) for name in names},
        info=_column([example.info for example in examples]),
    )


def _column(values: list[Any]) -> Column:
    """The values as an array if all are numbers, or lists of numbers, of one type; else as they are."""
    types = set(map(type, values))
    if types == {type(None)}:
        return lambda place: None
    if types in ({int}, {float}):
        array = _array(values, types)
        return (lambda place: array[place].item()) if array is not None else values.__getitem__
    if types == {list}:
        flat = list(chain.from_iterable(values))
        numbers = _array(flat, set(map(type, flat))) if flat else None
        if numbers is not None:
            return _ragged(numbers, np.cumsum([0, *map(len, values)]))
    return values.__getitem__


def _ragged(numbers: NDArray[Any], ends: NDArray[np.int64]) -> Column:
    """Lists of numbers: the list at a place is ``numbers[ends[place] : ends[place + 1]]``."""
    bounds = narrowest(ends)
    return lambda place: numbers[bounds[place] : bounds[place + 1]].tolist()


def _array(values: list[Any], types: set[type]) -> NDArray[Any] | None:
    """The numbers as an array that gives them back exactly; None if there is none."""
    if types == {float}:
        return np.array(values, dtype=np.float64)
    if types != {int}:
        return None
    try:
        return _once(narrowest(np.array(values, dtype=np.int64)))
    except OverflowError:
        return None


def _once(numbers: NDArray[Any]) -> NDArray[Any]:
    """The whole numbers, stored as one if all of them are the same, as in a mask."""
    same = bool((numbers == numbers[0]).all())
    return np.broadcast_to(numbers[:1].copy(), numbers.shape) if same else numbers
