from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch
from adaptkit_masked_lm import (
    IGNORED,
    collator,
    compute,
    decode,
    encode,
    masked_lm,
    masking,
    prepare,
    to_json,
)

from adaptkit import AdaptkitError, Example
from adaptkit.testing import wordpiece_tokenizer

TEXTS = ["the parcel was left at the wrong door", "a loud bell rang twice", "parcel " * 40]


@pytest.fixture(scope="module")
def words():
    return wordpiece_tokenizer(TEXTS)


def originals(example):
    pairs = zip(example.inputs["input_ids"], example.inputs["targets"], strict=True)
    return [one if target == IGNORED else target for one, target in pairs]


def test_the_masks_of_a_text_are_always_the_same(words):
    rows = [{"text": text} for text in TEXTS]
    once, again = (encode(rows, words, (), 64, share=0.15) for _ in range(2))
    assert [one.inputs for one in once] == [one.inputs for one in again]
    for example, text in zip(once, TEXTS, strict=True):
        assert originals(example) == words(text)["input_ids"]
        places = [place for place, target in enumerate(example.inputs["targets"]) if target != IGNORED]
        assert len(places) == max(1, round(0.15 * (len(example.inputs["input_ids"]) - 2)))
        assert {example.inputs["input_ids"][place] for place in places} == {words.mask_token_id}


def test_a_long_text_is_read_in_windows(words):
    examples = encode([{"text": TEXTS[2]}, {"text": TEXTS[1]}], words, (), 12, share=0.15)
    assert [one.row for one in examples] == [0, 0, 0, 0, 1]
    ids = [one for example in examples[:4] for one in originals(example)[1:-1]]
    assert ids == words(TEXTS[2])["input_ids"][1:-1]
    assert max(len(one.inputs["input_ids"]) for one in examples) == 12


def batch_of(words, count=400):
    ids = torch.randint(5, len(words), (count, 20))  # after the five special tokens
    ids[:, 0], ids[:, -3] = words.cls_token_id, words.sep_token_id
    ids[:, -2:] = words.pad_token_id
    mask = (ids != words.pad_token_id).long()
    targets = torch.full_like(ids, IGNORED)
    targets[:, 4], ids[:, 4] = ids[:, 4].clone(), words.mask_token_id
    return {"input_ids": ids, "attention_mask": mask, "targets": targets}


def test_training_draws_tokens_as_bert_does(words):
    batch = batch_of(words)
    wanted = torch.where(batch["targets"] != IGNORED, batch["targets"], batch["input_ids"])
    found = masking(words, share=0.15)(batch, torch.arange(400))
    drawn = found["targets"] != IGNORED
    assert torch.equal(torch.where(drawn, found["targets"], found["input_ids"]), wanted)
    assert not drawn[:, [0, -3, -2, -1]].any()
    assert drawn[:, 1:-3].float().mean() == pytest.approx(0.15, abs=0.02)
    kinds = Counter(
        "mask" if new == words.mask_token_id else "kept" if new == old else "other"
        for new, old in zip(found["input_ids"][drawn].tolist(), wanted[drawn].tolist(), strict=True)
    )
    assert kinds["mask"] / kinds.total() == pytest.approx(0.8, abs=0.06)
    assert 0.03 < kinds["kept"] / kinds.total() < 0.2
    assert kinds["other"] > 0


def test_another_epoch_masks_other_tokens(words):
    batch, change = batch_of(words, 8), masking(words, share=0.15)
    first, second = (change(batch, torch.arange(8) + start)["targets"] for start in (0, 100))
    assert not torch.equal(first, second)


def test_the_collator_pads_the_targets(words):
    examples = encode([{"text": text} for text in TEXTS[:2]], words, (), 64, share=0.15)
    batch = collator(words, pad_to_multiple_of=16)([dict(one.inputs) for one in examples])
    assert batch["targets"].shape == batch["input_ids"].shape == (2, 16)
    assert (batch["targets"][batch["attention_mask"] == 0] == IGNORED).all()
    assert set(batch) == {*words.model_input_names, "targets"}


def test_pieces_and_scores_equal_torchs_loss():
    draw = np.random.default_rng(0)
    logits = draw.normal(scale=3, size=(2, 6, 9)).astype(np.float32)
    targets = np.array([[IGNORED, 3, 8, IGNORED], [IGNORED] * 4])
    examples = [Example(row=row, inputs={"targets": targets[row].tolist()}) for row in (0, 1)]
    pieces = decode({"logits": logits}, examples, ())
    expected = torch.nn.functional.cross_entropy(
        torch.tensor(logits[0, 1:3]), torch.tensor([3, 8]), reduction="sum"
    )
    assert pieces[0]["loss"] == pytest.approx(float(expected), rel=1e-5)
    assert pieces[0]["tokens"] == 2
    assert pieces[1] == {"loss": 0.0, "tokens": 0, "correct": 0}
    scores = compute(pieces, [{}, {}]).values
    assert scores["pseudo_perplexity"] == pytest.approx(math.exp(float(expected) / 2), rel=1e-5)
    assert scores["masked_accuracy"] == pieces[0]["correct"] / 2


def test_a_hopeless_model_has_a_finite_score():
    prediction = {"loss": 1e6, "tokens": 1, "correct": 0}
    assert math.isfinite(compute([prediction], [{}]).values["pseudo_perplexity"])
    assert math.isfinite(to_json({"text": "a"}, prediction)["pseudo_perplexity"])


def test_lines_of_a_file_are_texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("one text\n\n  another, with a comma\n", encoding="utf-8")
    found = list(masked_lm().readers[".txt"](path))
    assert found == [(1, {"text": "one text"}), (3, {"text": "another, with a comma"})]
    assert prepare({"sentence": "a", "label": "b"}) == {"text": "a"}


def test_a_tokenizer_without_a_mask_is_refused(words):
    class Plain:
        mask_token_id = None

    with pytest.raises(AdaptkitError, match="no mask token"):
        encode([{"text": "a"}], Plain(), (), 8, share=0.15)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_a_share_that_masks_nothing_or_all_is_refused(share):
    with pytest.raises(ValueError, match="above 0 and below 1"):
        masked_lm(share=share)
