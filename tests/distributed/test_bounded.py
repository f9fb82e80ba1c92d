"""Questions with and without an answer."""

from __future__ import annotations

import threading

import pytest

from adaptkit.distributed.bounded import within


def test_the_answer_and_the_error_are_passed_on() -> None:
    assert within(60, lambda: 3) == 3
    assert within(60, lambda: None) is None
    with pytest.raises(ZeroDivisionError):
        within(60, lambda: 1 // 0)


def test_a_question_without_an_answer_ends() -> None:
    never = threading.Event()
    with pytest.raises(TimeoutError, match="within 0"):
        within(0.1, never.wait)
    never.set()
