from __future__ import annotations

import sys
from typing import Any

import pytest

from adaptkit.api.progress import shown_progress
from adaptkit.errors import ConfigError


def test_true_is_standard_error_and_false_nothing(capsys: Any) -> None:
    for progress in (True, False):
        with shown_progress(progress) as console:
            console.print("a line")
    assert capsys.readouterr().err.count("a line") == 1


def test_a_function_gets_each_line_unwrapped() -> None:
    lines: list[str] = []
    with shown_progress(lines.append) as console:
        console.print("word " * 500, end="")
        console.print("end\nsecond")
    assert [len(line) for line in lines] == [2503, 6]


def test_a_function_that_fails_is_called_once() -> None:
    calls = []

    def failing(line: str) -> None:
        calls.append(line)
        raise KeyError(line)

    with (
        pytest.warns(RuntimeWarning, match="progress: the function failed: KeyError"),
        shown_progress(failing) as console,
    ):
        console.print("one\ntwo")
    assert calls == ["one"]


def test_other_values_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"^progress = 'yes'"), shown_progress("yes"):
        pass


def test_no_terminal_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with shown_progress(False) as console:
        assert not console.is_terminal
