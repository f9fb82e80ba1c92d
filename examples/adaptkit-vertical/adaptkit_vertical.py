"""Reads .rec files: a row is some lines ``column: value``, with an empty line after each row."""

from adaptkit import FileReader, numbered_lines


def rows(path):
    row, first = {}, 0
    for number, line in numbered_lines(path):
        if not line.strip():
            if row:
                yield first, row
            row = {}
            continue
        column, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"line {number}: {line!r:.60} has no colon; expected column: value")
        first = first if row else number
        row[column.strip()] = value.strip()
    if row:
        yield first, row


def vertical() -> FileReader:
    return FileReader(read=rows, suffixes=(".rec",), description="lines of column: value, row by row")
