from __future__ import annotations

import json

import pytest
from adaptkit_qa.squad import read

from adaptkit import AdaptkitError


@pytest.fixture
def file(tmp_path):
    def written(value):
        path = tmp_path / "questions.json"
        if not isinstance(value, (str, bytes)):
            value = json.dumps(value, ensure_ascii=False)
        path.write_bytes(value.encode() if isinstance(value, str) else value)
        return path

    return written


def qa(name, **more):
    return {"id": name, "question": f"{name}?", **more}


def test_the_questions_of_a_squad_document_are_numbered(file):
    answers = [{"text": "x", "answer_start": 0}]
    document = {
        "version": "v2.0",
        "data": [
            {"title": "t", "paragraphs": [{"context": "x y", "qas": [qa("a", answers=answers), qa("b")]}]},
            {"paragraphs": []},
            {"paragraphs": [{"context": "é", "qas": [qa("c", is_impossible=True)]}]},
        ],
    }
    rows = list(read(file(document)))
    assert rows == [
        (1, {"id": "a", "question": "a?", "answers": answers, "context": "x y"}),
        (2, {"id": "b", "question": "b?", "context": "x y"}),
        (3, {"id": "c", "question": "c?", "is_impossible": True, "context": "é"}),
    ]
    assert rows[0][1]["context"] is rows[1][1]["context"]


def test_plain_rows_as_an_array_or_one_per_line(file):
    rows = [qa("a", context="x"), qa("b", context="y")]
    assert list(read(file(rows))) == [(1, rows[0]), (2, rows[1])]
    lines = "\n\ufeff".removesuffix("\ufeff") + "\n\n".join(map(json.dumps, rows))
    assert list(read(file(lines))) == [(2, rows[0]), (4, rows[1])]
    assert list(read(file(json.dumps(rows[0])))) == [(1, rows[0])]


def test_a_byte_order_mark_and_crlf(file):
    text = "\ufeff" + json.dumps(qa("a")) + "\r\n" + json.dumps(qa("b")) + "\r\n"
    assert [number for number, _ in read(file(text))] == [1, 2]


def test_nothing_in_the_file(file):
    assert list(read(file(""))) == list(read(file(" \n"))) == list(read(file("[]"))) == []
    assert list(read(file({"data": []}))) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"data": [', "not JSON: Expecting value .JSON line 1, character 11"),
        ("<html>", "not JSON"),
        ("3", "3; expected a SQuAD document"),
        ("[] x", "'x' after the end"),
        ('{"data": []}{}', "after the end"),
        ('{"data": 5}', "data of the document is 5; expected a list of objects"),
        ('{"data": [{"paragraphs": [7]}]}', r"paragraphs\[0\] of data\[0\] is 7; expected an object"),
        (
            '{"data": [{"paragraphs": [{"context": "c"}]}]}',
            r"qas of data\[0\]\.paragraphs\[0\] is None; expected a list",
        ),
        ('{"data": [{"a": 1, "a": 2}]}', "the key 'a' occurs twice"),
        ('{"data": [NaN]}', "NaN is not a JSON value"),
        ('{"data": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_an_invalid_document_is_refused(file, text, message):
    with pytest.raises(ValueError, match=message):
        list(read(file(text)))


def test_reading_continues_after_a_bad_row(file):
    good = json.dumps(qa("a"))
    for bad, message in [
        ("[1]", r"\[1\] is not an object"),
        ('{"a": 1', "not JSON"),
        ('{"a": NaN}', "NaN"),
        (good + "x", "'x' after"),
    ]:
        rows = read(file(f"{good}\n{bad}\n{good}\n"))
        assert next(rows)[0] == 1
        with pytest.raises(ValueError, match=f"^line 2: .*{message}"):
            next(rows)
        assert [number for number, _ in rows] == [3]
    rows = read(file(f"[{good}, 5, {good}]"))
    next(rows)
    with pytest.raises(ValueError, match=r"^row 2: 5 is not an object"):
        next(rows)
    assert [number for number, _ in rows] == [3]


def test_bytes_that_are_not_text_are_refused(file):
    with pytest.raises(AdaptkitError, match=r"questions\.json:1: ") as caught:
        read(file(b'{"data": "\xff"}'))
    assert caught.value.code == "not-utf8"
