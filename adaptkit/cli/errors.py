"""``adaptkit errors``: the labelled rows that a model gets wrong, and what it predicts for them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptkit.cli.parameters import options_of_rows, plugin_output_on_stderr

if TYPE_CHECKING:
    from adaptkit.run.row_results import RowResult
    from adaptkit.task import Row

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
@options_of_rows
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line, for each of the rows.")
def errors(
    study_or_model: str, data: str, most: int | None, columns: Sequence[str], delimiter: str | None,
    encoding: str | None, reader: str | None, skip_bad_rows: bool, task: str | None, device: str,
    studies_dir: Path, as_json: bool,
) -> None:  # fmt: skip
    """Show the labelled rows that a study's winner, or an exported model, gets wrong.

    The rows with the highest loss come first. If the model was not trained on them, a high loss may also mean
    that the label is wrong. A row is right if the task's metric is 1 for it. Where the metric says nothing of
    one row, as a correlation, all rows are shown.
    """
    from adaptkit.cli.evaluate import labelled_rows
    from adaptkit.cli.predict import load_predictor, read_options
    from adaptkit.data.sources import refuse_missing
    from adaptkit.run.row_results import results_of, worst_first

    given = read_options(columns, delimiter, encoding, reader)
    refuse_missing(data)
    with plugin_output_on_stderr():
        predictor = load_predictor(study_or_model, studies_dir, device, task)
        rows = labelled_rows(predictor, data, given, skip_bad_rows=skip_bad_rows)
        results = results_of(predictor, rows)
    wrong = worst_first(results)
    if as_json:
        for one in wrong[:most]:
            loss = None if math.isnan(one.loss) else one.loss
            click.echo(json.dumps({**vars(one), "loss": loss}, ensure_ascii=False, default=_as_json))
        return
    shown = wrong[: most or 20]
    for line in [_summary(rows.source, results, predictor.task.metric.name), *_confused(wrong)]:
        click.echo(line)
    if len(shown) < len(wrong):
        click.echo(f"\nThe {len(shown):,} with the highest loss (--most N shows more):")
    for one in shown:
        click.echo("\n".join(["", *_lines(one)]))


def _as_json(value: Any) -> Any:
    """A number or an array of NumPy as JSON has it; anything else as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _summary(source: str, results: Sequence[RowResult], metric: str) -> str:
    from adaptkit.report.escaping import visible

    wrong = sum(one.right is False for one in results)
    unknown = sum(one.right is None for one in results)
    rows = f"{len(results):,} rows of {visible(source)}"
    if unknown == len(results):
        return f"{rows}, by loss. {visible(metric)} has no right or wrong for one row."
    more = f" {visible(metric)} has no right or wrong for {unknown:,} of them." if unknown else ""
    return f"{rows}: {wrong:,} wrong.{more}"


def _confused(wrong: Sequence[RowResult]) -> list[str]:
    """The most frequent pairs of a label and the one that was predicted for it."""
    from adaptkit.report.escaping import visible
    from adaptkit.run.row_results import confusions

    frequent = [one for one in confusions(wrong) if one[2] > 1][:CONFUSIONS]
    lines = [
        f"  {count:4} x {visible(label)}, predicted {visible(other)}" for label, other, count in frequent
    ]
    return ["", "Most frequent confusions:", *lines] if lines else []


def _lines(result: RowResult) -> list[str]:
    """A row, its answer and its prediction."""
    from adaptkit.cli.shown_rows import indented, input_of, news_in
    from adaptkit.report.escaping import visible
    from adaptkit.run.row_results import tagged_words

    words = tagged_words(result)
    tags = result.predicted_answer if words else {}
    parts = {
        "": input_of(result.row, words),
        "expected ": _answers(result.expected, words, result.row),
        "predicted ": _answers(tags, words, result.row) or news_in(result.predicted, result.row, words),
    }
    lines = [line for prefix, values in parts.items() for line in indented(prefix, values, LONGEST)]
    return [f"{visible(result.place)}  loss {result.loss:.4f}", *lines]


def _answers(values: Mapping[str, Any], words: Sequence[str], row: Row) -> dict[str, Any]:
    return {name: _answer(value, words, row) for name, value in values.items()}


def _answer(value: Any, words: Sequence[str], row: Row) -> Any:
    """The tags of words as "word/tag", without those that are "O" or empty; a position with what is there."""
    if type(value) is int and value >= 0:
        lists = [one for one in row.values() if isinstance(one, (list, tuple)) and len(one) > value]
        return f"{value} ({lists[0][value]})" if len(lists) == 1 else value
    if not words or not isinstance(value, (list, tuple)) or len(value) != len(words):
        return value
    tags = [", ".join(one) if isinstance(one, (list, tuple)) else one for one in value]
    tagged = [f"{word}/{tag}" for word, tag in zip(words, tags, strict=True) if tag not in ("O", "")]
    return " ".join(tagged) or "none"
