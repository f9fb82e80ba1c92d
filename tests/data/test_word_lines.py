from __future__ import annotations

import pytest

from adaptkit import AdaptkitError
from adaptkit.data.word_lines import word_lines


@pytest.fixture
def read(tmp_path):
    def read_text(text, **columns):
        path = tmp_path / "words.conll"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return list(word_lines(**columns)(path))

    return read_text


def test_each_sentence_has_the_number_of_its_first_line(read):
    assert read("Ada\tB-PER\nslept\tO\n\n\nParis\tB-LOC\n") == [
        (1, {"tokens": ["Ada", "slept"], "tags": ["B-PER", "O"]}),
        (5, {"tokens": ["Paris"], "tags": ["B-LOC"]}),
    ]


def test_by_default_the_last_column_is_the_tag(read):
    text = "1 Ada NNP B-NP B-PER\n2 slept VBD B-VP O\n"
    assert read(text)[0][1] == {"tokens": ["1", "2"], "tags": ["B-PER", "O"]}
    assert read(text, token_column=1, tag_column=3)[0][1] == {
        "tokens": ["Ada", "slept"],
        "tags": ["B-NP", "B-VP"],
    }


def test_columns_are_separated_by_tabs_or_else_by_spaces(read):
    assert read("New  York   O \n")[0][1] == {"tokens": ["New"], "tags": ["O"]}
    assert read("New York\tB-LOC\n")[0][1] == {"tokens": ["New York"], "tags": ["B-LOC"]}


def test_words_may_be_number_signs_and_unusual_spaces(read):
    text = "#\tO\n#porto\tB-LOC\n\u00a0\tO\n\u2028x\tO\n\u3000\tO\n"
    assert read(text)[0][1]["tokens"] == ["#", "#porto", "\u00a0", "\u2028x", "\u3000"]


def test_document_lines_are_skipped_and_end_a_sentence(read):
    text = "-DOCSTART- -X- O O\n\nAda N I B-PER\n-DOCSTART-\nParis N I B-LOC\n"
    assert [(line, row["tokens"]) for line, row in read(text)] == [(3, ["Ada"]), (5, ["Paris"])]


def test_a_byte_order_mark_crlf_and_blank_lines_are_accepted(read):
    text = b"\xef\xbb\xbfAda\tB-PER\r\n\t\r\n  \r\nParis\tB-LOC"
    assert read(text) == [
        (1, {"tokens": ["Ada"], "tags": ["B-PER"]}),
        (4, {"tokens": ["Paris"], "tags": ["B-LOC"]}),
    ]


def test_an_empty_file_has_no_rows(read):
    assert read("") == read("\n \n\t\n") == read("-DOCSTART- O\n") == []


def test_one_column_gives_words_to_be_predicted(read):
    assert read("Ada\nslept\n") == [(1, {"tokens": ["Ada", "slept"]})]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("Ada\tB-PER\n\nin\tO\nParis\n", 4, "1 column, but line 1 has 2; expected a word and its tag"),
        ("Ada B-PER\nwas O\nin Porto B-LOC\n", 3, "3 columns, but line 1 has 2"),
        ("Ada\tB-PER\nslept\t\n", 2, "the column of the tags is empty"),
        ("Ada\tB-PER\n\tO\n", 2, "the column of the tokens is empty"),
    ],
)
def test_a_malformed_line_is_named(read, text, line, message):
    with pytest.raises(ValueError, match=f"^line {line}: {message}"):
        read(text)


@pytest.mark.parametrize("columns", [{"token_column": 2}, {"tag_column": 5}, {"tag_column": -3}])
def test_the_error_names_a_missing_column(read, columns):
    ((option, column),) = columns.items()
    name = {"token_column": "tokens", "tag_column": "tags"}[option]
    with pytest.raises(ValueError, match=f"^line 1: 2 columns, so no {name} in column {column}"):
        read("Ada O\n", **columns)


def test_reading_continues_after_a_malformed_sentence(tmp_path):
    path = tmp_path / "words.conll"
    path.write_text("Ada O\n\nslept\n\nParis B-LOC\n")
    rows = word_lines()(path)
    assert next(rows)[0] == 1
    with pytest.raises(ValueError, match="line 3: "):
        next(rows)
    assert next(rows) == (5, {"tokens": ["Paris"], "tags": ["B-LOC"]})
    assert list(rows) == []


def test_bytes_that_are_not_text_are_refused(read):
    with pytest.raises(AdaptkitError, match=r"words\.conll:2: ") as caught:
        read(b"Ada O\n\xff O\n")
    assert caught.value.code == "not-utf8"


def test_empty_columns_at_the_end_of_lines_are_ignored(read):
    text = "Ada\tB-PER\t\nslept\tO\t\n\nParis\tB-LOC\n\nRome\tB-LOC\t\t\n"
    assert [row["tags"] for _, row in read(text)] == [["B-PER", "O"], ["B-LOC"], ["B-LOC"]]
    assert read("Ada\tN\tB-PER\t\n")[0][1] == {"tokens": ["Ada"], "tags": ["B-PER"]}
    with pytest.raises(ValueError, match="line 2: 3 columns, but line 1 has 2"):
        read("Ada\tB-PER\t\nslept\tO\tx\n")


def test_the_tags_may_have_another_name(read):
    assert read("Ada\tA|B\n", name="labels") == [(1, {"tokens": ["Ada"], "labels": ["A|B"]})]
    with pytest.raises(ValueError, match="no labels in column 4"):
        read("Ada\tA|B\n", name="labels", tag_column=4)
