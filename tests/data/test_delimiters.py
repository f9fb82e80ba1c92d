from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adaptkit.config import DataConfig
from adaptkit.data.delimiters import delimiter_of
from adaptkit.data.load import load, read_labelled
from adaptkit.data.options import ReadOptions
from adaptkit.data.rows import RawRow
from adaptkit.errors import ConfigError, DataError
from adaptkit.tasks import registry

ReadFile = Callable[..., list[RawRow]]
KNOWN = ("text", "label")


@pytest.mark.parametrize(
    ("header", "usual", "found"),
    [
        ("text,label", ",", ","),
        ("text;label", ",", ";"),
        ("text\tlabel", ",", "\t"),
        ("text|label", ",", "|"),
        ("id;text, shortened;label", ",", ";"),
        ('"text";"label"', ",", ";"),
        ("TEXT ; Label", ",", ";"),
        ("text,label;note", ",", ","),
        ("text\tlabel", "\t", "\t"),
        ("text,label", "\t", ","),
        ("text", ",", ","),
        ("Meinung;Note", ",", ";"),
        ("a,b|c|d", ",", ","),
    ],
)
def test_the_delimiter_is_found_from_the_header(header: str, usual: str, found: str) -> None:
    assert delimiter_of(header, usual, KNOWN) == found


def test_a_file_without_header_has_enough_columns() -> None:
    assert delimiter_of("good, really;positive", ",", ("1", "2"), positions=2) == ","
    assert delimiter_of("good;positive", ",", ("1", "2"), positions=2) == ";"


@pytest.mark.parametrize(("name", "delimiter"), [("semicolon", ";"), ("tab", "\t"), ("bar", "|")])
def test_fields_may_hold_commas_and_quotes(
    tmp_path: Path, read_file: ReadFile, name: str, delimiter: str
) -> None:
    path = tmp_path / f"{name}.csv"
    lines = [["text", "label"], ["cold, slow", "bad"], [f'"fair{delimiter} ""fine"""', "good"]]
    path.write_text("".join(f"{delimiter.join(line)}\n" for line in lines))
    assert [row.values for row in read_file(path)] == [
        {"text": "cold, slow", "label": "bad"},
        {"text": f'fair{delimiter} "fine"', "label": "good"},
    ]
    assert read_file(path)[0].notes[0].endswith("between fields")


def test_a_given_delimiter_makes_any_file_a_table(tmp_path: Path) -> None:
    path = tmp_path / "rows.dat"
    path.write_text("text~label\ncold~bad\nwarm~good\n")
    task = registry.load("text-classification")
    options = ReadOptions(delimiter="~")
    rows = read_labelled(
        task, str(path), labels=("bad", "good"), columns={}, skip_bad_rows=False, options=options
    )
    assert [row["label"] for row in rows.values] == ["bad", "good"]
    with pytest.raises(DataError, match="--delimiter") as caught:
        read_labelled(task, str(path), labels=(), columns={}, skip_bad_rows=False)
    assert caught.value.code == "unknown-suffix"


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_a_delimiter_is_one_character(delimiter: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ReadOptions(delimiter=delimiter).check()
    assert caught.value.code == "bad-delimiter"


def test_a_word_for_a_delimiter() -> None:
    options = ReadOptions(delimiter="TAB")
    options.check()
    assert options.separator == "\t"


def test_another_encoding_is_named_and_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rows = "".join(f"schön {number};gut\nübel {number};schlecht\n" for number in range(4))
    path.write_bytes(f"text;label\n{rows}".encode("cp1252"))
    task = registry.load("text-classification")
    with pytest.raises(DataError, match=r"rows\.csv:2: byte 0xf6 .* --encoding cp1252") as caught:
        load(task, DataConfig(data=str(path)), 0)
    assert caught.value.code == "not-utf8"
    data = load(task, DataConfig(data=str(path), encoding="cp1252"), 0)
    assert {row["text"].split()[0] for row in data.train.values} == {"schön", "übel"}
    with pytest.raises(ConfigError) as unknown:
        load(task, DataConfig(data=str(path), encoding="no-such"), 0)
    assert unknown.value.code == "unknown-encoding"
    with pytest.raises(DataError) as wrong:
        load(task, DataConfig(data=str(path), encoding="utf-16"), 0)
    assert wrong.value.code == "not-in-encoding"


def test_the_readers_of_plugins_read_in_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "words.conll"
    path.write_bytes("Jürg\tB-PER\nkam\tO\n\nSøren\tB-PER\n\nging\tO\n".encode("latin-1"))
    data = load(registry.load("ner"), DataConfig(data=str(path), encoding="latin-1"), 0)
    words = {word for rows in (data.train, data.dev) for row in rows.values for word in row["tokens"]}
    assert {"Jürg", "Søren"} <= words
