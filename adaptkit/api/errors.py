"""Errors as Python users read them: with the names of arguments instead of options of the command line."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from adaptkit.errors import AdaptkitError, Interrupted

OTHER_NAMES = {
    "lr": "learning_rate", "batch-size": "batch_sizes", "column": "columns", "option": "options",
    "strategy-option": "strategy_options", "metric-option": "metric_options",
}  # fmt: skip
"""The option of the command line → the argument, where they are not the same word."""

SWITCHES = {
    "skip-bad-rows": "skip_bad_rows=True", "merge": "merge=True", "onnx": "onnx=True",
    "int8": "onnx='int8'", "fp16": "onnx='fp16'", "no-pruning": "pruning=False",
    "no-fast-paths": "fast_paths=False",
}  # fmt: skip
COMMAND_LINE_ONLY = ("upgrade", "config", "json", "debug", "html")

_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?: (adamw|lbfgs|lora|full|frozen|cpu|cuda|\d+)\b)?")
_COLUMNS = re.compile(r"--column \w+=\w+(?: --column \w+=\w+)*")
_OF_PLUGIN = re.compile(
    r"--(option|strategy-option|metric-option) (\w+)=('[^']*'|[^\s']*[^\s'.,;:)](?:,\.{3})?)"
)
_MEMORY_ROW = re.compile(r"(train |dev |test )?row(s given in Python| \d)")
_COMMAND = re.compile(r"(?:the )?same (?:'adaptkit tune' )?command")


class KeyboardInterrupted(Interrupted, KeyboardInterrupt):
    """Ctrl-C, or the interrupt of a notebook, ended a call from Python: also a KeyboardInterrupt."""

    @classmethod
    def of(cls, stopped: Interrupted) -> KeyboardInterrupted:
        """The same error as a KeyboardInterrupt."""
        found = cls(stopped.signal_number)
        found.next_step = "Make the same call again to continue."
        found.args, found.study = (found.sentences(),), stopped.study
        return found


@contextmanager
def in_python_words() -> Iterator[None]:
    """A block whose errors name arguments. Ctrl-C raises `KeyboardInterrupted`."""
    try:
        yield
    except Interrupted as stopped:
        if stopped.signal_number == signal.SIGINT:
            raise KeyboardInterrupted.of(stopped) from None
        raise
    except AdaptkitError as error:
        for part in ("problem", "expected", "next_step"):
            setattr(error, part, with_arguments(getattr(error, part)))
        _about_rows(error)
        error.args = (error.sentences(),)
        raise


def with_arguments(text: str) -> str:
    """The text with ``--dev-fraction`` as ``dev_fraction=``, and so on."""
    text = text.replace("Change these options", "Change these arguments")
    text = _OF_PLUGIN.sub(_plugin_option, text)
    text = _COMMAND.sub("the same call", _OPTION.sub(_argument, _COLUMNS.sub(_columns, text)))
    return text.replace("'adaptkit tune'", "adaptkit.tune()")


def _columns(options: re.Match[str]) -> str:
    """``--column text=body`` as ``columns={'text': 'body'}``."""
    pairs = dict(re.findall(r"(\w+)=(\w+)", options[0]))
    return f"columns={pairs}"


def _plugin_option(option: re.Match[str]) -> str:
    """``--option separator=;`` as ``options={'separator': ';'}``."""
    values = {option[2]: option[3].strip("'")}
    return f"{OTHER_NAMES[option[1]]}={values}"


def _about_rows(error: AdaptkitError) -> None:
    """Name the rows, and not a file, in the next step of an error about a row in memory."""
    if _MEMORY_ROW.match(error.problem):
        error.next_step = error.next_step.replace("Correct the file", "Correct the rows")


def _argument(option: re.Match[str]) -> str:
    name, value = option[1], option[2]
    if name in COMMAND_LINE_ONLY:
        return option[0]
    if name in SWITCHES:
        return SWITCHES[name] + (f" {value}" if value else "")
    argument = OTHER_NAMES.get(name, name.replace("-", "_"))
    if value is None:
        return f"{argument}="
    return f"{argument}={value if value.isdecimal() else repr(value)}"
