from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from adaptkit.data import lengths
from adaptkit.data.lengths import truncated, truncation_warnings
from adaptkit.data.rows import Rows
from adaptkit.task import Example, Row, Task

MakeTask = Callable[..., Task]


def numbered(*words: int) -> Rows:
    """Rows of so many words."""
    values = [{"text": " ".join(["word"] * count), "label": "a"} for count in words]
    return Rows(values, [f"f.csv:{line}" for line in range(2, len(values) + 2)], "f.csv")


def first_words(rows: Sequence[Row], tokenizer: Any, labels: Any, most: int) -> list[Example]:
    """An example of the first words of each row, between two special tokens."""
    return [
        Example(row=place, inputs={"input_ids": [1, *[5] * min(len(row["text"].split()), most - 2), 2]})
        for place, row in enumerate(rows)
    ]


def windows(rows: Sequence[Row], tokenizer: Any, labels: Any, most: int) -> list[Example]:
    """Examples of all words of each row."""
    return [
        Example(row=place, inputs={"input_ids": [5] * len(words[start : start + most])})
        for place, row in enumerate(rows)
        for words in [row["text"].split()]
        for start in range(0, len(words), most)
    ]


def in_choices(rows: Sequence[Row], tokenizer: Any, labels: Any, most: int) -> list[Example]:
    """Two choices: the first words, and a short one."""
    return [
        Example(row=one.row, inputs={"input_ids": [one.inputs["input_ids"], [1, 2]]})
        for one in first_words(rows, tokenizer, labels, most)
    ]


def padded(rows: Sequence[Row], tokenizer: Any, labels: Any, most: int) -> list[Example]:
    """Examples padded to the most tokens that are allowed."""
    examples = []
    for one in first_words(rows, tokenizer, labels, most):
        ids = one.inputs["input_ids"]
        more = [0] * (most - len(ids))
        mask = [1] * len(ids) + more
        examples.append(Example(row=one.row, inputs={"input_ids": ids + more, "attention_mask": mask}))
    return examples


@pytest.mark.parametrize("encode", [first_words, in_choices, padded])
def test_long_rows_are_counted(make_task: MakeTask, encode: Any) -> None:
    rows = numbered(3, 18, 19, 40, 2, 25)
    found = truncated(make_task(encode=encode), rows, None, (), 20)  # type: ignore[arg-type]
    assert found == lengths.Truncated(rows=3, of=6, longest=42, first="f.csv:4", estimated=False)


@pytest.mark.parametrize(
    ("limit", "remedy"),
    [
        (512, "Raise --max-length: the model can read 512 tokens."),
        (
            20,
            "The model's limit is 20 tokens, so --max-length cannot be raised: shorten or split the texts, "
            "or name a --model that reads longer ones.",
        ),
    ],
)
def test_the_warning_names_share_length_and_remedy(make_task: MakeTask, limit: int, remedy: str) -> None:
    splits = {"train": numbered(3, 18, 19, 40), "dev": numbered(3, 18), "test": numbered(1999)}
    task = make_task(encode=first_words)
    train, test = truncation_warnings(task, splits, None, (), max_length=20, limit=limit)  # type: ignore[arg-type]
    assert train == (
        "train: 2 of 4 rows (50%) are longer than 20 tokens and are truncated: the model does not see the "
        f"rest; the longest has 42 tokens; the first: f.csv:4. {remedy}"
    )
    assert "1 of 1 row (100%) is longer" in test
    assert "the longest has 2,001 tokens" in test


def test_windows_are_not_truncated(make_task: MakeTask) -> None:
    calls = []

    def counted(*arguments: Any) -> list[Example]:
        calls.append(arguments)
        return windows(*arguments)

    rows = numbered(*[100] * 300)
    assert truncated(make_task(encode=counted), rows, None, (), 20) is None  # type: ignore[arg-type]
    assert len(calls) == 2, "the first rows show that long ones are split"


def test_short_rows_are_not_encoded(make_task: MakeTask) -> None:
    assert truncated(make_task(), numbered(2, 3), None, (), 64) is None  # type: ignore[arg-type]


def test_an_encode_with_its_own_limit_is_left_alone(make_task: MakeTask) -> None:
    def strict(rows: Any, tokenizer: Any, labels: Any, most: int) -> list[Example]:
        if most > 20:
            raise ValueError("no more than 20")
        return first_words(rows, tokenizer, labels, most)

    assert truncated(make_task(encode=strict), numbered(40), None, (), 20) is None  # type: ignore[arg-type]


def test_of_very_many_long_rows_a_part_is_encoded(
    make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lengths, "MOST_ENCODED", 50)
    encoded = []

    def counted(rows: Sequence[Row], *others: Any) -> list[Example]:
        encoded.extend(rows)
        return first_words(rows, *others)

    rows = numbered(*([10, 30] * 100), 99, *([30, 10] * 100))
    task = make_task(encode=counted)
    found = truncated(task, rows, None, (), 20)  # type: ignore[arg-type]
    assert found is not None
    assert found.longest == 101, "the largest row is looked at"
    assert found.estimated
    assert 150 < found.rows < 250
    assert len(encoded) <= 2 * 50
    (warning,) = truncation_warnings(task, {"train": rows}, None, (), max_length=20, limit=20)  # type: ignore[arg-type]
    assert warning.startswith("train: about ")
