from __future__ import annotations

from pathlib import Path

import pytest

from adaptkit.data import encodings
from adaptkit.data.encodings import count_lines, wrong_encoding_warnings
from adaptkit.data.rows import Rows


def rows_of(*texts: object) -> Rows:
    return Rows([{"text": text, "label": "x"} for text in texts], [f"f:{n}" for n in range(len(texts))], "f")


def test_lines_are_counted_by_their_bytes(tmp_path: Path) -> None:
    lines = [b"plain", "café".encode(), "café".encode("latin-1"), b"plain", b"\xff", "ö".encode()]
    (tmp_path / "f").write_bytes(b"\n".join(lines))
    counts = count_lines(tmp_path / "f")
    assert (counts.lines, counts.utf8, counts.other, counts.first) == (6, 2, 2, (3, 5))
    assert counts.mixed
    assert counts.in_words == "2 of the 6 lines are not UTF-8"


def test_a_line_that_is_utf8_by_chance_is_no_mixture(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\n".join(["Привет".encode("cp1251")] * 60 + [b"\xd0\x96"]))
    counts = count_lines(tmp_path / "f")
    assert (counts.utf8, counts.other) == (1, 60)
    assert not counts.mixed


def test_only_the_start_of_a_large_file_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "MOST_BYTES", 100)
    (tmp_path / "f").write_bytes(b"caf\xe9\n" * 50)
    assert count_lines(tmp_path / "f").in_words == "21 of the first 21 lines are not UTF-8"


@pytest.mark.parametrize("last", [b"\n", b""])
@pytest.mark.parametrize("size", [7, 8, 9, 10, 11])
def test_a_long_line_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, last: bytes
) -> None:
    monkeypatch.setattr(encodings, "MOST_LINE_BYTES", size)
    lines = ["é€𝄞".encode() * 20, "é€𝄞".encode() * 20 + b"\xff" + "é€𝄞".encode() * 20, b"plain" * 20]
    (tmp_path / "f").write_bytes(b"\n".join(lines) + last)
    counts = count_lines(tmp_path / "f")
    assert (counts.lines, counts.utf8, counts.other, counts.first) == (3, 1, 1, (2,))


def test_a_file_may_be_one_long_line(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b'["' + "é".encode() * 2**20 + b'\xff", "' + "é".encode() * 2**19 + b'"]')
    counts = count_lines(tmp_path / "f")
    assert (counts.lines, counts.utf8, counts.other) == (1, 0, 1)
    assert counts.in_words == "its only line is not UTF-8"
    assert not counts.mixed


def test_counting_may_stop_within_a_character(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "MOST_BYTES", 6)
    monkeypatch.setattr(encodings, "MOST_LINE_BYTES", 7)
    (tmp_path / "f").write_bytes("plain€ and more".encode())
    counts = count_lines(tmp_path / "f")
    assert (counts.lines, counts.utf8, counts.other, counts.complete) == (1, 1, 0, False)


@pytest.mark.parametrize("rest", [b"", b"\nplain"])
def test_a_file_that_ends_within_a_character_is_not_utf8(tmp_path: Path, rest: bytes) -> None:
    (tmp_path / "f").write_bytes(b"plain\xe2\x82" + rest)
    assert count_lines(tmp_path / "f").first == (1,)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp1251", "iso8859-15"])
def test_utf8_that_was_read_in_another_encoding(encoding: str) -> None:
    garbled = "The café é".encode().decode(encoding)
    warnings = wrong_encoding_warnings("dev", rows_of("plain", garbled, "plain", [garbled]), encoding)
    word = "café".encode().decode(encoding)
    assert warnings == [
        f"dev: 2 of the 4 rows look like UTF-8 that was read as {encoding}, such as {word!r} for 'café'; the "
        "first: f:1. Leave --encoding out; if lines of the file are not UTF-8, the error names them."
    ]


def test_a_space_within_a_character() -> None:
    (warning,) = wrong_encoding_warnings("train", rows_of("voilà tout".encode().decode("latin-1")), "latin-1")
    assert "such as 'voilÃ\\xa0' for 'voilà'" in warning


@pytest.mark.parametrize("encoding", [None, "utf-8", "UTF8", "utf-16", "cp1252"])
def test_texts_that_were_read_rightly(encoding: str | None) -> None:
    assert wrong_encoding_warnings("train", rows_of("café", "Grüße", "naïve", "plain"), encoding) == []


@pytest.mark.parametrize("encoding", ["iso2022_jp", "iso2022_kr", "hz", "gb18030"])
def test_texts_in_encodings_with_7_bits_were_read_rightly(encoding: str) -> None:
    text = "안녕 한국" if encoding == "iso2022_kr" else "中文 日本"
    assert wrong_encoding_warnings("train", rows_of(text, f"plain {text}"), encoding) == []


def test_a_single_text_may_show_such_characters() -> None:
    rows = rows_of(*["café"] * 40, "The word cafÃ© is garbled.")
    assert wrong_encoding_warnings("train", rows, "cp1252") == []
