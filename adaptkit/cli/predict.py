"""``adaptkit predict``: predicts with a model for texts from arguments, a file or a pipe."""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from adaptkit.cli.parameters import options_of_rows, pairs, plugin_output_on_stderr
from adaptkit.cli.streams import input_is_terminal, input_lines

if TYPE_CHECKING:
    from adaptkit.data.options import ReadOptions
    from adaptkit.data.rows import Rows
    from adaptkit.data.stream import NumberedRow, StreamedRows
    from adaptkit.export.predictor import Predictor
    from adaptkit.task import Row, Task

T = TypeVar("T")

LONGEST, LONGEST_INPUT = 2000, 600
"""As many characters of a value are shown, in predictions and in rows."""


@click.command(short_help="Predict with a model.")
@click.argument("study_or_model", metavar="STUDY|MODEL_DIR")
@click.argument("text", nargs=-1)
@click.option(
    "--file",
    "--data",
    "file",
    help="A file of rows, read as tune reads it. A .txt file that is no table has one text per line.",
)
@options_of_rows
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def predict(
    study_or_model: str, text: Sequence[str], file: str | None, columns: Sequence[str],
    delimiter: str | None, encoding: str | None, reader: str | None, skip_bad_rows: bool, task: str | None,
    device: str, studies_dir: Path, as_json: bool,
) -> None:  # fmt: skip
    """Predict with a study's winner, or with an exported model.

    The texts are the arguments TEXT..., the rows of --file, or the lines of standard input. Columns that
    --column named for tune are read again where the file has them. With --json each prediction has the number
    of its row, from 1; rows that are left out have numbers, too. Of many classes or answers, the five most
    probable are given.
    """
    from adaptkit.data.sources import refuse_missing
    from adaptkit.report.escaping import visible

    if text and file:
        raise click.UsageError("Give texts or --file, not both.")
    given = {"--column": columns, "--delimiter": delimiter, "--encoding": encoding, "--reader": reader}
    if not file and (alone := next((name for name, value in given.items() if value), None)):
        raise click.UsageError(f"{alone} needs --file: a text has no columns and no encoding.")
    if not text and not file and input_is_terminal():
        raise click.UsageError("Give texts, --file, or one text per line on standard input.")
    options, output = read_options(columns, delimiter, encoding, reader), sys.stdout
    if file:
        refuse_missing(file)
    for path in (one for one in text if os.path.isfile(one)):
        shown = visible(path)
        click.echo(f"warning: '{shown}' is read as a text. To read the file, write --file {shown}", err=True)
    with plugin_output_on_stderr():
        predictor = load_predictor(study_or_model, studies_dir, device, task)
        texts = enumerate(text, 1) if text else _lines_of_input()
        rows: Iterable[NumberedRow] = _parsed(predictor, texts, skip_bad_rows)
        count = len(text) or None
        if file:
            rows, count = _read(predictor, file, options, skip_bad_rows)
        for row, one in shown_progress(_predicted(predictor, rows), count, output):
            in_json = {"row": row.number, **one}
            words = (
                json.dumps(in_json, ensure_ascii=False) if as_json else _in_words(predictor.task, row, one)
            )
            click.echo(words, file=output)


def _predicted(
    predictor: Predictor, rows: Iterable[NumberedRow]
) -> Iterator[tuple[NumberedRow, Mapping[str, Any]]]:
    """Each row and its prediction. Standard error says at the end how many rows were truncated."""
    from adaptkit.export.truncated import TruncatedRows

    waiting: deque[NumberedRow] = deque()  # the rows that are read, but not predicted yet
    truncated = TruncatedRows()

    def values() -> Iterator[Row]:
        for row in rows:
            waiting.append(row)
            truncated.numbers.append(row.number)
            yield row.values

    for one in predictor.stream(values(), truncated=truncated):
        yield waiting.popleft(), one
    if warning := truncated.in_words(predictor.model.max_length):
        click.echo(f"warning: {warning}", err=True)


def shown_progress(predictions: Iterator[T], count: int | None, output: TextIO) -> Iterator[T]:
    """The predictions, with a progress bar on standard error, if that is a terminal and the output is not."""
    if not sys.stderr.isatty() or output.isatty():
        yield from predictions
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(predictions, "predicting", total=count, console=Console(stderr=True), transient=True)


def model_folder(study_or_model: str, studies_dir: Path) -> Path:
    """The folder of a model: the one that was given, or that of a study's winner."""
    from adaptkit.export.loading import DESCRIPTION
    from adaptkit.run.study import no_model
    from adaptkit.study.find import find_study

    folder = Path(study_or_model)
    if (folder / DESCRIPTION).exists():
        return folder
    study = find_study(studies_dir, study_or_model)
    if not study.current_best.exists():
        raise no_model(study)
    return study.current_best


def load_predictor(study_or_model: str, studies_dir: Path, device: str, task: str | None) -> Predictor:
    """Load the model in a folder, or a study's winner, and print what is different from when it was made."""
    from adaptkit.export.predictor import load_quietly
    from adaptkit.report.escaping import visible

    folder = model_folder(study_or_model, studies_dir)
    predictor = load_quietly(folder, device=device, task=task)
    for warning in predictor.warnings:
        click.echo(f"warning: {visible(warning, 2000)}", err=True)
    return predictor


def read_options(
    columns: Sequence[str], delimiter: str | None, encoding: str | None, reader: str | None
) -> ReadOptions:
    """How rows are read, as the command line says; raises ConfigError for an unknown name."""
    from adaptkit.data.options import ReadOptions

    options = ReadOptions(
        columns=pairs(columns, "--column"), delimiter=delimiter, encoding=encoding, reader=reader
    )
    options.check()
    return options


def as_in_training(predictor: Predictor, source: str, given: ReadOptions) -> ReadOptions:
    """The options with the columns of the training where the source has them, which standard error names."""
    from adaptkit.data.trained_columns import with_trained_columns
    from adaptkit.report.escaping import visible

    options = with_trained_columns(predictor.task, source, given, predictor.description.columns)
    reused = [f"{name}={file}" for name, file in options.columns.items() if name not in given.columns]
    if reused:
        click.echo(f"{visible(source)}: columns as in training: {visible(', '.join(reused), 2000)}", err=True)
    return options


def print_read_as(rows: Rows | StreamedRows) -> None:
    """Print on standard error what was inferred to read the rows, if anything was."""
    from adaptkit.report.escaping import visible

    if rows.read_as:
        click.echo(f"{visible(rows.source)}: read as {visible(', '.join(rows.read_as), 2000)}", err=True)


def print_left_out(rows: Rows | StreamedRows) -> None:
    """Print on standard error which rows were left out, and why. Of empty lines the first is named."""
    from adaptkit.data.readers import EMPTY_LINE
    from adaptkit.report.escaping import visible

    empty = 0
    for reason in rows.skipped:
        empty += (is_empty := reason.endswith(f": {EMPTY_LINE}"))
        if not is_empty or empty == 1:
            click.echo(f"left out: {visible(reason, 2000)}", err=True)
    print_more_empty_lines(empty - 1)


def print_more_empty_lines(count: int) -> None:
    """Print on standard error how many empty lines were left out besides the first, if any were."""
    if count > 0:
        click.echo(f"left out: {count:,} more empty {'line' if count == 1 else 'lines'}", err=True)


def _lines_of_input() -> Iterator[tuple[int, str]]:
    """The lines of standard input and their numbers. Empty lines are left out, as they are of a file."""
    from adaptkit.data.readers import EMPTY_LINE

    empty = 0
    for number, line in enumerate(input_lines(), 1):
        if line.strip():
            yield number, line
            continue
        empty += 1
        if empty == 1:
            click.echo(f"left out: text {number}: {EMPTY_LINE}", err=True)
    print_more_empty_lines(empty - 1)


def _parsed(
    predictor: Predictor, texts: Iterable[tuple[int, str]], skip_bad_rows: bool
) -> Iterator[NumberedRow]:
    """The rows of texts."""
    from adaptkit.data.stream import NumberedRow
    from adaptkit.errors import DataError
    from adaptkit.report.escaping import visible

    for number, text in texts:
        try:
            yield NumberedRow(number, f"text {number}", predictor.row_of(text.rstrip("\r\n")))
        except ValueError as error:
            if not skip_bad_rows:
                raise DataError(
                    f"text {number}: {error}",
                    next_step="Correct it, or leave out invalid texts with --skip-bad-rows.",
                    code="bad-text",
                ) from error
            click.echo(f"left out: text {number}: {visible(str(error), 2000)}", err=True)


def _read(
    predictor: Predictor, file: str, given: ReadOptions, skip_bad_rows: bool
) -> tuple[Iterable[NumberedRow], int]:
    """The rows of a file, and how many there are."""
    from adaptkit.data.stream import stream_unlabelled

    options = as_in_training(predictor, file, given)
    rows = stream_unlabelled(
        predictor.task, file, columns=options.columns, skip_bad_rows=skip_bad_rows, options=options
    )
    print_read_as(rows)
    print_left_out(rows)
    if rows.left_out > len(rows.skipped):
        click.echo(f"left out: {rows.left_out - len(rows.skipped):,} more rows", err=True)
    return rows.numbered(), rows.count


def _in_words(task: Task, row: NumberedRow, prediction: Mapping[str, Any]) -> str:
    """The row's place, its input and its prediction, as lines of text without control characters."""
    from adaptkit.cli.shown_rows import indented, input_of, news_in, question_in, words_in
    from adaptkit.report.escaping import visible

    asked, words = question_in(task, row.values), words_in(task, row.values)
    lines = [
        *indented("", input_of(asked, words), LONGEST_INPUT),
        *indented("predicted ", news_in(prediction, asked, words), LONGEST),
    ]
    return "\n".join([visible(row.place, 1000), *lines, ""])
