"""What several verbs share: how their values are read, the studies folder, and where plugins print."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import click

DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)?")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

OLD_NAMES = {"together": "parallel-trials", "rungs": "evals-per-epoch", "dev-share": "dev-fraction"}
"""Options of version 0.1.0 → their names today; the old ones still work, and the help does not show them."""

old_names_work = {"token_normalize_func": lambda name: OLD_NAMES.get(name, name)}
"""click's settings for a command whose options were renamed."""

studies_option = click.option(
    "--studies",
    "studies_dir",
    default="studies",
    show_default=True,
    envvar="ADAPTKIT_STUDIES",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder the studies lie in.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")

device_option = click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")

column_option = click.option(
    "--column", "columns", multiple=True, metavar="NAME=COLUMN",
    help="The task's column NAME is the file's COLUMN: a name, or a position from 1 without header.",
)  # fmt: skip

skip_option = click.option("--skip-bad-rows", is_flag=True, help="Leave bad rows out, and count them.")


@contextmanager
def plugins_at_work() -> Iterator[None]:
    """Sends what plugins print to standard error, for standard output is the answer's."""
    with redirect_stdout(sys.stderr):
        yield


class Duration(click.ParamType[float]):
    """A duration such as 90s, 30m, 1.5h, 2d, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds."""
        match = DURATION.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"{value!r} is no duration; write 90s, 30m, 1.5h or 2d.", param, ctx)
        return float(match[1]) * SECONDS[match[2] or "s"]


class Numbers(click.ParamType[tuple[int, ...]]):
    """Whole numbers with commas between them."""

    name = "numbers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The numbers."""
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is no list of whole numbers; write 8,16,32.", param, ctx)


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
            self.fail(f"{value!r} is no number of trials; write auto, or a whole number.", param, ctx)


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """``KEY=VALUE`` texts as a dictionary; a usage error for any other text."""
    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{text!r} is not of the form KEY=VALUE.", param_hint=f"'{option}'")
        found[key] = value
    return found
