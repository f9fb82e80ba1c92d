"""Checks of the loss: un-reduced, independent of padding, additive, and usable under vmap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.func import vmap

from adaptkit.testing.compare import difference
from adaptkit.testing.findings import Nonconformity, NotApplicable
from adaptkit.testing.fixtures import Fixtures

Batch = Mapping[str, torch.Tensor]

TOLERANCE = 1e-3
"""The largest allowed relative difference of two sums in float32 that should be equal."""

UNREDUCED = (
    "Return each item's loss and weight, both [batch, ...]: reduction='none', no mean, no sum. "
    "adaptkit averages over the effective batch."
)
MASKED = (
    "Make every item's loss independent of padding: before a softmax over tokens, set the logits of padding "
    "(attention_mask 0) to a very low number."
)
WEIGHTS = "Give padding weight 0: weights = (labels != -100), as adaptkit.cross_entropy does."


def unreduced(fixtures: Fixtures) -> None:
    """Losses and weights have the same shape [batch, ...] and are finite; weights are not negative."""
    batch = _batch(fixtures, fixtures.some, 0)
    losses, weights = fixtures.task.loss(fixtures.outputs(batch), batch)
    count = len(fixtures.some)
    shapes = [list(losses.shape), list(weights.shape)]
    if shapes[0] != shapes[1] or not shapes[0] or shapes[0][0] != count:
        raise Nonconformity(
            f"for a batch of {count}, losses have the shape {shapes[0]} and weights the shape {shapes[1]}",
            expected=f"both [{count}, ...]",
            next_step=UNREDUCED,
        )
    if not bool(losses.isfinite().all()) or not bool((weights >= 0).all()) or not float(weights.sum()) > 0:
        raise Nonconformity(
            f"losses from {float(losses.min()):g} to {float(losses.max()):g} with weights from "
            f"{float(weights.min()):g} to {float(weights.max()):g}",
            expected="finite losses, and weights of 0 or more, not all of them 0",
            next_step="Look for a logarithm of 0, a division by 0, or labels that get lost.",
        )


def padded_labels(fixtures: Fixtures) -> None:
    """The loss ignores the value that the collator pads labels with."""
    short, longer = _batch(fixtures, fixtures.some, 0), _batch(fixtures, fixtures.some, 16)
    names = [
        name
        for name, tensor in short.items()
        if name not in fixtures.model.forward.inputs and tensor.shape != longer[name].shape
    ]
    if not names:
        raise NotApplicable("the answers are not padded")
    more = _items(fixtures, longer) - _items(fixtures, short)
    if abs(more) <= TOLERANCE:
        return
    for name in names:
        fill = longer[name].flatten()[-1].item()
        if fill >= 0:
            raise Nonconformity(
                f"the collator pads {name} with {fill:g}, and the loss counts padding as items: "
                f"16 more tokens of padding change the sum of weights by {more:+g}",
                expected="a value that the loss ignores, such as -100",
                next_step="Pad answers with -100, as transformers.DataCollatorForTokenClassification does.",
            )


def padding(fixtures: Fixtures) -> None:
    """More padding does not change the sums of weights and of weighted losses."""
    short, longer = (_sums(fixtures, fixtures.some, more) for more in (0, 16))
    for what, one, other, fix in (
        ("weights", short[1], longer[1], WEIGHTS),
        ("losses * weights", short[0], longer[0], MASKED),
    ):
        if difference(other, one) > TOLERANCE:
            raise Nonconformity(
                f"the sum of {what} is {float(one):g}, and {float(other):g} with 16 more tokens of padding",
                expected="the same sum",
                next_step=fix,
            )


def parts(fixtures: Fixtures) -> None:
    """The sums over a batch equal the sums over its parts, each padded to its own length."""
    complete = torch.stack(_sums(fixtures, fixtures.some, 0))  # [2]
    step = max(1, len(fixtures.some) // 4)
    slices = [fixtures.some[start : start + step] for start in range(0, len(fixtures.some), step)]
    summed = torch.stack([torch.stack(_sums(fixtures, part, 0)) for part in slices]).sum(0)  # [2]
    for what, one, other in zip(("losses * weights", "weights"), complete, summed, strict=True):
        if difference(other, one) > TOLERANCE:
            raise Nonconformity(
                f"the sum of {what} over a batch of {len(fixtures.some)} is {float(one):g}, and "
                f"{float(other):g} over the same examples in batches of {step}",
                expected="the same sum",
                next_step="Do not let an example's loss and weight depend on other examples, for example by "
                "a division by a count over the batch.",
            )


def vmapped(fixtures: Fixtures) -> None:
    """Under `torch.func.vmap` over trials, the loss equals that of each trial alone."""
    batch = _batch(fixtures, fixtures.some, 0)
    outputs = fixtures.outputs(batch)
    trials = {name: torch.stack([tensor, 0.5 * tensor]) for name, tensor in outputs.items()}  # [2, ...]
    batches = {name: torch.stack([tensor, tensor]) for name, tensor in batch.items()}  # [2, ...]
    try:
        losses, weights = vmap(fixtures.task.loss)(trials, batches)
    except Exception as error:  # vmap raises many kinds of errors
        raise Nonconformity(
            f"loss does not run under torch.func.vmap: {type(error).__name__}: {str(error)[:200]}",
            expected="a loss that can be computed for many trials at once",
            next_step="Do not branch on a tensor's value, and do not use .item(), .tolist(), .nonzero() or "
            "masking by index: multiply by weights, or use torch.where.",
        ) from error
    for trial in range(2):
        alone = fixtures.task.loss({name: tensor[trial] for name, tensor in trials.items()}, batch)
        for what, found, expected in zip(
            ("losses", "weights"), (losses[trial], weights[trial]), alone, strict=True
        ):
            if found.shape != expected.shape or difference(found, expected) > TOLERANCE:
                raise Nonconformity(
                    f"the {what} of a trial among others differ from those of the trial alone",
                    expected="the same numbers",
                    next_step="Use only operations that treat each example separately.",
                )


def _batch(fixtures: Fixtures, positions: Sequence[int], more: int) -> Batch:
    return fixtures.batch(positions, fixtures.length(positions) + more)


def _sums(fixtures: Fixtures, positions: Sequence[int], more: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The sums of losses * weights and of weights, both ``[]``."""
    batch = _batch(fixtures, positions, more)
    losses, weights = fixtures.task.loss(fixtures.outputs(batch), batch)
    return (losses * weights).sum(), weights.sum().float()


def _items(fixtures: Fixtures, batch: Batch) -> float:
    return float(fixtures.task.loss(fixtures.outputs(batch), batch)[1].sum())
