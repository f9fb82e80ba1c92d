"""``adaptkit evaluate``: scores an exported model on labelled rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adaptkit.cli.parameters import json_option, options_of_rows, plugin_output_on_stderr

if TYPE_CHECKING:
    from adaptkit.data.options import ReadOptions
    from adaptkit.data.rows import Rows
    from adaptkit.export.predictor import Predictor


@click.command(short_help="Score a model on labelled rows.")
@click.argument("study_or_model", metavar="STUDY|MODEL_DIR")
@click.option("--data", required=True, help="The labelled rows: a file, a folder or a hub id.")
@options_of_rows
@json_option
def evaluate(
    study_or_model: str, data: str, columns: Sequence[str], delimiter: str | None, encoding: str | None,
    reader: str | None, skip_bad_rows: bool, task: str | None, device: str, studies_dir: Path, as_json: bool,
) -> None:  # fmt: skip
    """Score a study's winner, or an exported model, on labelled rows.

    Each number is shown with its 95% interval over these rows, or why it has none. Columns that --column
    named for tune are read again where the rows have them.
    """
    from adaptkit.cli.predict import load_predictor, read_options
    from adaptkit.data.sources import refuse_missing
    from adaptkit.report.escaping import visible
    from adaptkit.run.scoring import score_rows

    given = read_options(columns, delimiter, encoding, reader)
    refuse_missing(data)
    with plugin_output_on_stderr():
        predictor = load_predictor(study_or_model, studies_dir, device, task)
        rows = labelled_rows(predictor, data, given, skip_bad_rows=skip_bad_rows)
        scored = score_rows(predictor, rows.values)
    scores = scored.scores
    if as_json:
        counts = {
            "rows": len(rows), "skipped": len(rows.skipped), "unknown_labels": rows.unknown_labels
        }  # fmt: skip
        over = {"intervals": scored.intervals, "no_interval": scored.no_interval}
        click.echo(json.dumps({**counts, "values": scores.values, **over, "groups": scores.groups}))
        return
    from adaptkit.report.comparison import not_counted
    from adaptkit.report.formatting import figure
    from adaptkit.report.intervals import OVER_ROWS, absent, span

    click.echo(f"{len(rows):,} rows of {visible(rows.source)}")
    for sentence in not_counted(rows.unknown_labels, "score"):
        click.echo(sentence)
    for name, value in scores.values.items():
        ends = scored.intervals.get(name)
        between = f"{OVER_ROWS}: {span(name, ends)}" if ends else absent(scored.no_interval[name])
        click.echo(f"  {visible(name)}: {figure(name, value)} ({between})")
    for group, numbers in scores.groups.items():
        values = ", ".join(f"{visible(name)} {figure(name, value)}" for name, value in numbers.items())
        click.echo(f"  {visible(group)}: {values}")


def labelled_rows(predictor: Predictor, data: str, given: ReadOptions, *, skip_bad_rows: bool) -> Rows:
    """The labelled rows of a source for this model. Standard error says what is to be known of them."""
    from adaptkit.cli.predict import as_in_training, print_left_out, print_read_as
    from adaptkit.report.escaping import visible
    from adaptkit.run.scoring import row_warnings

    rows = read_rows(predictor, data, as_in_training(predictor, data, given), skip_bad_rows=skip_bad_rows)
    print_read_as(rows)
    print_left_out(rows)
    for warning in row_warnings(predictor, rows):
        click.echo(f"warning: {visible(warning, 2000)}", err=True)
    return rows


def read_rows(predictor: Predictor, data: str, options: ReadOptions, *, skip_bad_rows: bool) -> Rows:
    """The labelled rows of a source for this model."""
    from adaptkit.data.load import read_labelled

    with options_of_the_training():
        return read_labelled(
            predictor.task, data,
            labels=predictor.description.labels, columns=options.columns, skip_bad_rows=skip_bad_rows,
            options=options,
        )  # fmt: skip


@contextmanager
def options_of_the_training() -> Iterator[None]:
    """A block whose errors do not advise an option of the task: a model keeps those of its training."""
    from adaptkit.errors import DataError

    try:
        yield
    except DataError as error:
        if "--option" not in error.next_step:
            raise
        raise DataError(
            error.problem,
            expected=error.expected,
            next_step=(
                "The task reads rows with the options of the training. Write these rows in the form of the "
                "training rows, or tune a model with other options."
            ),
            code=error.code,
        ) from error
