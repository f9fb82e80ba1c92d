"""Where a study's progress goes: standard error, nowhere, or a function of the user."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from adaptkit.api.arguments import refuse

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 10_000
"""Characters of a line that is passed to a function: none is wrapped."""


@contextmanager
def shown_progress(progress: object) -> Iterator[Console]:
    """The console for this argument; raises ConfigError if it is neither a bool nor a function.

    If the function fails, it is not called again, and a RuntimeWarning says so when the block has ended.
    """
    from rich.console import Console

    if progress is True:
        # A notebook shows what is written to standard error; rich's own output would be a cell per line.
        yield Console(stderr=True, force_jupyter=False)
    elif progress is False:
        yield Console(file=io.StringIO(), quiet=True)
    elif callable(progress):
        lines = _Lines(progress)
        try:
            yield Console(file=lines, width=WIDTH, force_jupyter=False, color_system=None)
        finally:
            if lines.failure:
                warnings.warn(lines.failure, RuntimeWarning, stacklevel=2)
    else:
        refuse("progress", progress, "True, False, or a function that takes a line of text")


class _Lines(io.StringIO):
    """A text file that calls a function with each line that is written to it."""

    def __init__(self, function: Callable[[str], object]) -> None:
        super().__init__()
        self._function = function
        self._start = ""
        self.failure = ""

    def write(self, text: str) -> int:
        *lines, self._start = (self._start + text).split("\n")
        for line in lines:
            self._call(line.rstrip())
        return len(text)

    def _call(self, line: str) -> None:
        if self.failure:
            return
        try:
            self._function(line)
        except Exception as error:
            self.failure = f"progress: the function failed: {type(error).__name__}: {error}"
