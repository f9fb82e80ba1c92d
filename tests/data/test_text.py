from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from adaptkit.data.text import MAX_LINE_BYTES, numbered_lines, whole_text
from adaptkit.errors import DataError


def lines_of(path: Path, content: bytes) -> list[tuple[int, str]]:
    path.write_bytes(content)
    return list(numbered_lines(path))


def test_a_line_has_no_byte_order_mark_and_no_crlf(tmp_path: Path) -> None:
    assert lines_of(tmp_path / "f", b"\xef\xbb\xbfone\r\n\r\ntwo") == [(1, "one"), (2, ""), (3, "two")]


def test_only_line_feeds_end_lines(tmp_path: Path) -> None:
    text = "a\x0bb\x0cc\x85d\u2028e"
    assert lines_of(tmp_path / "f", f"{text}\n".encode()) == [(1, text)]


@pytest.mark.parametrize("read", [lambda path: list(numbered_lines(path)), whole_text])
@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        (b"good\nb\xe4d\n", ":2: ", "byte 0xe4 at byte offset 6 is not UTF-8"),
        (b"good\ngood\nn\0l\n", ":3: ", "byte 0x00 at byte offset 11 is NUL"),
        (b"cut \xf0\x9f\x98", ":1: ", "byte 0xf0 at byte offset 4 is not UTF-8"),
        ("sixteen".encode("utf-16"), ":1: ", "byte 0x00 at byte offset 3 is NUL"),
    ],
)
def test_the_error_names_the_place_of_bytes_that_are_not_text(
    tmp_path: Path, read: object, content: bytes, place: str, what: str
) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(path)  # type: ignore[operator]
    assert caught.value.code == "not-utf8"
    assert caught.value.problem == f"{path}{place}{what}"


def test_a_line_of_100_megabytes_is_refused_with_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long"
    with path.open("wb") as file:
        file.write(b"short\n")
        for _ in range(100):
            file.write(b"x" * 2**20)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"long:2: .*16,777,216 bytes") as caught:
            list(numbered_lines(path))
        assert caught.value.code == "line-too-long"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * MAX_LINE_BYTES


def test_the_longest_line_allowed_is_read(tmp_path: Path) -> None:
    ((number, line),) = lines_of(tmp_path / "f", b"x" * (MAX_LINE_BYTES - 1) + b"\n")
    assert (number, len(line)) == (1, MAX_LINE_BYTES - 1)


def test_whole_text_removes_a_byte_order_mark_only_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes("\ufeffa\r\n\ufeffb".encode())
    assert whole_text(tmp_path / "f") == "a\r\n\ufeffb"
