"""Shared by the commands: options, types of their values, and where the output of plugins goes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

OLD_NAMES = {"together": "parallel-trials", "rungs": "evals-per-epoch", "dev-share": "dev-fraction"}
"""Option of version 0.1.0 → its current name. The old options still work, but the help does not list them."""

old_names_work = {"token_normalize_func": lambda name: OLD_NAMES.get(name, name)}
"""click's settings for a command with renamed options."""

studies_option = click.option(
    "--studies",
    "studies_dir",
    default="studies",
    show_default=True,
    envvar="ADAPTKIT_STUDIES",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the studies.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")

task_option = click.option(
    "--task", metavar="NAME",
    help="Use this task, as distribution:name. [default: the one that the model was made with]",
)  # fmt: skip

device_option = click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")

column_option = click.option(
    "--column", "columns", multiple=True, metavar="NAME=COLUMN",
    help="Read the task's column NAME from the file's COLUMN: a name, or a number from 1. Of several files,"
    " one without COLUMN is read by NAME.",
)  # fmt: skip

delimiter_option = click.option(
    "--delimiter",
    help="The character between the fields of a table, or tab. [default: found from the header]",
)

encoding_option = click.option("--encoding", help="The encoding of text files. [default: utf-8]")

reader_option = click.option(
    "--reader", metavar="NAME",
    help="Read files with this reader of a plugin. [default: found from the suffix and the content]",
)  # fmt: skip

skip_option = click.option("--skip-bad-rows", is_flag=True, help="Leave out invalid rows, and count them.")


def options_of_data(command: Command) -> Command:
    """The options that say which task the rows of a study are for, where they are, and how they are read."""
    options = (
        click.option(
            "--task", help="The task, as name or distribution:name; 'adaptkit tasks' lists them."
        ),
        click.option(
            "--data", help="One source for all rows: a file, the folder of a datasets data set, or a hub id."
        ),
        click.option("--train", help="The training rows: a file, a folder or a hub id."),
        click.option(
            "--dev", help="The rows that score the trials. [default: a fraction of the training rows]"
        ),
        click.option("--test", help="The rows that the winner is scored on once."),
        column_option, delimiter_option, encoding_option, reader_option,
        click.option(
            "--dev-fraction", type=float,
            help="Use this fraction of the training rows as dev, and no folds. [default: 0.15, or folds]",
        ),
        click.option(
            "--group", metavar="COLUMN",
            help="Split dev rows and folds off by this column of the file: rows with the same value stay "
            "together.",
        ),
        skip_option,
        click.option(
            "--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of the task."
        ),
    )  # fmt: skip
    return _decorated(command, options)


def options_of_rows(command: Command) -> Command:
    """The options of the commands that read rows for a model: how they are read, which task, where."""
    options = (
        column_option, delimiter_option, encoding_option, reader_option, skip_option, task_option,
        device_option, studies_option,
    )  # fmt: skip
    return _decorated(command, options)


def _decorated(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    for option in reversed(options):  # as decorators, of which the lowest comes first
        command = option(command)
    return command


@contextmanager
def plugin_output_on_stderr() -> Iterator[None]:
    """While the block runs, what plugins print goes to standard error: standard output is for the result."""
    with redirect_stdout(sys.stderr):
        yield


class Duration(click.ParamType[float]):
    """A duration such as 90s, 30m, 1.5h, 2d, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds."""
        from adaptkit.api.durations import FORMS, seconds_in

        seconds = seconds_in(str(value))
        if seconds is None:
            self.fail(f"{value!r} is not a duration. Write, for example, {FORMS}.", param, ctx)
        return seconds


class Numbers(click.ParamType[tuple[int, ...]]):
    """Whole numbers, separated by commas."""

    name = "numbers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The numbers."""
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of whole numbers. Write, for example, 8,16,32.", param, ctx)


class AutoOrNumber(click.ParamType[int | str]):
    """ "auto", or a number."""

    name = "auto or number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """The number, or "auto"."""
        if value == "auto":
            return str(value)
        try:
            return int(value)
        except ValueError:
            self.fail(f"{value!r} is not a number of trials. Write auto or a whole number.", param, ctx)


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """``KEY=VALUE`` texts as a dictionary. Any other text is a usage error."""
    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{text!r} is not of the form KEY=VALUE.", param_hint=f"'{option}'")
        found[key] = value
    return found
