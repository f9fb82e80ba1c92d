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
        (b"good\nb\xe4d\n", ":2: ", "byte 0xe4 at byte offset 6 is not UTF-8; 1 of the 2 lines is not UTF-8"),
        (b"good\ngood\nn\0l\n", ":3: ", "byte 0x00 at byte offset 11 is NUL"),
        (
            b"cut \xf0\x9f\x98",
            ":1: ",
            "byte 0xf0 at byte offset 4 is not UTF-8; its only line is not UTF-8",
        ),
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


def written(path: Path, lines: str, latin: tuple[int, ...]) -> Path:
    """A file whose lines at these places, from 1, are in Latin-1, and the others in UTF-8."""
    every = enumerate(lines.split("\n"), start=1)
    path.write_bytes(b"\n".join(line.encode("latin-1" if n in latin else "utf-8") for n, line in every))
    return path


@pytest.mark.parametrize("read", [lambda path: list(numbered_lines(path)), whole_text])
def test_a_file_that_mixes_encodings_is_told_so(tmp_path: Path, read: object) -> None:
    path = written(tmp_path / "f.csv", "plain\n" + "naïve café\n" * 20, (4, 6, 7, 9, 12, 15, 17))
    with pytest.raises(DataError) as caught:
        read(path)  # type: ignore[operator]
    assert caught.value.problem.endswith(
        "f.csv:4: byte 0xef at byte offset 34 is not UTF-8; 7 of the 21 lines are not UTF-8, but 13 have "
        "characters beyond ASCII in UTF-8: the file mixes encodings"
    )
    assert caught.value.next_step is not None
    assert caught.value.next_step.startswith("Convert these lines to UTF-8: 4, 6, 7, 9, 12 and 2 more;")
    written(path, "plain\n" + "naïve café\n" * 20, ())
    read(path)  # type: ignore[operator]


def test_a_file_in_another_encoding_is_advised_to_name_it(tmp_path: Path) -> None:
    lines = "plain\n" + "naïve café\n" * 20
    with pytest.raises(DataError, match=r"20 of the 21 lines are not UTF-8\. .* --encoding cp1252"):
        list(numbered_lines(written(tmp_path / "f.csv", lines, tuple(range(2, 22)))))


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
