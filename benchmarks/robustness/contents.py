"""Changes of a file's bytes: cut off, damaged, with another encoding, other separators, quotes or lines."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from random import Random

Change = Callable[[bytes, Random], bytes]


def _cut_off(data: bytes, draw: Random) -> bytes:
    return data[: draw.randrange(1, len(data))]


def _cut_lines(data: bytes, draw: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(lines[: draw.randrange(1, len(lines))])


def _empty(data: bytes, draw: Random) -> bytes:
    return b""


def flip_bit(data: bytes, draw: Random) -> bytes:
    """Somewhere in the file."""
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :]


def insert_bytes(inserted: bytes) -> Change:
    """Somewhere in the file."""

    def changed(data: bytes, draw: Random) -> bytes:
        at = draw.randrange(len(data))
        return data[:at] + inserted + data[at:]

    return changed


def insert_line(line: bytes) -> Change:
    """Between two lines, or before the first."""

    def changed(data: bytes, draw: Random) -> bytes:
        lines = data.splitlines(keepends=True)
        at = draw.randrange(len(lines))
        return b"".join([*lines[:at], line + b"\n", *lines[at:]])

    return changed


def _drop_line(data: bytes, draw: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    at = draw.randrange(len(lines))
    return b"".join(lines[:at] + lines[at + 1 :])


def _drop_first_line(data: bytes, draw: Random) -> bytes:
    return b"".join(data.splitlines(keepends=True)[1:])


def _repeat_first_line(data: bytes, draw: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join([lines[0], *lines])


def join_lines(data: bytes, draw: Random) -> bytes:
    """Two lines become one."""
    lines = data.splitlines(keepends=True)
    at = draw.randrange(len(lines))
    return b"".join([*lines[:at], lines[at].rstrip(b"\n"), *lines[at + 1 :]])


def replace(old: bytes, new: bytes) -> Change:
    """Everywhere."""
    return lambda data, draw: data.replace(old, new)


def replace_once(old: bytes, new: bytes) -> Change:
    """At one place; the file is unchanged if there is none."""

    def changed(data: bytes, draw: Random) -> bytes:
        parts = data.split(old)
        if len(parts) == 1:
            return data
        at = draw.randrange(1, len(parts))
        return old.join(parts[:at]) + new + old.join(parts[at:])

    return changed


def encoded(encoding: str) -> Change:
    """In another encoding."""
    return lambda data, draw: data.decode("utf-8", "replace").encode(encoding, "replace")


def around(before: bytes, after: bytes = b"") -> Change:
    """With something before and after it."""
    return lambda data, draw: before + data + after


def _array(data: bytes, draw: Random) -> bytes:
    return json.dumps([json.loads(line) for line in data.splitlines()]).encode()


def _pretty(data: bytes, draw: Random) -> bytes:
    return "\n".join(json.dumps(json.loads(line), indent=2) for line in data.splitlines()).encode()


DAMAGED: dict[str, Change] = {
    "cut off": _cut_off,
    "empty file": _empty,
    "flip a bit": flip_bit,
    "a NUL byte": insert_bytes(b"\0"),
    "bytes that are not UTF-8": insert_bytes(b"\xff\xfe\xfa"),
    "UTF-16": encoded("utf-16"),
    "a byte order mark": around(b"\xef\xbb\xbf"),
    "a web page": lambda data, draw: b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "a pointer of Git LFS": lambda data, draw: (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n"
    ),
}
"""Name → change of any file."""

LINES: dict[str, Change] = {
    **DAMAGED,
    "cut off after a line": _cut_lines,
    "a blank line": insert_line(b""),
    "blank lines at the beginning": around(b"\n\n"),
    "blank lines at the end": around(b"", b"\n\n \n"),
    "a broken line": insert_line(b'@@ "?? {,;\t<<<'),
    "a merge conflict": insert_line(b"<<<<<<< HEAD"),
    "a comment": insert_line(b"# checked by hand"),
    "drop a line": _drop_line,
    "drop the first line": _drop_first_line,
    "the first line twice": _repeat_first_line,
    "join two lines": join_lines,
    "no last line end": lambda data, draw: data.rstrip(b"\n"),
    "CRLF": replace(b"\n", b"\r\n"),
    "CR": replace(b"\n", b"\r"),
    "CRLF in one line": replace_once(b"\n", b"\r\n"),
    "Latin-1": encoded("latin-1"),
    "Windows-1252": encoded("cp1252"),
    "Mac Roman": encoded("mac-roman"),
    "UTF-16 big-endian": encoded("utf-16-be"),
    "UTF-32": encoded("utf-32"),
    "UTF-8 twice": lambda data, draw: data.decode("latin-1").encode(),
    "compressed, same name": lambda data, draw: gzip.compress(data, mtime=0),
    "spaces before each line": lambda data, draw: b"  " + data.replace(b"\n", b"\n  "),
    "Unicode line separators": replace("é".encode(), "é\u2028".encode()),
}
"""Name → change of any file of lines."""

TABLES: dict[str, Change] = {
    "semicolons": replace(b",", b";"),
    "tabs": replace(b",", b"\t"),
    "pipes": replace(b",", b"|"),
    "colons": replace(b",", b":"),
    "a space after each comma": replace(b",", b", "),
    "a comma less": replace_once(b",", b""),
    "a comma more": replace_once(b",", b",,"),
    "an open quote": replace_once(b",", b',"'),
    "single quotes": replace_once(b",", b",'"),
    "a comma at the end of each line": replace(b"\n", b",\n"),
    "sep= in the first line": around(b"sep=,\n"),
    "a title in the first line": around(b"Results of March,\n"),
}
"""Name → change of CSV."""

OBJECTS: dict[str, Change] = {
    "an array": _array,
    "indented objects": _pretty,
    "a comma after each object": replace(b"}\n", b"},\n"),
    "objects without line ends": replace(b"}\n", b"}"),
    "single quotes": replace(b'"', b"'"),
    "a quote less": replace_once(b'"', b""),
    "a brace less": replace_once(b"}", b""),
    "a colon less": replace_once(b":", b""),
    "null instead of a string": replace_once(b': "', b': null, "x": "'),
    "NaN": replace_once(b": ", b': NaN, "x": '),
    "a key twice": replace_once(b"{", b'{"text": "twice", '),
}
"""Name → change of JSON Lines."""

TAGGED: dict[str, Change] = {
    "spaces instead of tabs": replace(b"\t", b" "),
    "a tab less": replace_once(b"\t", b""),
    "a tab more": replace_once(b"\t", b"\t\t"),
    "a tab at the end of each line": replace(b"\n", b"\t\n"),
    "commas instead of tabs": replace(b"\t", b","),
    "no blank lines": replace(b"\n\n", b"\n"),
    "a blank line less": replace_once(b"\n\n", b"\n"),
    "a blank line after each word": replace(b"\n", b"\n\n"),
    "a column more": replace(b"\t", b"\tNN\t"),
    "-DOCSTART- lines": around(b"-DOCSTART- -X-\n\n"),
}
"""Name → change of CoNLL."""

OF_FORM: dict[str, dict[str, Change]] = {
    "csv": {**LINES, **TABLES},
    "jsonl": {**LINES, **OBJECTS},
    "spans": {**LINES, **OBJECTS},
    "json": {name: change for name, change in LINES.items() if "line" not in name},
    "conll": {**LINES, **TAGGED},
}

SUFFIXES = (
    "",
    ".txt",
    ".dat",
    ".json",
    ".csv",
    ".tsv",
    ".jsonl",
    ".conll",
    ".xml",
    ".parquet",
    ".CSV",
    ".gz",
)
