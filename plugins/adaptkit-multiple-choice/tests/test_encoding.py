from __future__ import annotations

import resource

import torch
from adaptkit_multiple_choice.encoding import collator, encode

TOPICS = ["Murano", "trains", "the history of glassmaking"]
ROWS = [
    {"question": "she is reading about", "choices": TOPICS, "answer": 2},
    {
        "context": "Mira opened the Bakery",
        "question": "who did",
        "choices": ["Mira", "volunteers"],
        "answer": 0,
    },
]


def collated(rows, tokenizer, length=8):
    examples = encode(rows, tokenizer, (), 64)
    return examples, collator(tokenizer, pad_to_multiple_of=length)([dict(one.inputs) for one in examples])


def test_each_choice_is_paired_with_its_question_or_context(tokenizer):
    first, second = encode(ROWS, tokenizer, (), 64)
    assert (first.row, second.row) == (0, 1)
    pairs = [
        [(ROWS[0]["question"], choice) for choice in ROWS[0]["choices"]],
        [(ROWS[1]["context"], f"who did {choice}") for choice in ROWS[1]["choices"]],
    ]
    for example, its in zip((first, second), pairs, strict=True):
        for name in tokenizer.model_input_names:
            assert example.inputs[name] == [tokenizer(*pair)[name] for pair in its]
    assert (first.inputs["labels"], second.inputs["labels"]) == (2, 0)


def test_the_longer_part_of_a_pair_is_truncated_first(tokenizer):
    row = {"context": "the lighthouse " * 60, "question": "who", "choices": ["Mira", "Ghent"]}
    (example,) = encode([row], tokenizer, (), 40)
    for ids, choice in zip(example.inputs["input_ids"], row["choices"], strict=True):
        end = tokenizer(f"who {choice}", add_special_tokens=False)["input_ids"]
        assert len(ids) == 40
        assert ids[-1 - len(end) : -1] == end


def cut_by_hand(text, tokenizer, most):
    """The first ``most`` tokens of the text."""
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return text[: offsets[most][0]]


def test_very_long_texts_are_shortened_before_pairing(tokenizer):
    one, other = "the lighthouse " * 2500, "reading in Murano, " * 1700
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (example,) = encode([{"question": one, "choices": [other, "Mira"]}], tokenizer, (), 64)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200 * 1024, f"{grown} KiB"  # every pair of overflowing pieces takes gigabytes
    short = (cut_by_hand(text, tokenizer, 64) for text in (one, other))
    alone = tokenizer(*short, truncation="longest_first", max_length=64)
    assert all(example.inputs[name][0] == alone[name] for name in tokenizer.model_input_names)


def test_rows_to_be_predicted_have_no_labels(tokenizer):
    examples, batch = collated([{"question": "?", "choices": ["سلام", "👍🏽"]}], tokenizer)
    assert set(examples[0].inputs) == set(tokenizer.model_input_names)
    assert "labels" not in batch
    assert encode([], tokenizer, (), 12) == []


def test_a_batch_has_a_mask_of_each_questions_own_choices(tokenizer):
    examples, batch = collated(ROWS, tokenizer, length=16)
    tokens = batch["input_ids"].shape[-1]
    assert tokens % 16 == 0
    for name in tokenizer.model_input_names:
        assert batch[name].shape == (2, 3, tokens)
    assert batch["choice_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch["labels"].tolist() == [2, 0]
    for place, example in enumerate(examples):
        for choice, ids in enumerate(example.inputs["input_ids"]):
            assert batch["input_ids"][place, choice, : len(ids)].tolist() == ids
            assert batch["attention_mask"][place, choice].sum() == len(ids)


def test_a_missing_choice_is_a_copy_of_the_first_one(tokenizer):
    _, batch = collated(ROWS, tokenizer)
    for name in tokenizer.model_input_names:
        assert torch.equal(batch[name][1, 2], batch[name][1, 0])


def test_with_equal_numbers_of_choices_a_batch_is_transformers(tokenizer):
    from transformers import DataCollatorForMultipleChoice

    rows = [
        ROWS[0],
        {"question": "trains", "choices": ["to Ghent", "to Bruges", "the operator"], "answer": 0},
    ]
    examples, batch = collated(rows, tokenizer)
    theirs = DataCollatorForMultipleChoice(tokenizer, pad_to_multiple_of=8)(
        [dict(one.inputs) for one in examples]
    )
    assert set(batch) == {*theirs, "choice_mask"}
    assert all(torch.equal(batch[name], theirs[name]) for name in theirs)
