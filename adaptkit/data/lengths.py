"""Finds the rows whose texts are longer than the model reads, so that `Task.encode` truncates them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.data.rows import counted, texts_in

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from adaptkit.data.rows import Rows
    from adaptkit.task import Example, Row, Task

MOST_ENCODED = 1_000
"""The most rows that are encoded a second time. Of more long rows, this many are looked at."""

AT_ONCE = 50
SPECIAL = 16
"""A row has at most as many tokens as bytes, and these special ones."""


@dataclass(frozen=True, kw_only=True)
class Truncated:
    """The rows of a split that are truncated."""

    rows: int
    of: int
    """All rows of the split."""

    longest: int
    """The most tokens of a row."""

    first: str
    """The place of the first such row."""

    estimated: bool
    """Whether only a part of the long rows was looked at."""


def truncation_warnings(
    task: Task,
    splits: Mapping[str, Rows],
    tokenizer: PreTrainedTokenizerBase,
    labels: Sequence[str],
    *,
    max_length: int,
    limit: int,
) -> list[str]:
    """A warning for each split with rows that are longer than ``max_length`` tokens and are truncated.

    Args:
        task: the task whose encode truncates them.
        splits: the rows.
        tokenizer: the model's tokenizer.
        labels: the names of the task's labels.
        max_length: the most tokens of an example.
        limit: the most tokens that the model can read.
    """
    found = {name: truncated(task, rows, tokenizer, labels, max_length) for name, rows in splits.items()}
    return [
        f"{in_words(name, one, max_length)}. {_remedy(max_length, limit)}"
        for name, one in found.items()
        if one is not None
    ]


def truncated(
    task: Task, rows: Rows, tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> Truncated | None:
    """The rows that are truncated; None if there are none, or if the task cannot encode longer rows.

    A row is truncated if it gives one example, and a longer one where more tokens are allowed.
    """
    sizes = [_bytes_in(row) for row in rows.values]
    long = [place for place, size in enumerate(sizes) if size + SPECIAL > max_length]
    chosen = _chosen(long, sizes)
    found = longer_rows(task, rows.values, chosen, tokenizer, labels, max_length)
    if not found:
        return None
    return Truncated(
        rows=round(len(found) * len(long) / len(chosen)),
        of=len(rows),
        longest=max(found.values()),
        first=rows.origins[min(found)],
        estimated=len(chosen) < len(long),
    )


def longer_rows(
    task: Task, rows: Sequence[Row], chosen: Sequence[int], tokenizer: PreTrainedTokenizerBase,
    labels: Sequence[str], max_length: int,
) -> dict[int, int]:  # fmt: skip
    """The places of the chosen rows that are truncated, each with the tokens of the complete row."""
    room = max(max_length, max((_bytes_in(rows[place]) for place in chosen), default=0) + SPECIAL)
    found: dict[int, int] = {}
    for start in range(0, len(chosen), AT_ONCE):
        places = chosen[start : start + AT_ONCE]
        its_rows = [rows[place] for place in places]
        try:
            cut, free = (
                _sizes(task.encode(its_rows, tokenizer, labels, most)) for most in (max_length, room)
            )
        except (
            Exception
        ):  # such as a limit of its own; the error of the same rows in training is the one to see
            return {}
        found |= {places[row]: max(free[row]) for row in cut if sum(cut[row]) < sum(free.get(row, ()))}
        if not found and len(cut) < len(its_rows):
            return {}  # the task splits long rows into windows
    return found


def _chosen(long: Sequence[int], sizes: Sequence[int]) -> list[int]:
    """The long rows that are looked at: all, or the largest and others at equal distances."""
    if len(long) <= MOST_ENCODED:
        return list(long)
    step = len(long) / (MOST_ENCODED - 1)
    return sorted({max(long, key=sizes.__getitem__), *(long[int(n * step)] for n in range(MOST_ENCODED - 1))})


def _bytes_in(row: Row) -> int:
    """The size of all texts in a row in UTF-8, also of those that are not encoded."""
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts_in(row))


def _sizes(examples: Sequence[Example]) -> dict[int, list[int]]:
    """Row → the tokens of its only example, or of each of its choices or sides; not for rows with several."""
    several = {row for row, count in Counter(example.row for example in examples).items() if count > 1}
    sizes = {}
    for example in examples:
        if example.row not in several:
            mask = example.inputs.get("attention_mask", example.inputs["input_ids"])
            lines = mask if mask and isinstance(mask[0], (list, tuple)) else [mask]
            sizes[example.row] = [sum(one != 0 for one in line) for line in lines]
    return sizes


def in_words(name: str, found: Truncated, max_length: int) -> str:
    """What was found in a split or a file, as a sentence without its full stop."""
    share = f"{max(1, round(100 * found.rows / found.of))}%"
    about = "about " if found.estimated else ""
    verb = "is" if found.rows == 1 else "are"
    return (
        f"{name}: {about}{found.rows:,} of {counted(found.of, 'row')} ({share}) {verb} longer than "
        f"{max_length:,} tokens and {verb} truncated: the model does not see the rest; the longest has "
        f"{found.longest:,} tokens; the first: {found.first}"
    )


def _remedy(max_length: int, limit: int) -> str:
    if max_length < limit:
        return f"Raise --max-length: the model can read {limit:,} tokens."
    return (
        f"The model's limit is {limit:,} tokens, so --max-length cannot be raised: shorten or split the "
        "texts, or name a --model that reads longer ones."
    )
