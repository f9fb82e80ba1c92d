from __future__ import annotations

import numpy as np
import pytest
from adaptkit_ner import ner
from adaptkit_ner.decoding import DECODERS, decode_sequences, decode_words, merge
from adaptkit_ner.encoding import encode
from adaptkit_ner.tags import bio_names, canonical

LABELS = bio_names(["LOC", "PER"])
VANISHING = "\u200b"  # the WordPiece tokenizer's normaliser removes it


def random_logits(examples, *, seed):
    longest = max(len(example.inputs["input_ids"]) for example in examples)
    draw = np.random.default_rng(seed)
    return draw.normal(size=(len(examples), longest, len(LABELS))).astype(np.float32)


def tags_of(pieces):
    return [[tag for _, tag, _ in piece] for piece in pieces]


def test_the_option_selects_how_tags_are_chosen():
    assert ner().decode is ner(decoding="viterbi").decode is decode_sequences
    assert ner(decoding="argmax").decode is decode_words
    assert ner(spans=False).decode is decode_words


def test_each_sentence_is_valid_and_independent_of_its_batch(wordpiece):
    rows = [{"tokens": ["in"] * words} for words in range(1, 30)]
    examples = encode(rows, wordpiece, LABELS, 64)
    logits = random_logits(examples, seed=0)
    pieces = decode_sequences({"logits": logits}, examples, LABELS)
    assert tags_of(pieces) == [canonical(tags) for tags in tags_of(pieces)]
    assert tags_of(decode_words({"logits": logits}, examples, LABELS)) != tags_of(pieces)
    for number, example in enumerate(examples):
        alone = decode_sequences({"logits": logits[number : number + 1]}, [example], LABELS)
        assert alone == [pieces[number]]


def test_a_word_after_one_without_sub_words_starts_an_entity(wordpiece):
    row = {"tokens": ["Porto", VANISHING, "Ghent", "in"]}
    examples = encode([row], wordpiece, LABELS, 64)
    logits = np.zeros((1, 64, len(LABELS)), np.float32)
    for position, tag in zip(examples[0].info.positions, ["O", "I-LOC", "I-LOC"], strict=True):
        logits[0, position, LABELS.index(tag)] = 5
    pieces = decode_sequences({"logits": logits}, examples, LABELS)
    assert merge(row, pieces)["tags"] == ["O", "O", "B-LOC", "I-LOC"]


def test_an_entity_continues_in_the_next_window(wordpiece):
    row = {"tokens": ["in"] * 100}
    examples = encode([row], wordpiece, LABELS, 34)
    logits = np.zeros((len(examples), 34, len(LABELS)), np.float32)
    logits[..., LABELS.index("I-PER")] = 5
    pieces = decode_sequences({"logits": logits}, examples, LABELS)
    assert merge(row, pieces)["tags"] == ["B-PER"] + ["I-PER"] * 99


@pytest.mark.parametrize("seed", range(3))
def test_the_tags_of_a_row_of_several_windows_are_valid(wordpiece, seed):
    row = {"tokens": ["in"] * 100}
    examples = encode([row], wordpiece, LABELS, 34)
    logits = random_logits(examples, seed=seed)
    tags = merge(row, decode_sequences({"logits": logits}, examples, LABELS))["tags"]
    assert tags == canonical(tags)
    assert len(tags) == 100


@pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)
def test_probabilities_are_the_softmax_of_the_words_own_logits(wordpiece, decode):
    examples = encode([{"tokens": ["in"] * 40}], wordpiece, LABELS, 64)
    logits = random_logits(examples, seed=4)
    (piece,) = decode({"logits": logits}, examples, LABELS)
    softmax = np.exp(logits[0].astype(float)) / np.exp(logits[0].astype(float)).sum(-1, keepdims=True)
    expected = [softmax[word + 1, LABELS.index(tag)] for word, tag, _ in piece]  # after [CLS]
    assert [probability for _, _, probability in piece] == pytest.approx(expected, rel=1e-5)
