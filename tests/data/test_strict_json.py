from __future__ import annotations

import pytest

from adaptkit.data.strict_json import Parser, in_words


def test_a_value_and_its_end() -> None:
    assert Parser().parse('[1, {"a": "é"}] rest', 0) == ([1, {"a": "é"}], "", 15)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1, "a": 2}', "the key 'a' occurs twice"),
        ("[Infinity]", "Infinity is not a JSON value"),
        ("[1e999]", "the number 1e999 is too large"),
        ('["\\ud800"]', "an unpaired surrogate"),
    ],
)
def test_what_python_accepts_is_a_problem_of_one_value(text: str, problem: str) -> None:
    parser = Parser()
    assert problem in parser.parse(text, 0)[1]
    assert parser.parse("[1]", 0) == ([1], "", 3)


@pytest.mark.parametrize(("text", "words"), [("[1,", "not JSON: "), ("[" * 100_000, "nested too deeply")])
def test_errors_in_words(text: str, words: str) -> None:
    with pytest.raises((ValueError, RecursionError)) as caught:
        Parser().parse(text, 0)
    assert in_words(caught.value).startswith(words)
