from __future__ import annotations

import pytest
from adaptkit_ner.words import given_tags, given_tokens

NAMES = ("O", "B-PER", "I-PER")


@pytest.mark.parametrize("column", ["tags", "ner_tags"])
@pytest.mark.parametrize(
    "tags", [[1, 2, 0], [1.0, 2.0, 0.0], ["1", "2", "0"], ["1.0", "2.0", "0.0"], "[1, 2, 0]", "1 2 0"]
)
def test_numbers_have_names(column, tags):
    assert given_tags({column: tags}, NAMES) == ["B-PER", "I-PER", "O"]


def test_names_among_numbers_stay():
    assert given_tags({"tags": ["B-PER", 0]}, NAMES) == ["B-PER", "O"]


@pytest.mark.parametrize(
    ("tags", "names", "message"),
    [
        ([1, 0], None, "tags holds 1; expected strings.*--option tag_names=O,B-PER"),
        ([3, 0], NAMES, "tag 3; expected a number from 0 to 2"),
        ([-1, 0], NAMES, "tag -1; expected a number from 0 to 2"),
        (["O", None], NAMES, "tags holds None; expected strings"),
        ("['O' 'O']", None, "written as text that cannot be read"),
        ({"O": 1}, None, "tags = {'O': 1}; expected a list"),
    ],
)
def test_bad_tags_are_refused(tags, names, message):
    with pytest.raises(ValueError, match=message):
        given_tags({"tags": tags}, names)


def test_words_in_every_form():
    for tokens in (["Ada", "slept"], "['Ada', 'slept']", [{"text": "Ada", "id": 0}, {"text": "slept"}]):
        assert given_tokens({"tokens": tokens}) == ["Ada", "slept"]
    assert given_tokens({"words": ["Ada"]}) == ["Ada"]
    assert given_tokens({"tokens": "Ada slept", "tags": "B-PER O"}) == ["Ada", "slept"]
    assert given_tokens({"text": "Ada"}) is None
    with pytest.raises(ValueError, match="tokens = 'Ada slept'; expected a list"):
        given_tokens({"tokens": "Ada slept", "tags": ["B-PER", "O"]})
