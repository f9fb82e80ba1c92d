from __future__ import annotations

import json

import numpy as np
import pytest
from adaptkit_ner import ner
from adaptkit_ner.encoding import encode
from adaptkit_ner.plain_tags import merge, prepare, present

WORDS = {"tokens": ["Ada", "slept", "."], "tags": ["PROPN", "VERB", "PUNCT"]}
LABELS = ("I-X", "PROPN", "PUNCT", "VERB")


def test_tags_of_any_name_are_not_changed():
    odd = {"tokens": ["a", "b", "c"], "tags": ["I-X", "PRP$", "``"]}
    assert prepare(odd) == odd
    assert prepare(prepare(WORDS)) == prepare(WORDS) == WORDS


def test_a_text_in_the_row_gives_the_spans_of_its_words():
    row = prepare({**WORDS, "text": "Ada slept."})
    assert row["spans"] == [(0, 3), (4, 9), (9, 10)]
    assert prepare(row) == row


def test_words_and_texts_without_tags_are_to_be_predicted():
    assert prepare({"tokens": ["Ada"], "tags": None}) == {"tokens": ["Ada"]}
    assert prepare({"text": "Ada slept"})["tokens"] == ["Ada", "slept"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "Ada", "entities": []}, "the row has entities; expected tokens and tags"),
        ({"text": "Ada", "tags": ["X"]}, "tags without tokens"),
        ({"tokens": ["a", "b"], "tags": ["X"]}, "2 tokens but 1 tags; expected a tag for each token"),
        ({"tokens": ["a", "b"], "tags": ["X", " "]}, r"token 2 \('b'\): tag ' '; expected a name"),
        ({"tokens": ["a"], "tags": [3]}, "tags holds 3; expected strings"),
        ({"tokens": [], "tags": []}, "tokens is empty"),
    ],
)
def test_a_bad_row_is_refused_with_what_is_wrong(row, message):
    with pytest.raises(ValueError, match=message):
        prepare(row)


@pytest.mark.parametrize("max_length", [8, 64])
def test_a_perfect_model_returns_every_tag_for_any_window_size(tokenizer, max_length):
    rows = [{"tokens": WORDS["tokens"] * 9, "tags": ["I-X", "VERB", "PUNCT"] * 9}]
    examples = encode(rows, tokenizer, LABELS, max_length)
    longest = max(len(example.inputs["labels"]) for example in examples)
    logits = np.zeros((len(examples), longest, len(LABELS)), np.float32)  # [windows, tokens, labels]
    for number, example in enumerate(examples):
        for position, label in enumerate(example.inputs["labels"]):
            logits[number, position, max(label, 0)] = 9.0
    prediction = merge(rows[0], ner(spans=False).decode({"logits": logits}, examples, LABELS))
    assert prediction["tags"] == rows[0]["tags"]  # an I- that follows no tag of its type is no B- here
    assert min(prediction["probabilities"]) > 0.99


def test_a_word_in_no_piece_has_no_tag():
    assert merge({"tokens": ["a", "\u200b"]}, [[(0, "X", 0.75)]]) == {
        "tags": ["X", "_"],
        "probabilities": [0.75, 0.0],
    }


def test_a_prediction_shows_each_word_with_its_characters():
    prediction = {"tags": ["PROPN", "VERB"], "probabilities": [0.5, 0.75]}
    expected = [
        {"text": "Ada", "tag": "PROPN", "start": 1, "end": 4, "score": 0.5},
        {"text": "slept", "tag": "VERB", "start": 6, "end": 11, "score": 0.75},
    ]
    shown = present(prepare({"text": " Ada  slept"}), prediction)
    assert json.loads(json.dumps(shown)) == {"text": " Ada  slept", "tokens": expected}
    joined = present({"tokens": ["Ada", "slept"]}, prediction)
    assert joined["text"] == "Ada slept"
    assert [(one["start"], one["end"]) for one in joined["tokens"]] == [(0, 3), (4, 9)]


def test_the_option_spans_selects_the_task_of_plain_tags():
    task = ner(spans=False)
    assert task.name == "ner"
    assert task.label_names(sorted(task.labels_of(task.prepare(WORDS)))) == ("PROPN", "PUNCT", "VERB")
    assert (task.metric.name, task.metric.groups_title) == ("accuracy", "tag")
    assert task.options["spans"] is False


def test_an_unknown_entity_tag_points_to_the_option():
    with pytest.raises(ValueError, match=r"tag 'PROPN' .*option spans=false"):
        ner().prepare(WORDS)
