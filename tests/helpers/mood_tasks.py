"""Two correct tasks, whose parts the tests replace by defective ones: a class per text, a tag per word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import DataCollatorForTokenClassification, DataCollatorWithPadding

from adaptkit import Example, Metric, Row, Scores, Task

GLAD = ("bright", "merry", "kind", "warm")
SAD = ("grey", "bleak", "cold", "bitter")
OTHERS = ("the river", "an old boat", "this long street", "our neighbour", "a letter", "the market square")


def _tag(word: str) -> str:
    return "glad" if word in GLAD else "sad" if word in SAD else "none"


CLASSIFIED: list[Row] = [
    {"text": f"{other} was {word} {'and quiet ' * (position % 3)}today", "label": _tag(word)}
    for position, other in enumerate(OTHERS)
    for word in (GLAD[position % 4], SAD[position % 4])
]
TAGGED: list[Row] = [
    {"words": row["text"].split(), "tags": list(map(_tag, row["text"].split()))} for row in CLASSIFIED
]


def encode_texts(rows: Sequence[Row], tokenizer: Any, labels: Sequence[str], limit: int) -> list[Example]:
    batch = tokenizer([row["text"] for row in rows], truncation=True, max_length=limit)
    examples = []
    for position, row in enumerate(rows):
        answer = {"labels": list(labels).index(row["label"])} if "label" in row else {}
        inputs = {name: batch[name][position] for name in batch}
        examples.append(Example(row=position, inputs={**inputs, **answer}))
    return examples


def encode_words(rows: Sequence[Row], tokenizer: Any, labels: Sequence[str], limit: int) -> list[Example]:
    batch = tokenizer(
        [list(row["words"]) for row in rows], is_split_into_words=True, truncation=True, max_length=limit
    )
    examples = []
    for position, row in enumerate(rows):
        words = batch.word_ids(position)
        firsts = [None if word is None or word in words[:token] else word for token, word in enumerate(words)]
        inputs = {name: batch[name][position] for name in batch}
        if "tags" in row:
            inputs["labels"] = [
                -100 if word is None else list(labels).index(row["tags"][word]) for word in firsts
            ]
        examples.append(Example(row=position, inputs=inputs, info=firsts))
    return examples


def decode_texts(outputs: Any, examples: Sequence[Example], labels: Sequence[str]) -> list[str]:
    return [labels[best] for best in outputs["logits"].argmax(-1).tolist()]


def decode_words(outputs: Any, examples: Sequence[Example], labels: Sequence[str]) -> list[dict[int, str]]:
    """For each example, the tag of every word in it."""
    best = outputs["logits"].argmax(-1).tolist()
    return [
        {word: labels[tags[token]] for token, word in enumerate(example.info) if word is not None}
        for tags, example in zip(best, examples, strict=True)
    ]


def merge_words(row: Row, pieces: Sequence[Mapping[int, str]]) -> list[str]:
    return [pieces[0].get(word, "none") for word in range(len(row["words"]))]


def share_right(predictions: Sequence[Any], rows: Sequence[Row]) -> Scores:
    answer = "tags" if "tags" in rows[0] else "label"
    right = [said == row[answer] for said, row in zip(predictions, rows, strict=True)]
    return Scores(values={"accuracy": sum(right) / len(right)})


ACCURACY = Metric(name="accuracy", direction="maximize", compute=share_right)


def classifying(**changes: Any) -> Task:
    """A class for each text."""
    parts: dict[str, Any] = {
        "name": "moods",
        "columns": {"text": "a text", "label": "its mood"},
        "head": "sequence-classification",
        "encode": encode_texts,
        "decode": decode_texts,
        "collator": DataCollatorWithPadding,
        "metric": ACCURACY,
    }
    return Task(**{**parts, **changes})


def tagging(**changes: Any) -> Task:
    """A tag for each word."""
    parts: dict[str, Any] = {
        "name": "moods of words",
        "columns": {"words": "a list of words", "tags": "a tag for each"},
        "target_columns": ("tags",),
        "head": "token-classification",
        "encode": encode_words,
        "decode": decode_words,
        "merge_windows": merge_words,
        "collator": DataCollatorForTokenClassification,
        "metric": ACCURACY,
        "labels_of": lambda row: row["tags"],
        "parse_text": lambda text: {"words": text.split()},
    }
    return Task(**{**parts, **changes})
