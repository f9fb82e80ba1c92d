"""Converts logits to answers: the best spans of each window, and of a question over its windows.

As in BERT's run_squad.py, the spans of a window combine its most probable starts and ends, and the score of
"no answer" is the lowest score over all windows.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from adaptkit import softmax

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from adaptkit import Example, Row


class Piece(NamedTuple):
    """The result of one window. A score is the sum of a start logit and an end logit."""

    null_score: float
    """The score of "no answer"."""

    scores: NDArray[np.float32]
    """``[spans]``, highest first."""

    spans: NDArray[np.int32]
    """``[spans, 2]``: the start and the end of each span in characters of the context."""


def decode(
    outputs: Mapping[str, NDArray[Any]],
    examples: Sequence[Example],
    labels: Sequence[str],
    *,
    n_best: int,
    max_answer_length: int,
) -> list[Piece]:
    """The best spans of each window, from ``start_logits`` and ``end_logits``, both ``[windows, tokens]``.

    A span has at most ``max_answer_length`` tokens. There may be fewer than ``n_best`` spans, or none.
    """
    start_logits = outputs["start_logits"].astype(np.float32)
    end_logits = outputs["end_logits"].astype(np.float32)
    windows, tokens = start_logits.shape
    offsets = np.full((windows, tokens, 2), -1, np.int32)
    for number, example in enumerate(examples):
        offsets[number, : len(example.info.offsets)] = example.info.offsets
    each = np.arange(windows)
    null = [example.info.null for example in examples]
    null_scores = start_logits[each, null] + end_logits[each, null]  # [windows]

    allowed = offsets[..., 0] >= 0  # [windows, tokens]
    starts, start_scores = _best(np.where(allowed, start_logits, -np.inf), n_best)  # [windows, n] both
    ends, end_scores = _best(np.where(allowed, end_logits, -np.inf), n_best)
    distances = ends[:, None, :] - starts[:, :, None]  # [windows, n, n]: pairs of a start and an end
    scores = start_scores[:, :, None] + end_scores[:, None, :]
    scores = np.where((distances >= 0) & (distances < max_answer_length), scores, -np.inf)
    pairs, scores = _best(scores.reshape(windows, -1), n_best)  # [windows, n] both
    first, last = np.divmod(pairs, ends.shape[1])
    spans = np.stack(
        [
            offsets[each[:, None], np.take_along_axis(starts, first, 1), 0],
            offsets[each[:, None], np.take_along_axis(ends, last, 1), 1],
        ],
        axis=-1,
    )  # [windows, n, 2]
    counts = np.isfinite(scores).sum(axis=1)
    return [
        Piece(float(null_scores[number]), scores[number, :count].copy(), spans[number, :count].copy())
        for number, count in enumerate(counts.tolist())
    ]


def merge(row: Row, pieces: Sequence[Piece], *, n_best: int) -> dict[str, Any]:
    """The best spans over all windows of a row, in any order.

    ``n_best`` contains ``{"text", "start", "end", "score", "probability"}``, the best first, each span once
    and without white space around it. The probabilities of these spans and of "no answer" sum to 1.
    ``best_score`` is minus infinity if no window has a span.
    """
    null_score = min(piece.null_score for piece in pieces)
    found = _distinct(row["context"], pieces, n_best)
    null_probability, *probabilities = softmax(np.array([null_score, *found.values()])).tolist()
    answers = [
        {
            "text": row["context"][start:end],
            "start": start,
            "end": end,
            "score": score,
            "probability": probability,
        }
        for ((start, end), score), probability in zip(found.items(), probabilities, strict=True)
    ]
    return {
        "n_best": answers,
        "best_score": answers[0]["score"] if answers else float("-inf"),
        "null_score": null_score,
        "null_probability": null_probability,
    }


def _best(scores: NDArray[Any], count: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """The positions of the ``count`` highest scores of each line, highest first, and these scores."""
    places = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return places, np.take_along_axis(scores, places, 1)


def _trimmed(context: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space around it, and with the combining marks of its last letter.

    Tokenizers that remove accents leave them out of a token's characters.
    """
    while end < len(context) and unicodedata.category(context[end]).startswith("M"):
        end += 1
    text = context[start:end]
    return start + len(text) - len(text.lstrip()), start + len(text.rstrip())


def _distinct(context: str, pieces: Sequence[Piece], count: int) -> dict[tuple[int, int], float]:
    """The best ``count`` different spans of all pieces with their scores, highest first."""
    scores = np.concatenate([piece.scores for piece in pieces])
    spans = np.concatenate([piece.spans for piece in pieces])
    order = np.lexsort((spans[:, 1], spans[:, 0], -scores))
    found: dict[tuple[int, int], float] = {}
    for score, (start, end) in zip(scores[order].tolist(), spans[order].tolist(), strict=True):
        span = _trimmed(context, start, end)
        if span[0] < span[1]:
            found.setdefault(span, score)
        if len(found) == count:
            break
    return found
