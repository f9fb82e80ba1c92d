from __future__ import annotations

import signal

import pytest

from adaptkit import errors


def every_error() -> list[type[errors.AdaptkitError]]:
    found = [one for one in vars(errors).values() if isinstance(one, type)]
    return [one for one in found if issubclass(one, errors.AdaptkitError)]


def test_a_message_has_problem_expectation_and_next_step() -> None:
    error = errors.DataError("a.csv:3: no label", expected="a label", next_step="Add one")
    assert str(error) == "a.csv:3: no label. Expected a label. Add one."
    assert str(errors.DataError("What now?")) == "What now?"


def test_the_exit_code_of_a_user_error_is_2_and_of_others_1() -> None:
    for kind in every_error():
        if kind is not errors.Interrupted:
            assert kind("wrong").exit_code == (2 if issubclass(kind, errors.UserError) else 1)


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
def test_the_exit_code_of_a_signal_is_128_plus_its_number(number: int, code: int) -> None:
    assert errors.Interrupted(number).exit_code == code
    assert "same command" in str(errors.Interrupted(number))
    assert signal.Signals(number).name in str(errors.Interrupted(number))


def test_the_docstring_lists_every_error() -> None:
    drawn = {
        line.partition("── ")[2].split()[0] for line in (errors.__doc__ or "").splitlines() if "──" in line
    }
    assert drawn == {one.__name__ for one in every_error()} - {"AdaptkitError"}
