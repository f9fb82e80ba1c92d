"""Kept features in files: for the next study in the cache, and in the place of memory where they are large.

A store for the engine (`adaptkit.engine.store.FeatureStore`). Whatever the disk refuses, the features are
there; what was not kept, and why, is told once. Knows no encoder and no data but by what it is told of them.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import FileIO
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from adaptkit.cache.entries import FEATURES, Cache
from adaptkit.engine.store import gathered
from adaptkit.errors import StudyError
from adaptkit.system.memory import available_bytes

SHARE_OF_AVAILABLE_MEMORY = 0.25
"""What features may take of the memory that can be had; beyond, they lie in a mapped file."""

BYTES = 2  # of a number in half precision


class FeaturesOnDisk:
    """Finds features in the cache, and keeps new ones there."""

    def __init__(
        self,
        cache: Cache,
        about: Mapping[str, str],
        memory: int | None = None,
        told: Callable[[int], None] = lambda examples: None,
    ) -> None:
        """A store for one study.

        Args:
            cache: where features are found and kept.
            about: of which ``model`` and which ``data`` they are, for people.
            memory: the bytes that may be held in memory; None for a share of what is available.
            told: called with a number of examples each time when the features of so many more are there.
        """
        available = available_bytes()
        self.cache = cache
        self.about = about
        self.memory = int(SHARE_OF_AVAILABLE_MEMORY * available) if memory is None else memory
        self.told = told
        self.note = ""
        """Why features were not kept for the next study, if so."""

        self._keeps = cache.limit > 0
        self._used: set[str] = set()

    def find(self, key: str) -> torch.Tensor | None:
        """The features that were kept under the key, whole and unharmed; else None."""
        entry = self.cache.find(key) if self._keeps else None
        if entry is None:
            return None
        try:
            features = self._opened(entry.path / FEATURES, entry.shape)
        except (OSError, RuntimeError):  # torch's; another process has made room of it just now
            return None
        self._used.add(key)
        self.told(len(features))
        return features

    def keep(self, key: str, shape: Sequence[int], parts: Iterable[torch.Tensor]) -> torch.Tensor:
        """The features of this shape, whose parts come one after another along dimension 0."""
        size = math.prod(shape) * BYTES
        folder, kept = self._folder_for(key, size)
        parts = self._counted(parts)
        if folder is None:
            self.memory -= size
            return gathered(shape, parts)
        try:
            features, whole = self._through_file(folder / FEATURES, shape, parts)
            if kept and whole:
                self._put(folder, key, shape)
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # there still, if it was not put; mapped files live on
        return features

    def _counted(self, parts: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
        for part in parts:
            self.told(len(part))
            yield part

    def _folder_for(self, key: str, size: int) -> tuple[Path | None, bool]:
        """A folder to write features into, and whether it is the cache's; None where memory does."""
        if self._keeps:
            try:
                problem = self.cache.make_room(size, self._used)
                if not problem:
                    return _with_file(self.cache.aside(key)), True
            except OSError as error:
                problem = str(error)
            self._gave_up(problem)
        if size <= self.memory:
            return None, False
        try:
            return _with_file(Path(tempfile.mkdtemp(prefix="adaptkit-"))), False
        except OSError:
            return None, False  # memory may still do: it is a share that is used up

    def _through_file(
        self, path: Path, shape: Sequence[int], parts: Iterator[torch.Tensor]
    ) -> tuple[torch.Tensor, bool]:
        """The features by way of a file, and whether all of them went into it."""
        done = 0  # examples in the file
        with path.open("wb", buffering=0) as file:
            for part in parts:
                try:
                    _write(file, part)
                except OSError as error:  # the disk is full: what is there is read back, the rest is held
                    self._gave_up(str(error))
                    written = _mapped(path, [done, *shape[1:]])
                    return gathered(shape, chain([written, part], parts)), False
                done += len(part)
        return self._opened(path, shape), True

    def _opened(self, path: Path, shape: Sequence[int]) -> torch.Tensor:
        """The features in a file: in memory if it allows for them, else mapped."""
        size = math.prod(shape) * BYTES
        if size > self.memory:
            return _mapped(path, shape)
        self.memory -= size
        return torch.from_numpy(np.fromfile(path, np.float16, count=math.prod(shape))).view(tuple(shape))

    def _put(self, folder: Path, key: str, shape: Sequence[int]) -> None:
        try:
            self.cache.put(folder, key, {**self.about, "shape": list(shape)})
            self._used.add(key)
        except (OSError, StudyError) as error:
            self._gave_up(str(error))

    def _gave_up(self, problem: str) -> None:
        self.note = self.note or f"features are not kept for the next study: {problem}"


def _with_file(folder: Path) -> Path:
    """The folder, once the file can be made in it; raises OSError, and leaves nothing, if it cannot."""
    try:
        (folder / FEATURES).touch()
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _write(file: FileIO, part: torch.Tensor) -> None:
    """Writes all of it; raises OSError."""
    left = part.contiguous().view(-1).view(torch.uint8).numpy().data
    while left:
        left = left[file.write(left) :]


def _mapped(path: Path, shape: Sequence[int]) -> torch.Tensor:
    """The file's numbers, read as they are used. Nothing that is done to them reaches the file."""
    count = math.prod(shape)
    if not count:
        return torch.empty(tuple(shape), dtype=torch.float16)
    return torch.from_file(str(path), shared=False, size=count, dtype=torch.float16).view(tuple(shape))
