"""Signals, turned into one clean end: SIGINT and SIGTERM stop a study, a second one stops it at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from adaptkit.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """While entered, the first signal is noted, or raised at once outside of `guarded` stretches.

    In a guarded stretch, where trials are trained and records written, `check` raises it instead, at a
    point where nothing is half done. The second signal ends the process on the spot.
    """

    def __init__(self) -> None:
        self.signal_number = 0
        self._raised = False
        self._guarded = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._raised and isinstance(error, Exception) and not isinstance(error, Interrupted):
            # Raised amid a stranger's code, it may have been caught there and told as something else.
            raise Interrupted(self.signal_number) from error

    def check(self) -> None:
        """Raises Interrupted if a signal has come."""
        if self.signal_number:
            raise Interrupted(self.signal_number)

    def guarded(self) -> _Guarded:
        """A stretch in which a signal is only noted."""
        return _Guarded(self)

    @contextmanager
    def exposed(self) -> Iterator[None]:
        """Within a guarded stretch, one in which a signal is raised at once after all."""
        guarded, self._guarded = self._guarded, 0
        try:
            self.check()
            yield
            self.check()  # a stranger's code may have caught what was raised in it
        finally:
            self._guarded = guarded

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.signal_number:
            os._exit(128 + number)
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
