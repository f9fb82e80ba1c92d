"""Converts pairs of sentences and their scores to model inputs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from adaptkit import Example, SkipRow, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from transformers import PreTrainedTokenizerBase

    from adaptkit import Row
    from adaptkit_similarity.scale import Scale

FIRST = ("sentence1", "sentence_A", "sentence_a", "text1", "s1")
SECOND = ("sentence2", "sentence_B", "sentence_b", "text2", "s2")
SCORE = ("score", "similarity", "similarity_score", "relatedness_score", "label")
"""The names of a column in published data sets; the task's own name comes first."""

NO_SCORE = ("", "-")
"""The values of a missing score. On a scale that starts at 0 or higher, -1 is one too."""

_BETWEEN = re.compile(r"\t| \|\|\| ")


def prepare(row: Row, *, scale: Scale) -> Row:
    """The row's sentences and score, under any of the known column names.

    A row to be predicted has no score. Raises ValueError that says what is wrong with the row, and SkipRow
    if its score is missing.
    """
    sentences = {"sentence1": _text(row, FIRST), "sentence2": _text(row, SECOND)}
    name = _column(row, SCORE)
    return {**sentences, "score": _score(name, row[name], scale)} if name in row else sentences


def encode(
    rows: Sequence[Row],
    tokenizer: PreTrainedTokenizerBase,
    labels: Sequence[str],
    max_length: int,
    *,
    scale: Scale,
) -> list[Example]:
    """An example for each row: both sentences as a pair.

    If they have more than ``max_length`` sub-words together, the longer one is truncated first.
    """
    if not rows:
        return []
    batch = tokenizer(
        shortened([row["sentence1"] for row in rows], tokenizer, max_length),
        shortened([row["sentence2"] for row in rows], tokenizer, max_length),
        truncation="longest_first",
        max_length=max_length,
    )
    names = [name for name in tokenizer.model_input_names if name in batch]
    examples = []
    for position, row in enumerate(rows):
        inputs: dict[str, Any] = {name: batch[name][position] for name in names}
        if "score" in row:
            inputs["labels"] = scale.target(row["score"])
        examples.append(Example(row=position, inputs=inputs))
    return examples


def parse(text: str) -> Row:
    """The row of a text with two parts; raises ValueError for another number of parts."""
    parts = _BETWEEN.split(text)
    if len(parts) != 2:
        raise ValueError(
            f"{text!r:.80} has {len(parts)} part{'' if len(parts) == 1 else 's'}; "
            "expected two sentences with ' ||| ' or a tab between them"
        )
    return {"sentence1": parts[0], "sentence2": parts[1]}


def present(row: Row, prediction: float) -> Mapping[str, Any]:
    """The score, on the scale of the data."""
    return {"score": prediction}


def _column(row: Row, names: Sequence[str]) -> str:
    """The first of these columns that the row has; the first name if it has none."""
    return next((name for name in names if name in row), names[0])


def _text(row: Row, names: Sequence[str]) -> str:
    name = _column(row, names)
    text = row.get(name)
    if not isinstance(text, str):
        raise ValueError(f"{name} = {text!r:.80}; expected a string")
    if not text.strip():
        raise ValueError(f"the {name} is empty; expected at least one character that is not white space")
    return text


def _score(name: str, value: object, scale: Scale) -> float:
    if value is None or (isinstance(value, str) and value.strip() in NO_SCORE):
        raise SkipRow(f"no score: {name} = {value!r}")
    score = _number(value)
    if score == -1 and scale.lowest >= 0:
        raise SkipRow(f"no score: {name} = {value!r}")
    if math.isnan(score):
        raise ValueError(f"{name} = {value!r:.80}; expected a number {scale}")
    if not scale.lowest <= score <= scale.highest:
        raise ValueError(
            f"{name} = {value!r:.80}; expected a number {scale}; "
            "set another scale with --option lowest=NUMBER and --option highest=NUMBER"
        )
    return score


def _number(value: object) -> float:
    """The value as a number; NaN if it is not a number."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan
