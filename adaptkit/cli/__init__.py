"""The command line: one file a verb, each importing its work inside the command.

Exit codes: 0; 2 for what the user gave; 130 and 143 on signals, with the study intact; 1 otherwise.
"""

from __future__ import annotations

import os
import sys

import click

import adaptkit
from adaptkit.cli.cache import cache
from adaptkit.cli.evaluate import evaluate
from adaptkit.cli.export import export
from adaptkit.cli.predict import predict
from adaptkit.cli.report import report
from adaptkit.cli.studies import studies
from adaptkit.cli.tasks import tasks
from adaptkit.cli.tune import tune
from adaptkit.errors import AdaptkitError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(adaptkit.__version__, prog_name="adaptkit")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Adapt pre-trained encoders to tasks, tuned: many trials trained together, the winner proved."""


for command in (tune, report, predict, evaluate, export, studies, tasks, cache):
    cli.add_command(command)


def main() -> None:
    """The program: runs the command line, and tells of every error in one clear message."""
    # torch's threads wait for one another by spinning unless told not to before torch is imported. On a
    # machine that has anything else to do, that has been seen to make training five times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _leave("stopped.", 130)
    except AdaptkitError as error:
        _raise_if_debugging(error)
        _leave(str(error), error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        _raise_if_debugging(error)
        kind = type(error).__name__
        _leave(f"unexpected {kind}: {error}. Run 'adaptkit --debug ...' for the traceback, and report it.", 1)


def _raise_if_debugging(error: Exception) -> None:
    if "--debug" in sys.argv[1:]:
        raise error


def _leave(message: str, exit_code: int) -> None:
    from adaptkit.report.escaping import visible

    click.echo(f"adaptkit: {visible(message, 4000)}", err=True)
    sys.exit(exit_code)
