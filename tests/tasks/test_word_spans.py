from __future__ import annotations

import pytest

from adaptkit.tasks.marks import Mark
from adaptkit.tasks.word_spans import found_words, located_words, marks_in, split_words, words_of_mark


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mira's boat.", ["Mira", "'", "s", "boat", "."]),
        ("  a  b ", ["a", "b"]),
        ("東京タワー", ["東", "京", "タ", "ワ", "ー"]),
        ("दिल्ली में", ["दिल्ली", "में"]),
        ("👍🏽!", ["👍", "🏽", "!"]),
    ],
)
def test_words_and_single_marks(text: str, words: list[str]) -> None:
    found = split_words(text)
    assert found["tokens"] == words
    assert [text[start:end] for start, end in found["spans"]] == words


def test_words_are_split_where_marks_begin_and_end() -> None:
    text = "Northwest Airlines"
    marks = [Mark(0, 5, "PART"), Mark(0, 18, "ORG"), Mark(5, 9, "PART")]
    found = split_words(text, marks)
    assert found["tokens"] == ["North", "west", "Airlines"]
    assert [words_of_mark(mark, found["spans"], text) for mark in marks] == [(0, 1), (0, 3), (1, 2)]


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="contains no word"):
        split_words(text)


def test_a_mark_of_a_space_contains_no_word() -> None:
    found = split_words("a b", [Mark(1, 2, "X")])
    with pytest.raises(ValueError, match="'X' at 1-2 contains no word"):
        words_of_mark(Mark(1, 2, "X"), found["spans"], "a b")


def test_tokens_are_found_in_a_text_in_their_order() -> None:
    assert found_words(["a", "b", "a"], "a b-a") == [(0, 1), (2, 3), (4, 5)]
    assert found_words(["b", "a", "b"], "a b-a") is None


def test_the_text_of_a_row() -> None:
    assert located_words({"tokens": ["a", "bc"]}) == ("a bc", [(0, 1), (2, 4)])
    row = {"tokens": ["a", "b"], "text": "a  b", "spans": [(0, 1), (3, 4)]}
    assert located_words(row) == ("a  b", [(0, 1), (3, 4)])


@pytest.mark.parametrize(
    ("entity", "message"),
    [
        ([0, 9, "X"], "of a text of 5 characters"),
        ([2, 2, "X"], "0 <= start < end"),
        ({"start": 0, "end": 2, "label": "X", "text": "abc"}, "its own text is 'abc'"),
    ],
)
def test_marks_outside_the_text_are_refused(entity: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        marks_in([entity], "ab cd")
    assert marks_in([[0, 2, "X"], [0, 5, "Y"]], "ab cd") == [Mark(0, 2, "X"), Mark(0, 5, "Y")]
