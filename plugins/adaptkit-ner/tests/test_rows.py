from __future__ import annotations

import json

import pytest
from adaptkit_ner.rows import parse, prepare, present


def entity(start, end, label="PER"):
    return {"start": start, "end": end, "label": label}


def test_words_and_tags_become_bio():
    row = {"tokens": ["Ada", "Byron", "slept"], "tags": ["B-PER", "L-PER", "O"], "id": 7}
    assert prepare(row) == {"tokens": ["Ada", "Byron", "slept"], "tags": ["B-PER", "I-PER", "O"]}


def test_text_and_offsets_become_words_tags_and_spans():
    text = "Ada Byron (1815) slept."
    assert prepare({"text": text, "entities": [entity(0, 9)]}) == {
        "text": text,
        "tokens": ["Ada", "Byron", "(", "1815", ")", "slept", "."],
        "tags": ["B-PER", "I-PER", "O", "O", "O", "O", "O"],
        "spans": [(0, 3), (4, 9), (10, 11), (11, 15), (15, 16), (17, 22), (22, 23)],
    }


def test_a_word_is_split_where_an_entity_starts_or_ends():
    row = prepare({"text": "antiParisian", "entities": [entity(4, 9, "LOC"), entity(9, 12, "SUF")]})
    assert row["tokens"] == ["anti", "Paris", "ian"]
    assert row["tags"] == ["O", "B-LOC", "B-SUF"]


def test_an_entity_with_spaces_at_its_ends_keeps_its_words():
    assert prepare({"text": "in Porto now", "entities": [entity(2, 9, "LOC")]})["tags"] == ["O", "B-LOC", "O"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't", ["don", "'", "t"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("cafe\u0301 noir", ["cafe\u0301", "noir"]),
        ("在Porto工作", ["在", "Porto", "工", "作"]),
        ("سلام دنيا", ["سلام", "دنيا"]),
        ("hi 👍🏽!", ["hi", "👍", "🏽", "!"]),
    ],
)
def test_words_of_raw_text(text, words):
    assert prepare({"text": text})["tokens"] == words


def test_preparing_twice_equals_preparing_once():
    for row in (
        {"tokens": ["Ada", "slept"], "tags": ["S-PER", "O"]},
        {"text": "antiParisian, Ada", "entities": [entity(4, 9, "LOC")]},
        {"text": "a  b a"},
        {"tokens": ["Ada"]},
    ):
        assert prepare(prepare(row)) == prepare(row)


def test_a_text_in_the_row_gives_the_spans_if_it_has_the_words():
    words = {"tokens": ["to", "to", "o"], "tags": ["O", "O", "B-X"]}
    assert prepare(words | {"text": "to  too"})["spans"] == [(0, 2), (4, 6), (6, 7)]
    assert "spans" not in prepare(words | {"text": "something else", "spans": [{"any": "thing"}]})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"tokens": ["a", "b"], "tags": ["O"]}, "2 tokens but 1 tags; expected a tag for each token"),
        ({"tokens": ["a", "b"], "tags": ["O", "??"]}, r"token 2 \('b'\): tag '\?\?' is unknown"),
        ({"tokens": ["a"], "tags": [3]}, "tags holds 3; expected strings"),
        ({"tokens": "a b", "tags": ["O", "O"]}, "tokens = 'a b'; expected a list of strings"),
        ({"tokens": [], "tags": []}, "tokens is empty"),
        ({"tags": ["O"]}, "tokens = None"),
        ({}, "text = None; expected a string"),
        ({"text": " \n", "entities": []}, "contains no word"),
        ({"text": "abc", "entities": [entity(1, 4)]}, "'PER' at 1-4 of a text of 3 characters"),
        ({"text": "abc", "entities": [entity(-1, 2)]}, "'PER' at -1-2 of a text of 3"),
        ({"text": "abc", "entities": [entity(2, 2)]}, "'PER' at 2-2 of a text of 3"),
        ({"text": "abc", "entities": [entity("0", 2)]}, "offsets '0' and 2; expected integers"),
        ({"text": "abc", "entities": [entity(True, 2)]}, "offsets True and 2"),
        ({"text": "abc", "entities": [entity(0, 1, "")]}, "label ''; expected the name of a type"),
        (
            {"text": "abc", "entities": [[0, "PER"]]},
            r"entity \[0, 'PER'\]; expected {start, end, label} or \[start, end, label\]",
        ),
        ({"text": "abc", "entities": {"start": 0}}, "expected a list of"),
        ({"text": "a  b", "entities": [entity(1, 3)]}, "'PER' at 1-3 contains no word"),
        (
            {"text": "abc def", "entities": [entity(2, 7, "B"), entity(0, 3, "A")]},
            "entities overlap: A at 0-3 and B at 2-7",
        ),
    ],
)
def test_a_bad_row_is_refused_with_what_is_wrong(row, message):
    with pytest.raises(ValueError, match=message):
        prepare(row)


def test_a_prediction_of_raw_text_shows_its_characters():
    row = parse("  Ada Byron, Porto")
    shown = present(row, {"tags": ["B-PER", "I-PER", "O", "B-LOC"], "probabilities": [0.5, 1.0, 0.9, 0.75]})
    assert json.loads(json.dumps(shown)) == {
        "text": "  Ada Byron, Porto",
        "entities": [
            {"text": "Ada Byron", "label": "PER", "start": 2, "end": 11, "score": 0.75},
            {"text": "Porto", "label": "LOC", "start": 13, "end": 18, "score": 0.75},
        ],
    }


def test_a_prediction_of_words_shows_characters_and_positions():
    row = prepare({"tokens": ["in", "Saint", "Malo"]})
    shown = present(row, {"tags": ["O", "B-LOC", "I-LOC"], "probabilities": [1.0, 1.0, 0.5]})
    assert shown == {
        "text": "in Saint Malo",
        "entities": [
            {
                "text": "Saint Malo",
                "label": "LOC",
                "start": 3,
                "end": 13,
                "score": 0.75,
                "start_word": 1,
                "end_word": 3,
            }
        ],
    }
