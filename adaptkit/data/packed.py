"""Long sequences outside the program's memory: in a temporary file without a name, a chunk at a time.

An item is made again when it is asked for, equal to the one that was kept. Items are read quickly in
ascending order, which is how the program reads rows, and slowly in any other order.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar, overload

from adaptkit.system.files import explained

MOST_IN_MEMORY = 20_000
"""Shorter sequences are lists."""

A_CHUNK = 256
"""So many items are written and read together."""

Item = TypeVar("Item")


class Packing:
    """Collects items one after another."""

    def __init__(self) -> None:
        self._last: list[Any] = []
        self._chunks: _Chunks | None = None

    def append(self, item: Any) -> None:
        """Add an item; raises StudyError if the temporary file cannot be written."""
        self._last.append(item)
        if len(self._last) > MOST_IN_MEMORY and self._chunks is None:
            self._chunks = _Chunks()
        if self._chunks is not None and len(self._last) >= A_CHUNK:
            whole = len(self._last) // A_CHUNK * A_CHUNK
            self._chunks.write(self._last[:whole])
            self._last = self._last[whole:]

    def done(self) -> Sequence[Any]:
        """All items: a list, or a packed sequence if there are many. Nothing is added after that."""
        if self._chunks is None:
            return self._last
        self._chunks.write(self._last)
        return Packed(self._chunks, array("I", range(len(self._chunks))))


class _Chunks:
    """Items in chunks of `A_CHUNK`, the last of which may be shorter, in a file that only this object has."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.gettempdir())
        with explained(self._folder):
            self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - see the next line
        weakref.finalize(self, self._file.close)
        self._ends = [0]
        self._count = 0
        self._read: tuple[int, list[Any]] = (-1, [])
        """The chunk that was read last."""

    def __len__(self) -> int:
        return self._count

    def write(self, items: Sequence[Any]) -> None:
        """Write items; all of earlier calls were multiples of a chunk. Raises StudyError."""
        with explained(self._folder):
            for start in range(0, len(items), A_CHUNK):
                chunk = pickle.dumps(items[start : start + A_CHUNK], protocol=pickle.HIGHEST_PROTOCOL)
                self._file.write(chunk)
                self._ends.append(self._ends[-1] + len(chunk))
            self._file.flush()
        self._count += len(items)

    def item(self, place: int) -> Any:
        """The item at the place."""
        return self._chunk(place // A_CHUNK)[place % A_CHUNK]

    def items(self, places: Iterable[int]) -> list[Any]:
        """The items at the places."""
        found, number, chunk = [], -1, []
        for place in places:
            if place // A_CHUNK != number:
                number = place // A_CHUNK
                chunk = self._chunk(number)
            found.append(chunk[place % A_CHUNK])
        return found

    def _chunk(self, number: int) -> list[Any]:
        read, chunk = self._read
        if read != number:
            start, end = self._ends[number], self._ends[number + 1]
            content = os.pread(self._file.fileno(), end - start, start)
            chunk = pickle.loads(content)  # noqa: S301 - nobody else can write to a file without a name
            self._read = (number, chunk)
        return chunk


class Packed(Sequence[Any]):
    """Some of the items in chunks, by their places there."""

    def __init__(self, chunks: _Chunks, places: array[int]) -> None:
        self._chunks = chunks
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, position: int) -> Any: ...

    @overload
    def __getitem__(self, position: slice) -> list[Any]: ...

    def __getitem__(self, position: int | slice) -> Any:
        if isinstance(position, slice):
            return self._chunks.items(self._places[position])
        return self._chunks.item(self._places[position])

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self), A_CHUNK):
            yield from self[start : start + A_CHUNK]

    def at(self, positions: Sequence[int]) -> Packed:
        """The items at these positions, in this order."""
        return Packed(self._chunks, array("I", (self._places[position] for position in positions)))

    def __reduce__(self) -> tuple[Any, ...]:
        return packed, (list(self),)  # for another process


def packed(items: Iterable[Item]) -> Sequence[Item]:
    """The items: a list, or a packed sequence if there are many. Raises StudyError as `Packing` does."""
    packing = Packing()
    for item in items:
        packing.append(item)
    return packing.done()


def taken(items: Sequence[Item], positions: Sequence[int]) -> Sequence[Item]:
    """The items at these positions, in this order; packed if the given ones are."""
    return items.at(positions) if isinstance(items, Packed) else [items[position] for position in positions]
