"""What is given to `Predictor.predict`: texts, rows, tables, data sets or files, as prepared rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptkit.data.in_memory import is_dataset, memory_rows, of_library
from adaptkit.data.load import read_unlabelled
from adaptkit.data.rows import shortened
from adaptkit.data.trained_columns import with_trained_columns
from adaptkit.errors import ConfigError, DataError

if TYPE_CHECKING:
    from adaptkit.data.options import ReadOptions
    from adaptkit.task import Row, Task


def is_single(given: object) -> bool:
    """Whether one text or one row is given, and not several."""
    return isinstance(given, (str, Mapping))


def prepared_inputs(
    task: Task, given: Any, options: ReadOptions, trained: Mapping[str, str], row_of: Callable[[str], Row]
) -> list[Row]:
    """The rows to be predicted, in their order, one for each text or row that is given.

    Args:
        task: the model's task.
        given: a text, a row, several of them, a DataFrame, a data set, or the path of a file.
        options: how a file is read, and which columns the rows have.
        trained: the task's column → the column of the training rows; used where the rows have them.
        row_of: makes the prepared row of a text; raises ValueError.

    Raises:
        DataError: a text or a row cannot be used; the message names it.
        ConfigError: something else is given.
    """
    if isinstance(given, os.PathLike):
        return _rows(task, str(os.fspath(given)), options, trained)
    if (how := options.delimiter or options.encoding or options.reader) is not None:
        raise ConfigError(
            f"{shortened(how)} says how a file is read, and no file is given",
            expected="the path of a file, as a pathlib.Path",
            next_step="Leave out delimiter=, encoding= and reader=.",
            code="reading-without-file",
        )
    if isinstance(given, str):
        _refuse_path(given)
    single = [given] if is_single(given) else given
    if not _is_iterated(single):
        rows = replace(memory_rows("data", single), name="")
        return _rows(task, rows, options, trained) if rows.lines else []
    several = list(single)
    texts = [one for one in several if isinstance(one, str)]
    if not several:
        return []
    if not texts:
        return _rows(task, replace(memory_rows("data", several), name=""), options, trained)
    if len(texts) < len(several):
        raise DataError(
            f"{len(texts)} texts among {len(several)} rows",
            expected="only texts, or only rows",
            next_step="Predict the texts and the rows in two calls.",
            code="texts-among-rows",
        )
    return [_text_row(text, row_of) for text in texts]


def _rows(task: Task, source: Any, given: ReadOptions, trained: Mapping[str, str]) -> list[Row]:
    options = with_trained_columns(task, source, given, trained)
    rows = read_unlabelled(task, source, columns=options.columns, skip_bad_rows=False, options=options)
    if rows.skipped:  # a prediction for each row is expected
        raise DataError(
            rows.skipped[0],
            expected="rows that the task can predict",
            next_step="Leave this row out.",
            code="row-left-out",
        )
    return list(rows.values)


def _text_row(text: str, row_of: Callable[[str], Row]) -> Row:
    try:
        return row_of(text)
    except ValueError as error:
        raise DataError(
            f"{shortened(text)}: {error}", next_step="Correct this text, or leave it out.", code="bad-text"
        ) from error


def _is_iterated(given: object) -> bool:
    """Whether the texts or rows are what an iteration gives: not so for tables."""
    tables = of_library(given, "pandas", "DataFrame") or is_dataset(given)
    others = hasattr(given, "to_pylist") or hasattr(given, "to_dicts")
    return isinstance(given, Iterable) and not (tables or others or isinstance(given, (bytes, bytearray)))


def _refuse_path(text: str) -> None:
    """Raise DataError for the name of an existing file, which is hardly meant as a text."""
    if len(text) < 1000 and "\n" not in text and "\0" not in text and os.path.isfile(text):
        raise DataError(
            f"{shortened(text)} is a file, and a text was expected",
            expected="a text, or the file as a path",
            next_step=f"Predict its rows: predict(pathlib.Path({text!r})).",
            code="file-as-text",
        )
