"""Each part of a task that has the wrong type is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adaptkit.task import Metric, Scores, Task
from adaptkit.tasks.validation import ill_formed

METRIC = Metric(name="score", direction="maximize", compute=lambda predictions, rows: Scores(values={}))
TASK = Task(
    name="good",
    columns={"text": "a text", "label": "a class"},
    head="sequence-classification",
    encode=lambda rows, tokenizer, labels, max_length: [],
    decode=lambda outputs, examples, labels: [],
    metric=METRIC,
    collator=lambda tokenizer, pad_to_multiple_of: None,  # type: ignore[arg-type, return-value]
)


def test_a_valid_task_has_no_messages() -> None:
    assert ill_formed(TASK) == []


@pytest.mark.parametrize(
    ("parts", "messages"),
    [
        ({"decode": None}, ["decode is None, expected a callable"]),
        ({"collator": "padding"}, ["collator is 'padding', expected a callable"]),
        ({"columns": ["text"]}, ["columns is ['text'], expected a description by name"]),
        ({"columns": {}}, ["columns is {}, expected a description by name"]),
        ({"head": 3}, ["head is 3, expected a task tag of transformers, or a callable"]),
        ({"outputs": "logits"}, ["outputs is 'logits', expected a list of the model's outputs"]),
        ({"target_columns": "label"}, ["target_columns is 'label', expected a list of columns"]),
        ({"metric": max}, ["metric is <built-in function max>, expected a Metric"]),
        ({"labels_of": "label"}, ["labels_of is 'label', expected a callable or None"]),
        ({"readers": {".x": None}}, ["readers is {'.x': None}, expected a callable by suffix"]),
        ({"sample": "folder"}, ["sample is 'folder', expected a Path or None"]),
        ({"hints": {}}, ["hints is {}, expected a SearchHints"]),
        ({"word_level": "no"}, ["word_level is 'no', expected True or False"]),
        ({"options": ["size"]}, ["options is ['size'], expected a value by name"]),
        ({"contract": "1"}, ["contract is '1', expected an integer"]),
        (
            {"merge_windows": 1, "parse_text": 2},
            ["merge_windows is 1, expected a callable", "parse_text is 2, expected a callable"],
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_part_of_the_wrong_type_is_named(parts: dict[str, Any], messages: list[str]) -> None:
    assert ill_formed(replace(TASK, **parts)) == messages


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"direction": "up"}, "metric.direction is 'up', expected 'maximize' or 'minimize'"),
        ({"description": None}, "metric.description is None, expected text"),
        ({"others": ["f1"]}, "metric.others is ['f1'], expected 'maximize' or 'minimize' by name"),
    ],
)
def test_a_part_of_the_metric_is_named_too(parts: dict[str, Any], message: str) -> None:
    assert ill_formed(replace(TASK, metric=replace(METRIC, **parts))) == [message]
