"""Stops a study cleanly on SIGINT and SIGTERM; a second signal ends the process, or the call, immediately."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from adaptkit.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def end_process(number: int) -> None:
    """End the process immediately, as the second signal does on the command line."""
    os._exit(128 + number)


def stop_at_once(number: int) -> None:
    """Raise KeyboardInterrupt wherever the program is: a Python session keeps its variables."""
    raise KeyboardInterrupt


class Interruption:
    """Handles signals while it is entered.

    The first signal raises `Interrupted` at once, except in a `guarded` block, where trials are trained and
    records are written. There the signal is only noted, and `check` raises it at a safe point. The second
    signal is passed on: by default it ends the process immediately.
    """

    def __init__(self, second_signal: Callable[[int], None] = end_process) -> None:
        self.signal_number = 0
        self._second_signal = second_signal
        self._raised = False
        self._guarded = 0
        self._before: dict[int, Any] = {}
        self._hook_before: Any = None

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._handle) for number in SIGNALS}
            self._hook_before, sys.unraisablehook = sys.unraisablehook, self._unraisable
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._hook_before is not None:
            sys.unraisablehook = self._hook_before
        if self._raised and isinstance(error, Exception) and not isinstance(error, Interrupted):
            # A library may have caught Interrupted and raised an error of its own instead.
            raise Interrupted(self.signal_number) from error

    def check(self) -> None:
        """Raise Interrupted if a signal has been received."""
        if self.signal_number:
            raise Interrupted(self.signal_number)

    def guarded(self) -> _Guarded:
        """A block in which a signal is only noted."""
        return _Guarded(self)

    @contextmanager
    def exposed(self) -> Iterator[None]:
        """A block inside a guarded block in which a signal is raised at once again."""
        guarded, self._guarded = self._guarded, 0
        try:
            self.check()
            yield
            self.check()  # a library may have caught the exception raised in it
        finally:
            self._guarded = guarded

    def _unraisable(self, what: Any) -> None:
        """Print what Python cannot raise, but for Interrupted in a ``__del__``: `check` raises it later."""
        if not isinstance(what.exc_value, Interrupted):
            self._hook_before(what)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.signal_number:
            self._second_signal(number)
            return
        self.signal_number = number
        if not self._guarded:
            self._raised = True
            raise Interrupted(number)


class _Guarded:
    def __init__(self, interruption: Interruption) -> None:
        self.interruption = interruption

    def __enter__(self) -> None:
        self.interruption._guarded += 1

    def __exit__(self, *exception: object) -> None:
        self.interruption._guarded -= 1
