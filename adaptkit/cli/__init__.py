"""The command line: one file per command. Each command imports what it needs when it runs.

Exit codes: 0; 2 if something given is wrong; 130 and 143 after signals, with the study intact; 141 if the
reader of standard output has ended, as after ``| head``; 1 otherwise.

In reading order:

- `data.py`: checks rows; `tune.py`, `report.py`, `studies.py`: run a study, show it, list all.
- `predict.py`, `evaluate.py`, `errors.py`, `export.py`, `serve.py`, `push.py`: use a study's winner;
  `compare.py`: compares several.
- `tasks.py`: list, check and create tasks; `plugins.py`: list and check plugins of every kind.
- `cache.py`: show or clear the cache.
- `parameters.py`, `tables.py`: options and types that several commands share, and how tables are printed.
- `streams.py`: standard input and output, and the bytes of the arguments.
"""

from __future__ import annotations

import os
import sys

import click

import adaptkit
from adaptkit.cli.cache import cache
from adaptkit.cli.compare import compare
from adaptkit.cli.data import data
from adaptkit.cli.errors import errors
from adaptkit.cli.evaluate import evaluate
from adaptkit.cli.export import export
from adaptkit.cli.plugins import plugins
from adaptkit.cli.predict import predict
from adaptkit.cli.push import push
from adaptkit.cli.report import report
from adaptkit.cli.serve import serve
from adaptkit.cli.streams import READER_GONE, prepare_streams, refuse_other_encodings, run_in_utf8
from adaptkit.cli.studies import studies
from adaptkit.cli.tasks import tasks
from adaptkit.cli.tune import tune
from adaptkit.errors import AdaptkitError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(adaptkit.__version__, prog_name="adaptkit")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Tune pre-trained encoders on labelled text. Many trials are trained together; the best is exported."""


for command in (
    data, tune, report, predict, evaluate, compare, errors, export, serve, push, studies, tasks, plugins,
    cache,
):  # fmt: skip
    cli.add_command(command)


def main() -> None:
    """Run the command line, and print every error as one message."""
    # By default, torch's threads wait for one another by spinning. On a busy machine this can make training
    # five times slower. The setting only works before torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    run_in_utf8()
    prepare_streams()
    try:
        refuse_other_encodings(sys.argv[1:])
        _run()
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _leave("stopped.", 130)
    except AdaptkitError as error:
        if error.code == READER_GONE:  # no message: other programs end in this way, too
            sys.exit(141)
        _raise_if_debugging(error)
        _leave(str(error), error.exit_code)
    except Exception as error:
        _raise_if_debugging(error)
        if isinstance(error, OSError) and error.filename is not None and error.strerror:
            where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else error.filename
            _leave(f"{where} cannot be used: {error.strerror}. Check the path and its permissions.", 2)
        kind = type(error).__name__
        _leave(f"unexpected {kind}: {error}. Run 'adaptkit --debug ...', and report the traceback.", 1)


def _run() -> None:
    try:
        cli(standalone_mode=False)
    finally:
        sys.stdout.flush()


def _raise_if_debugging(error: Exception) -> None:
    if "--debug" in sys.argv[1:]:
        raise error


def _leave(message: str, exit_code: int) -> None:
    from adaptkit.report.escaping import visible

    click.echo(f"adaptkit: {visible(message, 4000)}", err=True)
    sys.exit(exit_code)
