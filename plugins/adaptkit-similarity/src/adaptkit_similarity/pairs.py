"""Converts pairs of sentences and their scores to model inputs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from adaptkit import Example, SkipRow, first_column, is_missing, required_text, text_examples, text_parts

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


def prepare(row: Row, *, scale: Scale) -> Row:
    """The row's sentences and score, under any of the known column names.

    A row to be predicted has no score. Raises ValueError that says what is wrong with the row, and SkipRow
    if its score is missing.
    """
    sentences = {"sentence1": required_text(row, *FIRST), "sentence2": required_text(row, *SECOND)}
    name = first_column(row, SCORE)
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
    return text_examples(
        rows, tokenizer, max_length, "sentence1", "sentence2",
        target=lambda row: scale.target(row["score"]) if "score" in row else None,
    )  # fmt: skip


def parse(text: str) -> Row:
    """The row of a text with two parts; raises ValueError for another number of parts."""
    first, second = text_parts(text, 2, "two sentences")
    return {"sentence1": first, "sentence2": second}


def present(row: Row, prediction: float) -> Mapping[str, Any]:
    """The score, on the scale of the data."""
    return {"score": prediction}


def _score(name: str, value: object, scale: Scale) -> float:
    if is_missing(value, NO_SCORE):
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
