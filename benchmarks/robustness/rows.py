"""Changes of rows, before they are written: to their texts and columns, and to which rows there are."""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Callable
from random import Random
from typing import Any

from benchmarks.robustness.good import Good, Row

Rows = list[Row]
Change = Callable[[Rows, Random, Good], Rows]


def _duplicate_row(rows: Rows, draw: Random, good: Good) -> Rows:
    at = draw.randrange(len(rows))
    return [*rows[:at], rows[at], *rows[at:]]


def _duplicate_all(rows: Rows, draw: Random, good: Good) -> Rows:
    return [*rows, *copy.deepcopy(rows)]


def _drop_row(rows: Rows, draw: Random, good: Good) -> Rows:
    at = draw.randrange(len(rows))
    return rows[:at] + rows[at + 1 :]


def _drop_half(rows: Rows, draw: Random, good: Good) -> Rows:
    return draw.sample(rows, len(rows) // 2)


def _keep_few(rows: Rows, draw: Random, good: Good) -> Rows:
    return rows[: draw.randrange(1, 4)]


def _shuffle_rows(rows: Rows, draw: Random, good: Good) -> Rows:
    return draw.sample(rows, len(rows))


def _no_row(rows: Rows, draw: Random, good: Good) -> Rows:
    return []


def text_change(change: Callable[[str], Any], share: float) -> Callable[[Rows, Random, Good], Rows]:
    """Change one column of texts, in a share of the rows, or in at least one."""

    def changed(rows: Rows, draw: Random, good: Good) -> Rows:
        chosen = set(draw.sample(range(len(rows)), max(1, int(share * len(rows)))))
        column = draw.choice(text_columns(rows[0], good))
        return [
            {**row, column: _changed(row[column], change)} if at in chosen else row
            for at, row in enumerate(rows)
        ]

    return changed


def _changed(value: Any, change: Callable[[str], Any]) -> Any:
    return [change(one) for one in value] if isinstance(value, list) else change(value)


def text_columns(row: Row, good: Good) -> list[str]:
    """The columns that are not the answer."""
    return [name for name in row if name != good.label]


def _drop_column(rows: Rows, draw: Random, good: Good) -> Rows:
    gone = draw.choice(list(rows[0]))
    return [{name: value for name, value in row.items() if name != gone} for row in rows]


def _drop_cell(rows: Rows, draw: Random, good: Good) -> Rows:
    at = draw.randrange(len(rows))
    del rows[at][draw.choice(list(rows[at]))]
    return rows


def _rename_column(rows: Rows, draw: Random, good: Good) -> Rows:
    old = draw.choice(list(rows[0]))
    new = draw.choice([old.upper(), old.title(), f" {old}", f"{old}_", "column", old[:-1], f"\ufeff{old}"])
    return [{new if name == old else name: value for name, value in row.items()} for row in rows]


def swap_columns(rows: Rows, draw: Random, good: Good) -> Rows:
    """Two columns have each other's values."""
    one, other = draw.sample(list(rows[0]), 2)
    return [{**row, one: row[other], other: row[one]} for row in rows]


def swap_cells(rows: Rows, draw: Random, good: Good) -> Rows:
    """Two columns have each other's values in one row."""
    at = draw.randrange(len(rows))
    one, other = draw.sample(list(rows[at]), 2)
    rows[at] = {**rows[at], one: rows[at][other], other: rows[at][one]}
    return rows


def _reorder_columns(rows: Rows, draw: Random, good: Good) -> Rows:
    order = draw.sample(list(rows[0]), len(rows[0]))
    return [{name: row[name] for name in order} for row in rows]


def _extra_column(rows: Rows, draw: Random, good: Good) -> Rows:
    name = draw.choice(["id", "source", "notes", "Unnamed: 0", "score2", "label2"])
    return [{name: str(at), **row} for at, row in enumerate(rows)]


SYMPTOM = "never predicts|baseline|most frequent|dev score is that of|than chance"
"""What is said of a winner that learned nothing. It is all that can be said where each row is valid."""

CHANGES: dict[str, tuple[Change, str]] = {
    "duplicate a row": (_duplicate_row, ""),
    "duplicate all rows": (_duplicate_all, ""),
    "drop a row": (_drop_row, ""),
    "drop half of the rows": (_drop_half, ""),
    "keep one to three rows": (_keep_few, f"rows|{SYMPTOM}"),
    "shuffle the rows": (_shuffle_rows, ""),
    "drop all rows": (_no_row, ""),
    "empty a text": (text_change(lambda text: "", 0), ""),
    "empty half of the texts": (text_change(lambda text: "", 0.5), "empty|without|different|text"),
    "null as a text": (text_change(lambda text: None, 0), ""),
    "a number as a text": (text_change(lambda text: 7, 0), ""),
    "a list as a text": (text_change(lambda text: [text], 0), ""),
    "texts in upper case": (text_change(str.upper, 1), ""),
    "texts with invisible characters": (text_change("\u200b".join, 1), "invisible|unknown|inside"),
    "texts with decomposed letters": (text_change(lambda text: unicodedata.normalize("NFD", text), 1), ""),
    "texts decoded wrongly": (text_change(lambda text: text.encode().decode("latin-1"), 1), ""),
    "a very long text": (text_change(lambda text: " ".join([text] * 500), 0), "cut|longer|truncat"),
    "texts with markup": (text_change(lambda text: f"<p>[red]{text}</p>", 0.3), "does not know"),
    "a text with control characters": (text_change(lambda text: f"\x1b[31m{text}\u202e", 0), ""),
    "drop a column": (_drop_column, ""),
    "drop a column in one row": (_drop_cell, ""),
    "rename a column": (_rename_column, ""),
    "swap two columns": (swap_columns, f"columns|{SYMPTOM}"),
    "swap two columns in one row": (swap_cells, ""),
    "reorder the columns": (_reorder_columns, ""),
    "add a column": (_extra_column, ""),
}
"""Name → the change, and what a warning that names it has. Empty: the score stays, or the file is refused."""
