"""Calls that must not wait for ever: a question to a Ray whose head is gone is never answered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def within(seconds: float, question: Callable[[], Answer]) -> Answer:
    """The answer to the question, which is asked in another thread.

    Args:
        seconds: how long to wait.
        question: what is called. Its thread is left to itself if it does not return.

    Raises:
        TimeoutError: there was no answer in time.
    """
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            answers.append(question())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=ask, name="adaptkit-question", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    return answers[0]
