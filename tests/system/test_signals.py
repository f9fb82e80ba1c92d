from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading

import pytest

from adaptkit.errors import DataError, Interrupted
from adaptkit.system.signals import SIGNALS, Interruption


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in SIGNALS]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_raised_at_once_outside_guarded_blocks(number: signal.Signals) -> None:
    before = handlers()
    with pytest.raises(Interrupted) as caught, Interruption():
        os.kill(os.getpid(), number)
    assert caught.value.signal_number == number
    assert handlers() == before


def test_in_a_guarded_block_a_signal_is_raised_by_check() -> None:
    with Interruption() as interruption, interruption.guarded():
        interruption.check()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted, match="stopped by SIGTERM"):
            interruption.check()


def test_guarded_blocks_may_be_nested() -> None:
    with Interruption() as interruption:
        with interruption.guarded():
            with interruption.guarded():
                pass
            os.kill(os.getpid(), signal.SIGINT)
        assert interruption.signal_number == signal.SIGINT


def test_a_library_that_catches_it_does_not_hide_it() -> None:
    """A library may catch it and raise an error of its own."""

    def read_a_row() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except Exception as error:
            raise DataError("this row is bad") from error

    with pytest.raises(Interrupted) as caught, Interruption():
        read_a_row()
    assert isinstance(caught.value.__cause__, DataError)


def test_an_error_without_a_signal_is_not_changed() -> None:
    with pytest.raises(DataError), Interruption():
        raise DataError("this row is bad")


def test_an_error_after_a_noted_signal_is_not_changed() -> None:

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


def test_an_exposed_block_inside_a_guarded_one_raises_at_once() -> None:
    def stopped() -> None:
        with Interruption() as interruption, interruption.guarded(), interruption.exposed():
            os.kill(os.getpid(), signal.SIGTERM)
            raise AssertionError("never reached")

    with pytest.raises(Interrupted):
        stopped()


def test_a_library_that_swallows_it_does_not_hide_it() -> None:
    """Inside a guarded block the run would otherwise continue."""

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


class SignalledWhenDeleted:
    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)


def test_a_signal_in_a_destructor_is_not_lost(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.unraisablehook
    with Interruption() as interruption:
        one = SignalledWhenDeleted()
        del one  # Python ignores what __del__ raises
        with pytest.raises(Interrupted):
            interruption.check()
    assert "Traceback" not in capsys.readouterr().err
    assert sys.unraisablehook is before
