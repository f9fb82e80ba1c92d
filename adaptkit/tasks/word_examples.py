"""Model inputs of rows with words: a target for the first sub-word of each word. For plugin authors.

A sentence longer than the model is split into overlapping windows. Each word has its target, and is decoded,
in exactly one of them, the one with the most context around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from adaptkit.task import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transformers import BatchEncoding, PreTrainedTokenizerBase

    from adaptkit.task import Row

NO_LABEL = -100
"""The target of all other sub-words, as transformers' collators and PyTorch's cross-entropy have it."""


class WordStarts(NamedTuple):
    """The first sub-words of the words that are decoded in a window; both arrays are ``[words]``."""

    positions: NDArray[np.int64]
    """The position of the first sub-word, counted from the end if the tokenizer pads on the left."""

    words: NDArray[np.int64]
    """The word's position in the sentence."""


def word_examples(
    rows: Sequence[Row],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    *,
    target: Callable[[Row], Sequence[Any] | NDArray[Any] | None] = lambda row: None,
    ignored: Any = NO_LABEL,
) -> list[Example]:
    """The windows of each row's ``tokens``, each of at most ``max_length`` sub-words.

    `Example.info` is the window's `WordStarts`, as `word_outputs` takes them.

    Args:
        rows: the prepared rows.
        tokenizer: the model's tokenizer.
        max_length: the most sub-words of an example.
        target: what each word of a row is to be; None for a row to be predicted. The ``labels`` of an example
            have it at the first sub-word of the word.
        ignored: the label of all other sub-words.

    Raises:
        ValueError: the tokenizer does not give the word of each sub-word.
    """
    if not tokenizer.is_fast:
        raise ValueError(
            f"the tokenizer {type(tokenizer).__name__} does not give the word of each sub-word; "
            "expected a fast tokenizer"
        )
    if not rows:
        return []
    overlap = (max_length - tokenizer.num_special_tokens_to_add()) // 4
    batch = tokenizer(
        [list(row["tokens"]) for row in rows],
        is_split_into_words=True,
        truncation=True,
        max_length=max_length,
        stride=overlap,
        return_overflowing_tokens=True,
    )
    names = [name for name in tokenizer.model_input_names if name in batch]
    from_end = tokenizer.padding_side == "left"
    examples: list[Example] = []
    for row, windows in _windows(batch, last_first=tokenizer.truncation_side == "left"):
        targets = target(rows[row])
        decided = _decided([_beginnings(batch, window) for window in windows])
        for window, words in zip(windows, decided, strict=True):
            inputs: dict[str, Any] = {name: batch[name][window] for name in names}
            if targets is not None:
                inputs["labels"] = [ignored if word < 0 else targets[word] for word in words.tolist()]
            examples.append(Example(row=row, inputs=inputs, info=_word_starts(words, from_end=from_end)))
    return examples


def word_outputs(outputs: NDArray[Any], examples: Sequence[Example]) -> NDArray[np.float32]:
    """What the model says of each word: ``[words of all examples, ...]``, one example after another.

    Args:
        outputs: what it says of each sub-word, such as its logits: ``[examples, sub-words, ...]``.
        examples: the examples, made by `word_examples`.
    """
    import numpy as np

    rows = np.repeat(np.arange(len(examples)), [len(example.info.words) for example in examples])  # [words]
    positions = np.concatenate([example.info.positions for example in examples])  # [words]
    found: NDArray[np.float32] = outputs[rows, positions].astype(np.float32)
    return found


def _windows(batch: BatchEncoding, *, last_first: bool) -> Iterator[tuple[int, list[int]]]:
    """Each row with its windows, in the order of the text."""
    row_of = batch["overflow_to_sample_mapping"]
    for row, group in groupby(range(len(row_of)), row_of.__getitem__):
        yield row, sorted(group, reverse=last_first)


def _beginnings(batch: BatchEncoding, window: int) -> NDArray[np.int64]:
    """The word that starts at each position of a window ``[tokens]``, -1 for none."""
    import numpy as np

    words = np.array([-1 if word is None else word for word in batch.word_ids(window)], dtype=np.int64)
    words[1:][words[1:] == words[:-1]] = -1
    return words


def _decided(windows: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """The windows of one row, in order, with each word kept only in the window with the most context.

    If a window starts in the middle of a word, the word appears to start there. But it has no context on its
    left in this window, so the window in which the word really starts is chosen.
    """
    import numpy as np

    if len(windows) == 1:
        return windows
    chosen: dict[int, tuple[int, int]] = {}  # word → its context, its window
    for window, words in enumerate(windows):
        positions = np.flatnonzero(words >= 0)
        for position in positions.tolist():
            word = int(words[position])
            left = position - int(positions[0]) if window > 0 else len(words)
            right = len(words) - position if window < len(windows) - 1 else len(words)
            if word not in chosen or min(left, right) > chosen[word][0]:
                chosen[word] = min(left, right), window
    return [
        np.array(
            [word if word >= 0 and chosen[word][1] == window else -1 for word in words.tolist()], np.int64
        )
        for window, words in enumerate(windows)
    ]


def _word_starts(words: NDArray[np.int64], *, from_end: bool) -> WordStarts:
    import numpy as np

    positions = np.flatnonzero(words >= 0)
    return WordStarts(positions - len(words) if from_end else positions, words[positions])
