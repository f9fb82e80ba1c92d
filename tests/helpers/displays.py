"""A display of workers that keeps what it is told."""

from __future__ import annotations


class Lines:
    """Keeps what is shown."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def worker(self, place: int, text: str) -> None:
        """The state of a worker is not kept."""

    def note(self, text: str) -> None:
        """A line for the user."""
        self.notes.append(text)
