"""Stores features in files: in the cache for the next study, and mapped from disk if memory is short.

A store for the engine (`adaptkit.engine.store.FeatureStore`). If the disk refuses to store features, they are
held in memory, and `FeaturesOnDisk.note` says why they are not kept for the next study.

A file of features is a NumPy ``.npy`` file. It is written in parts, with ordinary writes: a full disk then
raises OSError, where a write to mapped memory would end the process. It is mapped only for reading.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BytesIO, FileIO
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import dtype_to_descr, open_memmap, write_array_header_1_0

from adaptkit.cache.entries import FEATURES, Cache
from adaptkit.engine.store import gathered
from adaptkit.errors import StudyError
from adaptkit.system.memory import available_bytes

SHARE_OF_AVAILABLE_MEMORY = 0.25
"""The share of the available memory that features may take; beyond it they are mapped from a file."""

BYTES = 2  # of a number in half precision


class FeaturesOnDisk:
    """Finds features in the cache, and adds new ones to it."""

    def __init__(
        self,
        cache: Cache,
        about: Mapping[str, str],
        memory: int | None = None,
        on_progress: Callable[[int], None] = lambda examples: None,
    ) -> None:
        """A store for one study.

        Args:
            cache: where features are found and kept.
            about: the ``model`` and the ``data`` of the features, for people.
            memory: the bytes that may be held in memory; None for a share of the available memory.
            on_progress: called with the number of examples whose features were added.
        """
        available = available_bytes()
        self.cache = cache
        self.about = about
        self.memory = int(SHARE_OF_AVAILABLE_MEMORY * available) if memory is None else memory
        self.on_progress = on_progress
        self.note = ""
        """Why features were not kept for the next study; empty if they were."""

        self._keeps = cache.limit > 0
        self._used: set[str] = set()

    def find(self, key: str) -> torch.Tensor | None:
        """The complete, undamaged features that were kept under the key; None if there are none."""
        entry = self.cache.find(key) if self._keeps else None
        if entry is None:
            return None
        try:
            features = self._open(entry.path / FEATURES, math.prod(entry.shape) * BYTES)
        except OSError:  # another process has just removed the entry
            return None
        self._used.add(key)
        self.on_progress(len(features))
        return features

    def keep(self, key: str, shape: Sequence[int], parts: Iterable[torch.Tensor]) -> torch.Tensor:
        """The features of this shape; their parts come one after another along dimension 0."""
        size = math.prod(shape) * BYTES
        folder, kept = self._folder_for(key, shape)
        parts = self._counted(parts)
        if folder is None:
            self.memory -= size
            return gathered(shape, parts)
        try:
            features, complete = self._through_file(folder / FEATURES, shape, parts)
            if kept and complete:
                self._put(folder, key, shape)
        finally:
            # The folder still exists if it was not put. A mapped file stays readable after its removal.
            shutil.rmtree(folder, ignore_errors=True)
        return features

    def _counted(self, parts: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
        for part in parts:
            self.on_progress(len(part))
            yield part

    def _folder_for(self, key: str, shape: Sequence[int]) -> tuple[Path | None, bool]:
        """A folder to write features into, and whether it belongs to the cache; None to use memory."""
        size = math.prod(shape) * BYTES
        if self._keeps:
            try:
                problem = self.cache.make_room(size, self._used)
                if not problem:
                    return _with_file(self.cache.new_folder(key), shape), True
            except OSError as error:
                problem = str(error)
            self._note(problem)
        if size <= self.memory:
            return None, False
        try:
            return _with_file(Path(tempfile.mkdtemp(prefix="adaptkit-")), shape), False
        except OSError:
            return None, False  # only a share of the memory is used up, so try memory

    def _through_file(
        self, path: Path, shape: Sequence[int], parts: Iterator[torch.Tensor]
    ) -> tuple[torch.Tensor, bool]:
        """Append the features to a file. Returns them, and whether the file is complete."""
        header, done = path.stat().st_size, 0  # bytes, examples in the file
        with path.open("ab", buffering=0) as file:
            for part in parts:
                try:
                    _write(file, part)
                except OSError as error:  # the disk is full: read back what was written, hold the rest
                    self._note(str(error))
                    written = _written(path, header, [done, *shape[1:]])
                    return gathered(shape, chain([written, part], parts)), False
                done += len(part)
        return self._open(path, math.prod(shape) * BYTES), True

    def _open(self, path: Path, size: int) -> torch.Tensor:
        """The features in a file: in memory if there is room for them, else mapped; raises OSError.

        Changes to the tensor do not reach the file.
        """
        if size > self.memory:
            return torch.from_numpy(open_memmap(path, mode="c"))
        self.memory -= size
        return torch.from_numpy(np.load(path))

    def _put(self, folder: Path, key: str, shape: Sequence[int]) -> None:
        try:
            self.cache.put(folder, key, {**self.about, "shape": list(shape)})
            self._used.add(key)
        except (OSError, StudyError) as error:
            self._note(str(error))

    def _note(self, problem: str) -> None:
        self.note = self.note or f"features are not kept for the next study: {problem}"


def _with_file(folder: Path, shape: Sequence[int]) -> Path:
    """The folder, with a file in it that has a header and no features yet.

    Raises OSError, and removes the folder, if the file cannot be written.
    """
    header = BytesIO()
    kind = dtype_to_descr(np.dtype(np.float16))
    write_array_header_1_0(header, {"descr": kind, "fortran_order": False, "shape": tuple(shape)})
    try:
        (folder / FEATURES).write_bytes(header.getvalue())
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _write(file: FileIO, part: torch.Tensor) -> None:
    """Write all of the part; raises OSError."""
    remaining = part.contiguous().view(-1).view(torch.uint8).numpy().data
    while remaining:
        remaining = remaining[file.write(remaining) :]


def _written(path: Path, header: int, shape: Sequence[int]) -> torch.Tensor:
    """The features in an incomplete file, mapped; the header has so many bytes."""
    if not shape[0]:
        return torch.empty(tuple(shape), dtype=torch.float16)
    return torch.from_numpy(np.memmap(path, np.float16, mode="c", offset=header, shape=tuple(shape)))
