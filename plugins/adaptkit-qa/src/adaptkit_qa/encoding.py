"""Converts questions and contexts to windows of tokens, and answers in characters to their tokens.

A context longer than the model is split into overlapping windows, each with the complete question before it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from adaptkit import Example, Row, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""The position of an answer that is only partly in the window, which is not used for training."""


class Window(NamedTuple):
    """The characters of the tokens of one example."""

    offsets: NDArray[np.int32]
    """``[tokens, 2]``: the start and the end of each token in characters of the context; -1 for tokens that
    no answer may start or end with: tokens of the question, special and empty ones."""

    null: int
    """The token that represents "no answer": the first special one, such as [CLS]."""


def encode(
    rows: Sequence[Row],
    tokenizer: PreTrainedTokenizerBase,
    labels: Sequence[str],
    max_length: int,
    *,
    doc_stride: int,
    max_question_length: int,
) -> list[Example]:
    """The windows of each row, each of at most ``max_length`` tokens.

    Windows share ``doc_stride`` tokens of the context, or half of the available length if that is less. If
    every row has answers, the label of a window is the first answer's tokens, or "no answer" if the window
    lacks them. Raises ValueError for a tokenizer without character offsets, and for a ``max_length`` that is
    too small.
    """
    room = max_length - tokenizer.num_special_tokens_to_add(pair=True)
    _check(tokenizer, max_length, room)
    if not rows:
        return []
    question_length = min(max_question_length, room // 2)
    batch = tokenizer(
        shortened([row["question"] for row in rows], tokenizer, question_length),
        [row["context"] for row in rows],
        truncation="only_second",
        max_length=max_length,
        stride=min(doc_stride, (room - question_length) // 2),
        return_overflowing_tokens=True,
    )
    names = [name for name in tokenizer.model_input_names if name in batch]
    labelled = all("answers" in row for row in rows)  # all examples of a batch must have labels, or none
    examples: list[Example] = []
    for number, row in enumerate(batch["overflow_to_sample_mapping"]):
        window = _window(batch.encodings[number], tokenizer.cls_token_id)
        inputs: dict[str, Any] = {name: batch[name][number] for name in names}
        if labelled:
            inputs["start_positions"], inputs["end_positions"] = _positions(window, rows[row]["answers"])
        examples.append(Example(row=row, inputs=inputs, info=window))
    return examples


def collator(
    tokenizer: PreTrainedTokenizerBase, pad_to_multiple_of: int | None = None
) -> Callable[[list[dict[str, Any]]], Mapping[str, torch.Tensor]]:
    """transformers' padding collator, always on the right, because answer positions count from the left."""
    from transformers import DataCollatorWithPadding

    right = copy.copy(tokenizer)
    right.padding_side = "right"
    return DataCollatorWithPadding(right, pad_to_multiple_of=pad_to_multiple_of)


def _check(tokenizer: PreTrainedTokenizerBase, max_length: int, room: int) -> None:
    if not tokenizer.is_fast:
        raise ValueError(
            f"the tokenizer {type(tokenizer).__name__} does not give the characters of each token; "
            "expected a fast tokenizer"
        )
    if room < 2:
        raise ValueError(f"{max_length} tokens are too few for a question and a context; expected more")


def _window(encoding: Any, cls_token_id: int | None) -> Window:
    """The characters of the tokens in an encoding of the tokenizers library."""
    offsets = np.array(encoding.offsets, np.int32).reshape(-1, 2)  # [tokens, 2]
    in_context = np.array([sequence == 1 for sequence in encoding.sequence_ids], bool)
    offsets[~in_context | (offsets[:, 0] >= offsets[:, 1])] = -1
    ids = np.array(encoding.ids)
    special = np.array([sequence is None for sequence in encoding.sequence_ids], bool)
    cls = np.flatnonzero(special & (ids == cls_token_id))
    return Window(offsets, int(cls[0]) if len(cls) else 0)


def _positions(window: Window, answers: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """The first and the last token of the first answer; twice the null token if the window lacks it."""
    if not answers:
        return window.null, window.null
    first, last = answers[0]["start"], answers[0]["start"] + len(answers[0]["text"])
    starts, ends = window.offsets.T
    shown = np.flatnonzero(starts >= 0)
    if not len(shown):
        return IGNORED, IGNORED
    begin, end = int(starts[shown[0]]), int(ends[shown[-1]])  # the characters in the window
    if last <= begin or end <= first:
        return window.null, window.null
    touched = np.flatnonzero((starts < last) & (ends > first))
    if first < begin or last > end or not len(touched):
        return IGNORED, IGNORED
    return int(touched[0]), int(touched[-1])
