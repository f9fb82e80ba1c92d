from __future__ import annotations

import random

import numpy as np
import pytest
from adaptkit_ner.decoding import DECODERS, decode_words, merge
from adaptkit_ner.encoding import encode
from adaptkit_ner.tags import bio_names, canonical

WORDS = ["Mira", "opened", "the", "unbelievable", "lighthouse", "of", "Saint", "Malo,", "glassmaking"]
LABELS = bio_names(["LOC", "PER"])
VANISHING = "\u200b"  # the WordPiece tokenizer's normaliser removes it


def random_rows(count, *, seed, longest=40):
    draw = random.Random(seed)
    words = [*WORDS, VANISHING, "", "👍🏽", "سلام", "glassmakingunbelievable" * 3, "a b", " "]
    rows = []
    for _ in range(count):
        tokens = draw.choices(words, k=draw.randint(1, longest))
        rows.append({"tokens": tokens, "tags": canonical(draw.choices(LABELS, k=len(tokens)))})
    return rows


def logits_of_labels(examples, *, padding_side="right"):
    """The logits of a perfect model: highest at the label of each position."""
    longest = max(len(example.inputs["labels"]) for example in examples)
    logits = np.zeros((len(examples), longest, len(LABELS)), np.float32)
    for number, example in enumerate(examples):
        labels = np.array(example.inputs["labels"])
        positions = np.flatnonzero(labels >= 0)
        shift = longest - len(labels) if padding_side == "left" else 0
        logits[number, positions + shift, labels[positions]] = 9.0
    return logits


def merged(rows, examples, logits, *, decode=DECODERS["viterbi"]):
    pieces = decode({"logits": logits}, examples, LABELS)
    return [
        merge(row, [piece for piece, one in zip(pieces, examples, strict=True) if one.row == number])
        for number, row in enumerate(rows)
    ]


def visible(tokenizer, row):
    """The row's tags, with O for words without sub-words."""
    ids = [
        tokenizer([word], is_split_into_words=True, add_special_tokens=False).input_ids
        for word in row["tokens"]
    ]
    return canonical([tag if some else "O" for tag, some in zip(row["tags"], ids, strict=True)])


@pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)
@pytest.mark.parametrize("max_length", [8, 13, 64])
def test_a_perfect_model_returns_every_tag_for_any_window_size(tokenizer, max_length, decode):
    rows = random_rows(60, seed=max_length)
    examples = encode(rows, tokenizer, LABELS, max_length)
    assert max(len(example.inputs["input_ids"]) for example in examples) <= max_length
    assert (len(examples) > len(rows)) or max_length == 64
    predictions = merged(rows, examples, logits_of_labels(examples), decode=decode)
    assert [one["tags"] for one in predictions] == [visible(tokenizer, row) for row in rows]


@pytest.mark.parametrize("truncation_side", ["left", "right"])
@pytest.mark.parametrize("max_length", [8, 13])
def test_each_word_is_labelled_once_at_its_first_sub_word(
    tokenizer, max_length, truncation_side, monkeypatch
):
    monkeypatch.setattr(tokenizer, "truncation_side", truncation_side)
    (row,) = random_rows(1, seed=3, longest=300)
    encoded = tokenizer(row["tokens"], is_split_into_words=True)
    first = {}  # word → its first sub-word
    for token, word in zip(encoded.input_ids, encoded.word_ids(), strict=True):
        if word is not None:
            first.setdefault(word, token)
    labelled = [
        (int(word), example.inputs["input_ids"][position], example.inputs["labels"][position])
        for example in encode([row], tokenizer, LABELS, max_length)
        for position, word in zip(*example.info, strict=True)
    ]
    assert sorted(labelled) == [
        (word, first[word], LABELS.index(row["tags"][word])) for word in sorted(first)
    ]
    assert sum(
        label != -100
        for example in encode([row], tokenizer, LABELS, max_length)
        for label in example.inputs["labels"]
    ) == len(first)


def test_a_word_in_two_windows_is_decoded_with_the_most_context(wordpiece):
    row = {"tokens": ["in"] * 100}  # one sub-word each
    examples = encode([row], wordpiece, LABELS, 34)  # 32 words in a window, 8 of them shared with the next
    assert [one.info.words.tolist() for one in examples[:2]] == [list(range(29)), list(range(29, 53))]
    assert min(one.info.positions.min() for one in examples[1:]) >= 4


def test_a_tokenizer_that_pads_on_the_left(wordpiece, monkeypatch):
    monkeypatch.setattr(wordpiece, "padding_side", "left")
    rows = random_rows(30, seed=1)
    examples = encode(rows, wordpiece, LABELS, 12)
    logits = logits_of_labels(examples, padding_side="left")
    assert [one["tags"] for one in merged(rows, examples, logits)] == [
        visible(wordpiece, row) for row in rows
    ]


def test_a_word_without_sub_words_is_o_and_shifts_no_other(wordpiece):
    row = {"tokens": [VANISHING, "Porto", VANISHING, "Ghent"], "tags": ["B-LOC", "B-LOC", "I-LOC", "I-LOC"]}
    examples = encode([row], wordpiece, LABELS, 64)
    (prediction,) = merged([row], examples, logits_of_labels(examples))
    assert prediction["tags"] == ["O", "B-LOC", "O", "B-LOC"]
    assert prediction["probabilities"][0] == 1.0


def test_a_row_of_words_without_sub_words(wordpiece):
    row = {"tokens": [VANISHING], "tags": ["B-LOC"]}
    (example,) = encode([row], wordpiece, LABELS, 64)
    assert set(example.inputs["labels"]) == {-100}
    assert merged([row], [example], np.zeros((1, 2, len(LABELS))))[0]["tags"] == ["O"]


def test_rows_to_be_predicted_have_no_labels(tokenizer):
    (example,) = encode([{"tokens": ["Porto"]}], tokenizer, LABELS, 64)
    assert set(example.inputs) == set(tokenizer.model_input_names)


def test_no_rows_give_no_examples(tokenizer):
    assert encode([], tokenizer, LABELS, 64) == []


def test_a_row_of_very_many_words(wordpiece):
    row = {"tokens": ["in"] * 20_000, "tags": ["O"] * 20_000}
    examples = encode([row], wordpiece, LABELS, 64)
    assert np.concatenate([one.info.words for one in examples]).tolist() == list(range(20_000))


def test_probabilities_are_the_softmax_of_the_chosen_tag(wordpiece):
    row = {"tokens": ["in", "in"]}
    examples = encode([row], wordpiece, LABELS, 64)
    logits = np.random.default_rng(0).normal(size=(1, 4, len(LABELS))).astype(np.float16)
    ((first, second),) = decode_words({"logits": logits}, examples, LABELS)
    softmax = np.exp(logits[0].astype(float)) / np.exp(logits[0].astype(float)).sum(-1, keepdims=True)
    for (word, tag, probability), position in ((first, 1), (second, 2)):
        assert (word, tag) == (position - 1, LABELS[softmax[position].argmax()])
        assert probability == pytest.approx(softmax[position].max(), rel=1e-3)


def test_an_inside_tag_without_a_start_begins_an_entity():
    row = {"tokens": ["a", "b", "c"]}
    pieces = [[(0, "O", 0.9), (1, "I-PER", 0.8)], [(2, "I-LOC", 0.7)]]
    assert merge(row, pieces) == {"tags": ["O", "B-PER", "B-LOC"], "probabilities": [0.9, 0.8, 0.7]}


class SlowTokenizer:
    is_fast = False


def test_a_slow_tokenizer_is_refused():
    with pytest.raises(ValueError, match=r"SlowTokenizer .*expected a fast tokenizer"):
        encode([{"tokens": ["a"]}], SlowTokenizer(), LABELS, 64)
