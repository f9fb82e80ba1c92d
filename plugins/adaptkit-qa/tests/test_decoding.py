from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from adaptkit_qa.decoding import Piece, decode, merge
from adaptkit_qa.encoding import encode

LIMITS = {"n_best": 20, "max_answer_length": 30}
NUMBERS = " ".join(str(number) for number in range(1000, 1200))


def encoded(tokenizer, row, *, max_length=64):
    return encode([row], tokenizer, (), max_length, doc_stride=16, max_question_length=16)


def quiet_logits(examples):
    longest = max(len(example.inputs["input_ids"]) for example in examples)
    shape = (len(examples), longest + 3)
    return {"start_logits": np.full(shape, -5, np.float32), "end_logits": np.full(shape, -5, np.float32)}


def merged(row, outputs, examples, **limits):
    limits = LIMITS | limits
    return merge(row, decode(outputs, examples, (), **limits), n_best=limits["n_best"])


def test_an_answer_only_in_the_third_window_is_found(tokenizer):
    row = {"question": "who", "context": NUMBERS}
    examples = encoded(tokenizer, row)
    assert len(examples) > 4
    third = examples[2].info.offsets
    others = {tuple(pair) for number in (1, 3) for pair in examples[number].info.offsets.tolist()}
    token = next(n for n, pair in enumerate(third.tolist()) if pair[0] >= 0 and tuple(pair) not in others)
    outputs = quiet_logits(examples)
    outputs["start_logits"][2, token] = outputs["end_logits"][2, token + 2] = 7
    prediction = merged(row, outputs, examples)
    start, end = int(third[token, 0]), int(third[token + 2, 1])
    best = prediction["n_best"][0]
    assert best["text"] == row["context"][start:end].strip() == row["context"][best["start"] : best["end"]]
    assert prediction["best_score"] == best["score"] == 14
    assert best["probability"] > 0.99


@pytest.mark.parametrize("word", ["👍🏽", "👩\u200d👩\u200d👧", "cafe\u0301s", "n\u0303", "سلام", "東京"])
def test_offsets_with_emoji_and_combining_characters(tokenizer, word):
    context = f"e\u0301 👍🏽 {word}x {word} oak"
    start = context.index(f" {word} ") + 1
    row = {"question": "👍🏽 who", "context": context, "answers": [{"text": word, "start": start}]}
    (example,) = encoded(tokenizer, row, max_length=128)
    outputs = quiet_logits([example])
    outputs["start_logits"][0, example.inputs["start_positions"]] = 9
    outputs["end_logits"][0, example.inputs["end_positions"]] = 9
    best = merged(row, outputs, [example])["n_best"][0]
    assert (best["text"], best["start"], best["end"]) == (word, start, start + len(word))


def by_hand(outputs, examples, context, n_best, most):
    """The spans of all windows by loops over every pair of a likely start and a likely end."""
    found = {}
    for number, example in enumerate(examples):
        offsets = example.info.offsets
        tokens = [token for token in range(len(offsets)) if offsets[token, 0] >= 0]
        start, end = outputs["start_logits"][number], outputs["end_logits"][number]
        starts = sorted(tokens, key=lambda token: -start[token])[:n_best]
        ends = sorted(tokens, key=lambda token: -end[token])[:n_best]
        for first, last in product(starts, ends):
            if first <= last < first + most:
                text = context[offsets[first, 0] : offsets[last, 1]]
                begin = int(offsets[first, 0]) + len(text) - len(text.lstrip())
                span = (begin, begin + len(text.strip()))
                if not text.strip():
                    continue
                found[span] = max(found.get(span, -math.inf), float(start[first] + end[last]))
    return sorted(found.items(), key=lambda item: -item[1])[:n_best]


@pytest.mark.parametrize(("n_best", "most"), [(20, 30), (5, 3), (1, 1), (500, 4)])
def test_equals_a_search_over_every_pair_by_hand(tokenizer, n_best, most):
    row = {"question": "who", "context": NUMBERS[:300]}
    examples = encoded(tokenizer, row)
    outputs = quiet_logits(examples)
    draw = np.random.default_rng(n_best)
    for logits in outputs.values():
        logits[:] = draw.normal(size=logits.shape)
    prediction = merged(row, outputs, examples, n_best=n_best, max_answer_length=most)
    ours = [((one["start"], one["end"]), one["score"]) for one in prediction["n_best"]]
    theirs = by_hand(outputs, examples, row["context"], n_best, most)
    assert [span for span, _ in ours] == [span for span, _ in theirs]
    assert [score for _, score in ours] == pytest.approx([score for _, score in theirs])
    nulls = outputs["start_logits"][:, 0] + outputs["end_logits"][:, 0]
    assert prediction["null_score"] == pytest.approx(float(nulls.min()))
    total = prediction["null_probability"] + sum(one["probability"] for one in prediction["n_best"])
    assert total == pytest.approx(1)


def test_an_answer_contains_only_tokens_of_the_context(wordpiece):
    row = {"question": "who built the bridge", "context": "oak"}
    examples = encoded(wordpiece, row)
    outputs = {name: logits + 50 for name, logits in quiet_logits(examples).items()}
    (oak,) = np.flatnonzero(examples[0].info.offsets[:, 0] >= 0)
    outputs["start_logits"][0, oak] = outputs["end_logits"][0, oak] = -50
    assert [one["text"] for one in merged(row, outputs, examples)["n_best"]] == ["oak"]


def test_no_span_at_all(wordpiece):
    row = {"question": "who", "context": "\u200b"}
    examples = encoded(wordpiece, row)
    prediction = merged(row, quiet_logits(examples), examples)
    assert prediction["n_best"] == []
    assert prediction["best_score"] == -math.inf
    assert prediction["null_probability"] == 1


def piece(null, *spans):
    return Piece(
        null,
        np.array([score for *_, score in spans], np.float32),
        np.array([span[:2] for span in spans], np.int32).reshape(-1, 2),
    )


def test_merging_does_not_depend_on_the_order_of_windows():
    row = {"context": "oak bridge of oak"}
    pieces = [
        piece(3.0, (0, 3, 5.0), (4, 10, 1.0)),
        piece(-2.0, (3, 10, 7.0), (14, 17, 1.0)),
        piece(4.0),
        piece(1.0, (3, 4, 6.0)),
    ]
    expected = [("bridge", 7.0), ("oak", 5.0), ("oak", 1.0)]
    for order in (pieces, pieces[::-1]):
        prediction = merge(row, order, n_best=20)
        assert [(one["text"], one["score"]) for one in prediction["n_best"]] == expected
        assert prediction["null_score"] == -2.0
    weights = [math.exp(score) for score in (-2, 7, 5, 1)]
    assert prediction["n_best"][0]["probability"] == pytest.approx(weights[1] / sum(weights))
    assert len(merge(row, pieces, n_best=2)["n_best"]) == 2


def test_scores_of_any_size_give_probabilities():
    row = {"context": "oak"}
    prediction = merge(row, [piece(-1e30, (0, 3, 1e30))], n_best=20)
    assert (prediction["null_probability"], prediction["n_best"][0]["probability"]) == (0, 1)
