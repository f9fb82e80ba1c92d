"""Masked language modelling as an adaptkit task: an encoder is adapted to raw texts, without labels.

In training, 15% of the tokens are drawn and mostly masked, and the model predicts them (Devlin et al. 2019,
https://arxiv.org/abs/1810.04805). Each epoch draws anew (Liu et al. 2019, https://arxiv.org/abs/1907.11692).
For scoring, the masks of a text are always the same.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import adaptkit
from adaptkit import Example, Form, Metric, Row, Scores, Task

if TYPE_CHECKING:
    import torch

IGNORED = -100
"""The target of a token that is not to be predicted."""

MASKED, KEPT = 0.8, 0.1
"""Of the drawn tokens, so many become the mask, and so many stay; the others become any token."""


def prepare(row: Row) -> Row:
    """The row's text."""
    return {"text": adaptkit.required_text(row, "text", "sentence")}


def lines(path: Path) -> Iterator[tuple[int, Row]]:
    """The texts of a file with one in each line."""
    return (
        (number, {"text": line.strip()}) for number, line in adaptkit.numbered_lines(path) if line.strip()
    )


def encode(
    rows: Sequence[Row], tokenizer: Any, labels: Sequence[str], max_length: int, *, share: float
) -> Any:
    """An example for each text, or several windows if it is longer; with the masks that it is scored with."""
    if tokenizer.mask_token_id is None:
        raise adaptkit.AdaptkitError(
            "the model's tokenizer has no mask token",
            expected="the tokenizer of a masked language model, such as BERT",
            next_step="Choose another model with --model.",
        )
    examples = []
    for position, row in enumerate(rows):
        seed = zlib.crc32(row["text"].encode("utf-8", "surrogatepass"))
        found = tokenizer(row["text"], truncation=True, max_length=max_length, return_overflowing_tokens=True)
        names = [name for name in tokenizer.model_input_names if name in found]
        for number in range(len(found["input_ids"])):  # the windows
            inputs = {name: found[name][number] for name in names}
            examples.append(Example(row=position, inputs=masked(inputs, tokenizer, share, seed + number)))
    return examples


def masked(inputs: dict[str, Any], tokenizer: Any, share: float, seed: int) -> dict[str, Any]:
    """The inputs with the mask in the place of a share of the tokens, at least of one, and their targets."""
    ids, special = inputs["input_ids"], set(tokenizer.all_special_ids)
    places = [place for place, one in enumerate(ids) if one not in special]
    count = min(len(places), max(1, round(share * len(places))))
    drawn = set(random.Random(seed).sample(places, count))  # noqa: S311 (no secret)
    return {
        **inputs,
        "input_ids": [tokenizer.mask_token_id if place in drawn else one for place, one in enumerate(ids)],
        "targets": [one if place in drawn else IGNORED for place, one in enumerate(ids)],
    }


def masking(tokenizer: Any, *, share: float) -> Callable[..., Mapping[str, torch.Tensor]]:
    """What draws and masks other tokens of a training batch."""
    import torch

    mask, vocabulary = tokenizer.mask_token_id, len(tokenizer)
    special = torch.tensor(tokenizer.all_special_ids)

    def masked_anew(batch: Mapping[str, torch.Tensor], seeds: torch.Tensor) -> Mapping[str, torch.Tensor]:
        ids, targets = batch["input_ids"], batch["targets"]  # [..., tokens] both
        ids = torch.where(targets != IGNORED, targets, ids)  # as the text has them
        draw = partial(adaptkit.uniform_numbers, seeds, ids.shape[-1])
        drawn = batch["attention_mask"].bool() & ~torch.isin(ids, special.to(ids.device))
        drawn = drawn & (draw() < share)
        how = draw(stream=1)
        other = (draw(stream=2) * vocabulary).long()
        changed = torch.where(how < MASKED, mask, torch.where(how < MASKED + KEPT, ids, other))
        return {
            **batch,
            "input_ids": torch.where(drawn, changed, ids),
            "targets": torch.where(drawn, ids, IGNORED),
        }

    return masked_anew


def collator(
    tokenizer: Any, pad_to_multiple_of: int | None = None
) -> Callable[..., Mapping[str, torch.Tensor]]:
    """Pads the targets like labels of tokens."""
    from transformers import DataCollatorForTokenClassification

    pad = DataCollatorForTokenClassification(tokenizer, pad_to_multiple_of=pad_to_multiple_of)

    def collate(examples: list[dict[str, Any]]) -> Mapping[str, torch.Tensor]:
        batch = dict(pad([{"labels": one.pop("targets"), **one} for one in examples]))
        return {"targets": batch.pop("labels"), **batch}

    return collate


def loss(outputs: Any, batch: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """The cross-entropy of each token to be predicted."""
    return adaptkit.cross_entropy(outputs, {"labels": batch["targets"]})


def decode(
    outputs: Mapping[str, Any], examples: Sequence[Example], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """For each example, how probable its masked tokens are."""
    import numpy as np

    pieces = []
    for logits, example in zip(outputs["logits"], examples, strict=True):  # logits: [tokens, vocabulary]
        targets = np.array(example.inputs["targets"])  # [tokens]
        places = np.flatnonzero(targets != IGNORED)
        scores = logits[places].astype(np.float64)  # [masked, vocabulary]
        highest = scores.max(axis=-1, initial=-np.inf)
        total = highest + np.log(np.exp(scores - highest[:, None]).sum(axis=-1))
        right = scores[range(len(places)), targets[places]]
        hits = int((scores.argmax(axis=-1) == targets[places]).sum())
        pieces.append({"loss": float((total - right).sum()), "tokens": len(places), "correct": hits})
    return pieces


def together(row: Row, pieces: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The sums over the windows of a text."""
    return {name: sum(piece[name] for piece in pieces) for name in ("loss", "tokens", "correct")}


def compute(predictions: Sequence[Mapping[str, float]], rows: Sequence[Row]) -> Scores:
    """The pseudo-perplexity, and the share of masked tokens that are the most probable ones."""
    sums = together({}, predictions)
    tokens = max(1, sums["tokens"])
    values = {"pseudo_perplexity": _perplexity(sums), "masked_accuracy": sums["correct"] / tokens}
    return Scores(values=values)


def _perplexity(sums: Mapping[str, float]) -> float:
    return math.exp(min(700.0, sums["loss"] / max(1, sums["tokens"])))


def to_json(row: Row, prediction: Mapping[str, float]) -> Mapping[str, Any]:
    """How well the model predicts the masked tokens of a text: a high number is a text unlike its own."""
    return {"text": row["text"], "pseudo_perplexity": _perplexity(prediction), "tokens": prediction["tokens"]}


def masked_lm(*, share: float = 0.15) -> Task:
    """The encoder's own masked language model on raw texts; ``share`` of their tokens are predicted.

    Raises ValueError unless the share is above 0 and below 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"share = {share}; expected a number above 0 and below 1, such as 0.15")
    return Task(
        name="masked-lm",
        columns={"text": "a text of the domain"},
        target_columns=(),
        head="masked-lm",
        prepare=prepare,
        encode=partial(encode, share=share),
        collator=collator,
        augment=partial(masking, share=share),
        loss=loss,
        labels_of=None,
        decode=decode,
        merge_windows=together,
        metric=Metric(
            name="pseudo_perplexity",
            direction="minimize",
            compute=compute,
            others={"masked_accuracy": "maximize"},
            description="the perplexity of masked tokens",
        ),
        to_json=to_json,
        readers={".txt": lines},
        forms=(
            Form(name="one text per line", example="The parcel was left at the wrong door.", suffix=".txt"),
            Form(
                name="a column of texts",
                example="text\nThe parcel was left at the wrong door.",
                suffix=".csv",
            ),
        ),
        sample=Path(__file__).parent / "sample",
    )
