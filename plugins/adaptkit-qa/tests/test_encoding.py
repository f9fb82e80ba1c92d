from __future__ import annotations

import json
import random
import unicodedata
from itertools import pairwise
from pathlib import Path

import adaptkit_qa
import numpy as np
import pytest
from adaptkit_qa.encoding import IGNORED, collator, encode
from adaptkit_qa.rows import prepare
from adaptkit_qa.squad import read

WORDS = [
    "bridge",
    "the",
    "oak",
    "unbelievable",
    "Brackwater,",
    "é",
    "e\u0301",
    "👍🏽",
    "👩\u200d👩\u200d👧",
    "سلام",
    "1712.",
]
SPACES = [" ", " ", " ", "  ", "\n", "\u00a0"]
OPTIONS = {"doc_stride": 16, "max_question_length": 64}


def random_row(draw, length):
    words = draw.choices(WORDS, k=length)
    context, starts = "", []
    for word in words:
        starts.append(len(context))
        context += word + draw.choice(SPACES)
    first = draw.randrange(length)
    last = min(length - 1, first + draw.randrange(3))
    text = context[starts[first] : starts[last] + len(words[last])]
    return {
        "question": " ".join(draw.choices(WORDS, k=draw.randint(1, 6))),
        "context": context,
        "answers": [{"text": text, "start": starts[first]}],
    }


def characters(example, row):
    """The text between the characters that an example's labels point to; None for none or a part of it."""
    start, end = example.inputs["start_positions"], example.inputs["end_positions"]
    if start == end and start in (example.info.null, IGNORED):
        return None
    return row["context"][example.info.offsets[start, 0] : example.info.offsets[end, 1]].strip()


def without_last_marks(text):
    """The text as shown by a tokenizer that removes accents."""
    while unicodedata.category(text[-1]) == "Mn":
        text = text[:-1]
    return text


@pytest.mark.parametrize("max_length", [48, 80, 256])
def test_labels_are_the_tokens_of_the_answer(tokenizer, max_length):
    draw = random.Random(max_length)
    rows = [random_row(draw, draw.randint(1, 60)) for _ in range(60)]
    examples = encode(rows, tokenizer, (), max_length, **OPTIONS)
    assert max(len(example.inputs["input_ids"]) for example in examples) <= max_length
    assert [example.row for example in examples] == sorted(example.row for example in examples)
    assert {example.row for example in examples} == set(range(60))
    found = 0
    for example in examples:
        row = rows[example.row]
        said, answer = characters(example, row), row["answers"][0]["text"]
        if said is not None:
            assert said in (answer, without_last_marks(answer))
            found += 1
    assert found >= 50


def test_the_sample_is_found_again_by_its_labels(tokenizer):
    folder = Path(adaptkit_qa.__file__).parent / "sample"
    rows = [prepare(row) for _, row in read(folder / "dev.json")]
    examples = encode(rows, tokenizer, (), 128, **OPTIONS)
    said = [set() for _ in rows]
    for example in examples:
        if text := characters(example, rows[example.row]):
            said[example.row].add(text)
    assert said == [{row["answers"][0]["text"]} if row["answers"] else set() for row in rows]


def test_windows_overlap_and_show_every_token(wordpiece):
    row = {"question": "who", "context": " ".join(str(number) for number in range(1000, 1200)), "answers": []}
    examples = encode([row], wordpiece, (), 50, doc_stride=16, max_question_length=8)
    shown = [one.info.offsets[one.info.offsets[:, 0] >= 0] for one in examples]
    for before, after in pairwise(shown):
        assert before[-16:].tolist() == after[:16].tolist()
    assert shown[0][0, 0] == 0
    assert shown[-1][-1, 1] == len(row["context"])


def test_the_three_kinds_of_windows(wordpiece):
    context = " ".join(["oak"] * 60 + ["bridge"] * 8 + ["oak"] * 60)
    answer = {"text": " ".join(["bridge"] * 8), "start": context.index("bridge")}
    row = {"question": "who", "context": context, "answers": [answer]}
    examples = encode([row], wordpiece, (), 34, doc_stride=4, max_question_length=8)
    kinds = []
    for example in examples:
        ids = example.inputs["input_ids"]
        count = ids.count(wordpiece.convert_tokens_to_ids("bridge"))
        start, end = example.inputs["start_positions"], example.inputs["end_positions"]
        assert (start, end) == {0: (0, 0), 8: (start, start + 7)}.get(count, (IGNORED, IGNORED))
        kinds.append(count)
    assert len(examples) > 4
    assert 0 in kinds


@pytest.mark.parametrize("max_length", [16, 32, 64])
def test_a_very_long_question_leaves_room_for_the_context(tokenizer, max_length):
    context = "the old bridge of Brackwater was built of oak"
    answer = {"text": "oak", "start": context.index("oak")}
    for question in (
        "who built the bridge? " * 500,
        "x" * 3000,
        "👍🏽" * 500,
        "\ufdfa" * 300,
        "\u200b" * 300 + "?",
    ):
        row = {"question": question, "context": context, "answers": [answer]}
        examples = encode([row], tokenizer, (), max_length, **OPTIONS)
        assert max(len(example.inputs["input_ids"]) for example in examples) <= max_length
        assert any(characters(example, row) == "oak" for example in examples)


def test_the_encoding_of_a_row_does_not_depend_on_other_rows(wordpiece):
    draw = random.Random(1)
    row = random_row(draw, 80)
    long = {"question": "who " * 400, "context": "oak", "answers": []}
    alone = encode([row], wordpiece, (), 40, **OPTIONS)
    beside = [one for one in encode([long, row], wordpiece, (), 40, **OPTIONS) if one.row == 1]
    assert [one.inputs for one in alone] == [one.inputs for one in beside]


def test_an_answer_without_tokens_is_not_learned(wordpiece):
    row = {
        "question": "who",
        "context": "oak \u200b oak",
        "answers": [{"text": "\u200b", "start": 4}],
    }
    (example,) = encode([row], wordpiece, (), 64, **OPTIONS)
    assert example.inputs["start_positions"] == example.inputs["end_positions"] == IGNORED
    row = {"question": "who", "context": "\u200b\u200b", "answers": [{"text": "\u200b", "start": 1}]}
    (example,) = encode([row], wordpiece, (), 64, **OPTIONS)
    assert example.inputs["start_positions"] == IGNORED
    assert (example.info.offsets == -1).all()


def test_a_context_that_names_special_tokens(wordpiece):
    row = {
        "question": "[CLS] who [SEP]",
        "context": "[SEP] [CLS] oak",
        "answers": [{"text": "oak", "start": 12}],
    }
    (example,) = encode([row], wordpiece, (), 64, **OPTIONS)
    assert example.info.null == 0
    assert characters(example, row) == "oak"


def test_labels_are_left_out_if_a_row_has_no_answers(tokenizer):
    rows = [{"question": "who", "context": "oak"}, {"question": "who", "context": "oak", "answers": []}]
    assert {*encode(rows, tokenizer, (), 64, **OPTIONS)[1].inputs} == set(tokenizer.model_input_names)
    assert "start_positions" in encode(rows[1:], tokenizer, (), 64, **OPTIONS)[0].inputs
    assert encode([], tokenizer, (), 64, **OPTIONS) == []


def test_the_way_back_is_kept_compactly(wordpiece):
    (example,) = encode([{"question": "who", "context": "oak"}], wordpiece, (), 64, **OPTIONS)
    assert example.info.offsets.dtype == np.int32
    assert example.info.offsets.shape == (len(example.inputs["input_ids"]), 2)
    json.dumps(dict(example.inputs))


def test_batches_are_always_padded_on_the_right(wordpiece, monkeypatch):
    monkeypatch.setattr(wordpiece, "padding_side", "left")
    rows = [
        {"question": "who", "context": "oak " * n, "answers": [{"text": "oak", "start": 0}]} for n in (1, 9)
    ]
    examples = encode(rows, wordpiece, (), 64, **OPTIONS)
    batch = collator(wordpiece, pad_to_multiple_of=32)([dict(one.inputs) for one in examples])
    assert batch["input_ids"].shape == (2, 32)
    for number, example in enumerate(examples):
        assert batch["input_ids"][
            number, batch["start_positions"][number]
        ] == wordpiece.convert_tokens_to_ids("oak")
        assert batch["attention_mask"][number].tolist()[: len(example.inputs["input_ids"])].count(0) == 0
    assert wordpiece.padding_side == "left"


class SlowTokenizer:
    is_fast = False

    def num_special_tokens_to_add(self, pair):
        return 3


def test_a_slow_tokenizer_and_a_length_without_room_are_refused(wordpiece):
    with pytest.raises(ValueError, match=r"SlowTokenizer .*expected a fast tokenizer"):
        encode([], SlowTokenizer(), (), 64, **OPTIONS)
    with pytest.raises(ValueError, match="4 tokens are too few"):
        encode([], wordpiece, (), 4, **OPTIONS)
