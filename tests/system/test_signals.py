from __future__ import annotations

import contextlib
import os
import signal
import threading

import pytest

from adaptkit.errors import DataError, Interrupted
from adaptkit.system.signals import SIGNALS, Interruption


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in SIGNALS]


@pytest.mark.parametrize("number", SIGNALS)
def test_outside_of_guarded_stretches_it_is_raised_at_once(number: signal.Signals) -> None:
    before = handlers()
    with pytest.raises(Interrupted) as told, Interruption():
        os.kill(os.getpid(), number)
    assert told.value.signal_number == number
    assert handlers() == before


def test_in_a_guarded_stretch_it_is_noted_and_raised_when_asked_for() -> None:
    with Interruption() as interruption, interruption.guarded():
        interruption.check()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted, match="stopped by SIGTERM"):
            interruption.check()


def test_guarded_stretches_may_lie_in_one_another() -> None:
    with Interruption() as interruption:
        with interruption.guarded():
            with interruption.guarded():
                pass
            os.kill(os.getpid(), signal.SIGINT)
        assert interruption.signal_number == signal.SIGINT


def test_a_library_that_catches_it_does_not_hide_it() -> None:
    """Raised amid someone else's code, it may come out as that code's own error."""

    def read_a_row() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except Exception as error:
            raise DataError("this row is bad") from error

    with pytest.raises(Interrupted) as told, Interruption():
        read_a_row()
    assert isinstance(told.value.__cause__, DataError)


def test_an_error_without_a_signal_stays_what_it_is() -> None:
    with pytest.raises(DataError), Interruption():
        raise DataError("this row is bad")


def test_an_error_after_a_noted_signal_stays_what_it_is() -> None:

    def read_a_row() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        raise DataError("this row is bad")

    with pytest.raises(DataError), Interruption() as interruption, interruption.guarded():
        read_a_row()


def test_another_thread_leaves_the_signals_alone() -> None:
    before, seen = handlers(), []

    def work() -> None:
        with Interruption():
            seen.append(handlers())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_an_exposed_stretch_in_a_guarded_one_is_raised_in_at_once() -> None:
    import os
    import signal

    def stopped() -> None:
        with Interruption() as interruption, interruption.guarded(), interruption.exposed():
            os.kill(os.getpid(), signal.SIGTERM)
            raise AssertionError("never reached")

    with pytest.raises(Interrupted):
        stopped()


def test_a_library_that_swallows_it_does_not_hide_it() -> None:
    """Amid a guarded stretch the run would go on as if nothing had come."""

    def read_a_row() -> None:
        with contextlib.suppress(Exception):
            os.kill(os.getpid(), signal.SIGTERM)

    with (
        Interruption() as interruption,
        interruption.guarded(),
        pytest.raises(Interrupted, match="stopped by SIGTERM"),
        interruption.exposed(),
    ):
        read_a_row()
