"""Converts questions and their choices to model inputs, and model inputs to batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptkit import Example, Row, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from transformers import PreTrainedTokenizerBase

Choices = list[list[int]]
"""One input of one example, such as its token ids: ``[choices, tokens]``, ragged."""


def encode(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Example]:
    """An example for each row: each choice and the question as a pair.

    With a context, the pair is the context, and the question followed by the choice. If a pair has more than
    ``max_length`` sub-words, its longer part is truncated first.
    """
    if not rows:
        return []
    pairs = [_pair(row, choice) for row in rows for choice in row["choices"]]
    batch = tokenizer(
        shortened([one for one, _ in pairs], tokenizer, max_length),
        shortened([other for _, other in pairs], tokenizer, max_length),
        truncation="longest_first",
        max_length=max_length,
    )
    names = [name for name in tokenizer.model_input_names if name in batch]
    examples, start = [], 0
    for position, row in enumerate(rows):
        stop = start + len(row["choices"])
        inputs: dict[str, Any] = {name: batch[name][start:stop] for name in names}
        if "answer" in row:
            inputs["labels"] = row["answer"]
        examples.append(Example(row=position, inputs=inputs))
        start = stop
    return examples


def collator(
    tokenizer: PreTrainedTokenizerBase, pad_to_multiple_of: int | None = None
) -> Callable[[list[dict[str, Any]]], dict[str, torch.Tensor]]:
    """A collator that pads the tokens of each choice, and the choices of each example.

    transformers' own collator requires labels and the same number of choices in every example. Here a missing
    choice is a copy of the example's first choice, and ``choice_mask [examples, choices]`` is 0 for it.
    """

    def collate(examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        import torch

        counts = torch.tensor([len(example["input_ids"]) for example in examples])  # [examples]
        most = int(counts.max())
        names = [name for name in examples[0] if name != "labels"]
        batch = _padded(
            [_filled(example, names, most) for example in examples], tokenizer, pad_to_multiple_of
        )
        batch["choice_mask"] = (torch.arange(most) < counts[:, None]).long()  # [examples, choices]
        if "labels" in examples[0]:
            batch["labels"] = torch.tensor([example["labels"] for example in examples])  # [examples]
        return batch

    return collate


def _pair(row: Row, choice: str) -> tuple[str, str]:
    if "context" in row:
        return row["context"], f"{row['question']} {choice}"
    return row["question"], choice


def _filled(example: Mapping[str, Choices], names: Sequence[str], most: int) -> list[dict[str, list[int]]]:
    """The inputs of each choice, filled up to ``most`` choices with copies of the first one."""
    choices = [
        {name: example[name][position] for name in names} for position in range(len(example["input_ids"]))
    ]
    return choices + choices[:1] * (most - len(choices))


def _padded(
    examples: Sequence[Sequence[dict[str, list[int]]]],
    tokenizer: PreTrainedTokenizerBase,
    pad_to_multiple_of: int | None,
) -> dict[str, torch.Tensor]:
    """Each input as ``[examples, choices, tokens]``."""
    from transformers import DataCollatorWithPadding

    flat = [choice for example in examples for choice in example]
    padded = DataCollatorWithPadding(tokenizer, pad_to_multiple_of=pad_to_multiple_of)(flat)
    return {name: tensor.unflatten(0, (len(examples), -1)) for name, tensor in padded.items()}
