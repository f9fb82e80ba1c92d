"""``adaptkit errors``: the labelled rows that a model gets wrong, and what it predicts for them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptkit.cli.parameters import (
    column_option,
    delimiter_option,
    device_option,
    encoding_option,
    json_option,
    pairs,
    plugin_output_on_stderr,
    reader_option,
    skip_option,
    studies_option,
    task_option,
)

if TYPE_CHECKING:
    from adaptkit.run.row_results import RowResult

CONFUSIONS = 10
"""As many pairs of labels are shown."""

LONGEST = 600
"""As many characters of a value are shown."""


@click.command(short_help="Show the rows that a model gets wrong.")
@click.argument("study_or_model", metavar="STUDY|MODEL_DIR")
@click.option("--data", required=True, help="The labelled rows: a file, a folder or a hub id.")
@click.option(
    "--most", type=click.IntRange(min=1), metavar="N",
    help="Show at most N rows; by default 20, or all with --json.",
)  # fmt: skip
@column_option
@delimiter_option
@encoding_option
@reader_option
@skip_option
@task_option
@device_option
@studies_option
@json_option
def errors(
    study_or_model: str, data: str, most: int | None, columns: Sequence[str], delimiter: str | None,
    encoding: str | None, reader: str | None, skip_bad_rows: bool, task: str | None, device: str,
    studies_dir: Path, as_json: bool,
) -> None:  # fmt: skip
    """Show the labelled rows that a study's winner, or an exported model, gets wrong.

    The rows with the highest loss come first: the model is surest of something else there, and where it has
    not been trained on these rows, their labels may be wrong. A row is right if the task's metric is 1 for
    it. Where there is no such row, as with a correlation, all rows are shown, by their loss.
    """
    from adaptkit.cli.evaluate import labelled_rows
    from adaptkit.cli.predict import load_predictor
    from adaptkit.data.options import ReadOptions
    from adaptkit.run.row_results import results_of, worst_first

    given = ReadOptions(
        columns=pairs(columns, "--column"), delimiter=delimiter, encoding=encoding, reader=reader
    )
    given.check()
    with plugin_output_on_stderr():
        predictor = load_predictor(study_or_model, studies_dir, device, task)
        rows = labelled_rows(predictor, data, given, skip_bad_rows=skip_bad_rows)
        results = results_of(predictor, rows)
    wrong = worst_first(results)
    if as_json:
        for one in wrong[:most]:
            click.echo(json.dumps(vars(one), ensure_ascii=False, default=str))
        return
    shown = wrong[: most or 20]
    for line in [_summary(rows.source, results, wrong), *_confused(wrong)]:
        click.echo(line)
    if len(shown) < len(wrong):
        click.echo(f"\nThe {len(shown):,} with the highest loss (--most N shows more):")
    for one in shown:
        click.echo("\n".join(["", *_lines(one)]))


def _summary(source: str, results: Sequence[RowResult], wrong: Sequence[RowResult]) -> str:
    from adaptkit.report.escaping import visible

    known = any(one.right is not None for one in results)
    found = f"{len(wrong):,} wrong" if known else "the metric is 1 for none of them"
    return f"{len(results):,} rows of {visible(source)}: {found}."


def _confused(wrong: Sequence[RowResult]) -> list[str]:
    """The most frequent pairs of a label and the one that was predicted for it."""
    from adaptkit.report.escaping import visible
    from adaptkit.run.row_results import confused

    frequent = [one for one in confused(wrong) if one[2] > 1][:CONFUSIONS]
    lines = [
        f"  {count:4} x {visible(label)}, predicted {visible(other)}" for label, other, count in frequent
    ]
    return ["", "Most frequent:", *lines] if lines else []


def _lines(result: RowResult) -> list[str]:
    """A row, its answer and its prediction."""
    from adaptkit.report.escaping import visible

    words = _tagged_words(result)
    known = [*result.row.values(), " ".join(words)]
    parts = {
        "": {name: " ".join(words) if value is words else value for name, value in result.row.items()},
        "expected ": {name: _by_word(value, words) for name, value in result.expected.items()},
        "predicted ": {name: value for name, value in result.predicted.items() if value not in known},
    }
    lines = [line for prefix, values in parts.items() for line in _prefixed(prefix, values)]
    return [f"{visible(result.place)}  loss {result.loss:.4f}", *lines]


def _prefixed(prefix: str, values: Mapping[str, Any]) -> list[str]:
    from adaptkit.cli.predict import in_lines

    return [
        f"  {'' if line.startswith(' ') else prefix}{line}" for line in in_lines(values, LONGEST)
    ]  # a line that starts with a space belongs to the one before it


def _tagged_words(result: RowResult) -> Sequence[str]:
    """The words of the row, if its answer has a value for each; else none."""
    sizes = {len(value) for value in result.expected.values() if isinstance(value, (list, tuple))}
    for value in result.row.values():
        if isinstance(value, (list, tuple)) and value and len(value) in sizes and isinstance(value[0], str):
            return value
    return ()


def _by_word(value: Any, words: Sequence[str]) -> Any:
    """The tags of words as "word/tag", without those that are "O" or empty; another value unchanged."""
    if not words or not isinstance(value, (list, tuple)) or len(value) != len(words):
        return value
    tags = [", ".join(one) if isinstance(one, (list, tuple)) else one for one in value]
    return " ".join(f"{word}/{tag}" for word, tag in zip(words, tags, strict=True) if tag not in ("O", ""))
