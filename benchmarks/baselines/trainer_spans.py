"""Questions for `benchmarks.baselines.trainer`: a start and an end, as transformers' own example has them.

Contexts are short enough for one window each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from adaptkit_qa.metric import METRIC
from numpy.typing import NDArray

from benchmarks.baselines.data_sets import Row

MOST_TOKENS, MOST_ANSWER_TOKENS, BEST = 384, 30, 20


def encoded(tokenizer: Any, rows: Sequence[Row]) -> tuple[list[dict[str, Any]], list[list[Any]]]:
    """The inputs of each row with the places of its answer, and the characters of each token of the context.

    A token of the question has None instead. An answer outside the window is at the first token.
    """
    questions, contexts = ([row[side] for row in rows] for side in (0, 1))
    read = tokenizer(
        questions, contexts, truncation="only_second", max_length=MOST_TOKENS, return_offsets_mapping=True
    )
    offsets = [
        [its if side == 1 else None for its, side in zip(read["offset_mapping"][at], sides, strict=True)]
        for at, sides in enumerate(map(read.sequence_ids, range(len(rows))))
    ]
    inputs = []
    for at, row in enumerate(rows):
        start, end = _span(offsets[at], int(row[3]), int(row[3]) + len(row[2]))
        named = {name: values[at] for name, values in read.items() if name != "offset_mapping"}
        inputs.append({**named, "start_positions": start, "end_positions": end})
    return inputs, offsets


def _span(offsets: Sequence[Any], first: int, end: int) -> tuple[int, int]:
    """The tokens with the first and the last character."""
    places = [at for at, its in enumerate(offsets) if its and its[0] < end and its[1] > first]
    return (places[0], places[-1]) if places else (0, 0)


def scores(
    outputs: NDArray[np.float32], offsets: Sequence[Sequence[Any]], rows: Sequence[Row]
) -> Mapping[str, float]:
    """F1 and exact match, as SQuAD counts them, of ``outputs [2, rows, tokens]``."""
    predictions = [
        {"answer": {"text": _text(outputs[0, at], outputs[1, at], offsets[at], row[1])}}
        for at, row in enumerate(rows)
    ]
    return METRIC.compute(predictions, [{"answers": [{"text": row[2]}]} for row in rows]).values


def _text(
    starts: NDArray[np.float32], ends: NDArray[np.float32], offsets: Sequence[Any], context: str
) -> str:
    """The best span of the best starts and ends, ``[tokens]`` each."""
    best, found = -np.inf, ""
    for start in np.argsort(-starts)[:BEST]:
        for end in np.argsort(-ends)[:BEST]:
            inside = max(start, end) < len(offsets) and offsets[start] and offsets[end]
            if inside and 0 <= end - start < MOST_ANSWER_TOKENS and starts[start] + ends[end] > best:
                best, found = starts[start] + ends[end], context[offsets[start][0] : offsets[end][1]]
    return found
