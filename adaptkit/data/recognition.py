"""Recognises JSON and tables by the first bytes of a file, whatever its name is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from adaptkit.data.compressed import first_bytes
from adaptkit.data.delimiters import DELIMITERS, delimiter_of, fields_of
from adaptkit.data.json_rows import looks_like_json
from adaptkit.data.word_tables import word_columns

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from adaptkit.data.options import ReadOptions
    from adaptkit.task import Task

USUAL_DELIMITERS = {".csv": ",", ".tsv": "\t"}
"""The suffixes of tables, and the usual delimiter of each."""

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
PEEKED = 4096
"""Bytes of a file that are looked at to recognise it."""


def is_recognised(path: Path, task: Task, wanted: Collection[str], options: ReadOptions) -> bool:
    """Whether a file's content, and not only its suffix, shows that it is JSON of rows or a table."""
    text = first_bytes(path, PEEKED).decode(options.encoding or "utf-8", "ignore").removeprefix("\ufeff")
    if options.separator is not None or (looks_like_json(text) and _first_keys(text, task)):
        return True
    return has_header(text, task, wanted) or is_word_table(text, task)


def is_elsewhere(suffix: str, text: str, task: Task) -> bool:
    """Whether a file that the task has a reader for is JSON of rows, or a table with one word per row."""
    if suffix in JSON_SUFFIXES:
        return False
    if looks_like_json(text):
        return _first_keys(text, task)
    header = text.split("\n", 1)[0]
    usual = USUAL_DELIMITERS.get(suffix)
    other = usual is not None and delimiter_of(header, usual, (*task.columns, *task.target_columns)) != usual
    return (other and has_header(text, task, ())) or is_word_table(text, task)


def is_word_table(text: str, task: Task) -> bool:
    """Whether the first line names the columns of a table with one word per row."""
    header = text.split("\n", 1)[0]
    return any(word_columns(_header_fields(header, one), task, {}) for one in DELIMITERS)


def _first_keys(text: str, task: Task) -> bool:
    """Whether the first JSON value of a file is a row that the task or an annotation tool's reader knows."""
    try:
        value, _ = json.JSONDecoder().raw_decode(text.lstrip().removeprefix("[").lstrip())
    except (ValueError, RecursionError):
        return text.lstrip().startswith(("[", "{")) and any(f'"{name}"' in text for name in _row_names(task))
    return isinstance(value, str) or (isinstance(value, dict) and bool(_row_names(task) & value.keys()))


def _row_names(task: Task) -> set[str]:
    return {*task.columns, *task.target_columns, "text", "data", "annotations"}


def has_header(text: str, task: Task, wanted: Collection[str]) -> bool:
    """Whether the first line of a file names the task's columns, apart from the answers."""
    header = text.split("\n", 1)[0]
    needed = set(wanted) or {name for name in task.columns if name not in task.target_columns}
    names = {name.casefold() for name in needed if not name.isdecimal()}
    return any(
        bool(names) and len(fields) > 1 and names <= {field.casefold() for field in fields}
        for fields in (_header_fields(header, one) for one in DELIMITERS)
    )


def _header_fields(header: str, delimiter: str) -> list[str]:
    return [field.strip() for field in fields_of(header.rstrip("\r"), delimiter)]
