from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
import transformers
from torch import nn
from torch.func import functional_call, vmap
from transformers.masking_utils import create_bidirectional_mask

from adaptkit.engine.patches.attention import NAME, attend, use_attention
from tests.helpers.models import FAMILIES, tiny_config
from tests.helpers.number_task import VOCABULARY

SLOTS, BATCH, HEADS, TOKENS, WIDTH = 3, 2, 2, 7, 4


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def eager(query: Any, key: Any, value: Any, mask: Any, scale: float) -> torch.Tensor:
    """Attention as its formula has it, for ``[batch, heads, tokens, width]``."""
    scores = query @ key.transpose(-1, -2) * scale
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
    return (scores.softmax(-1) @ value).transpose(1, 2)


def masks_of(kind: str) -> torch.Tensor | None:
    """``[slots, batch, 1, tokens, tokens]``: every slot hides other tokens."""
    if kind == "none":
        return None
    kept = torch.ones(SLOTS, BATCH, 1, TOKENS, TOKENS, dtype=torch.bool)
    for slot in range(SLOTS):
        kept[slot, slot % BATCH, ..., TOKENS - 1 - slot :] = False
    return (
        kept if kind == "boolean" else torch.zeros(kept.shape, dtype=torch.float64).masked_fill(~kept, -1e9)
    )


@pytest.mark.parametrize("kind", ["none", "boolean", "additive"])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_folded_attention_is_eager_attention_with_its_gradients(kind: str, scale: float | None) -> None:
    inputs = [draw(SLOTS, BATCH, HEADS, TOKENS, WIDTH, seed=seed).requires_grad_() for seed in range(3)]
    masks = masks_of(kind)

    def one(query: Any, key: Any, value: Any, mask: Any = None) -> torch.Tensor:
        return attend(nn.Identity(), query, key, value, mask, scaling=scale)[0]

    given = inputs if masks is None else [*inputs, masks]
    found = vmap(one)(*given)
    expected = torch.stack(
        [
            eager(
                *(part[slot] for part in inputs), None if masks is None else masks[slot], scale or WIDTH**-0.5
            )
            for slot in range(SLOTS)
        ]
    )
    assert found.shape == (SLOTS, BATCH, TOKENS, HEADS, WIDTH)
    torch.testing.assert_close(found, expected)
    weights = draw(*found.shape, seed=9)
    ours = torch.autograd.grad((found * weights).sum(), inputs)
    theirs = torch.autograd.grad((expected * weights).sum(), inputs)
    for one_gradient, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one_gradient, other)


def test_what_the_slots_share_is_shared() -> None:
    query = draw(SLOTS, BATCH, HEADS, TOKENS, WIDTH)
    key, value = draw(BATCH, HEADS, TOKENS, WIDTH, seed=1), draw(HEADS, BATCH, SLOTS, TOKENS, WIDTH, seed=2)
    shared = masks_of("boolean")
    assert shared is not None

    def one(query: Any, key: Any, value: Any, mask: Any) -> torch.Tensor:
        return attend(nn.Identity(), query, key, value.transpose(0, 1), mask)[0]

    found = vmap(one, in_dims=(0, None, 2, None))(query, key, value, shared[1])
    for slot in range(SLOTS):
        expected = eager(query[slot], key, value[:, :, slot].transpose(0, 1), shared[1], WIDTH**-0.5)
        torch.testing.assert_close(found[slot], expected)


def test_one_slot_alone_has_the_same_attention() -> None:
    query, key, value = (draw(BATCH, HEADS, TOKENS, WIDTH, seed=seed) for seed in range(3))
    found, _ = attend(nn.Identity(), query, key, value, None)
    torch.testing.assert_close(found, eager(query, key, value, None, WIDTH**-0.5))


def test_dropout_differs_between_slots() -> None:
    same = draw(1, BATCH, HEADS, TOKENS, WIDTH).expand(SLOTS, -1, -1, -1, -1)

    def one(query: Any) -> torch.Tensor:
        return attend(nn.Identity(), query, query, query, None, dropout=0.5)[0]

    found = vmap(one, randomness="different")(same)
    assert not torch.equal(found[0], found[1])


def test_with_dropout_the_mean_is_that_without_it() -> None:
    torch.manual_seed(0)
    query, key, value = (draw(SLOTS, BATCH, HEADS, TOKENS, WIDTH, seed=seed) for seed in range(3))
    masks = masks_of("boolean")
    assert masks is not None

    def one(query: Any, key: Any, value: Any, mask: Any, dropout: float) -> torch.Tensor:
        return attend(nn.Identity(), query, key, value, mask, dropout=dropout)[0]

    def together(dropout: float) -> torch.Tensor:
        return vmap(one, in_dims=(0, 0, 0, 0, None), randomness="different")(
            query, key, value, masks, dropout
        )

    mean = torch.stack([together(0.3) for _ in range(2000)]).mean(0)
    torch.testing.assert_close(mean, together(0.0), atol=0.1, rtol=0.0)
    assert not torch.equal(together(0.3), together(0.3))


def model_of(family: str, **settings: Any) -> tuple[Any, Any]:
    """The same weights twice: with transformers' eager attention, and with this one."""
    torch.manual_seed(0)
    plain = transformers.AutoModelForTokenClassification.from_config(tiny_config(family, **settings)).eval()
    ours = copy.deepcopy(plain)
    use_attention(ours)
    if plain._can_set_attn_implementation():
        plain.set_attn_implementation("eager")
        assert ours.config._attn_implementation == NAME
    return plain, ours


IDS = torch.randint(3, VOCABULARY, (2, 40), generator=torch.Generator().manual_seed(0))
MASK = (torch.arange(40) < torch.tensor([[40], [25]])).long()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_computes_the_same_with_it(family: str) -> None:
    plain, ours = model_of(family)
    with torch.no_grad():
        expected = plain(input_ids=IDS, attention_mask=MASK).logits
        found = ours(input_ids=IDS, attention_mask=MASK).logits
    kept = MASK.bool()
    torch.testing.assert_close(found[kept], expected[kept], atol=1e-5, rtol=1e-4)


def test_modernberts_sliding_window_is_kept_alone_and_together() -> None:
    plain, ours = model_of("modernbert")  # every second layer sees 8 of the 40 tokens
    parameters = {name: torch.stack([p, 1.1 * p]).detach() for name, p in ours.named_parameters()}

    def one(parameters: Any, mask: Any, model: Any = ours) -> Any:
        inputs = {"input_ids": IDS, "attention_mask": mask}
        return functional_call(model, parameters, (), inputs).logits

    with torch.no_grad():
        expected = plain(input_ids=IDS, attention_mask=MASK).logits
        together = vmap(one, in_dims=(0, None))(parameters, MASK)
    kept = MASK.bool()
    torch.testing.assert_close(together[0][kept], expected[kept], atol=1e-5, rtol=1e-4)
    with torch.no_grad():
        scaled = one({name: p[1] for name, p in parameters.items()}, MASK, plain)
    torch.testing.assert_close(together[1][kept], scaled[kept], atol=1e-5, rtol=1e-4)


def test_a_window_hides_what_is_far_away() -> None:
    _, ours = model_of("modernbert", layer_types=["sliding_attention", "sliding_attention"])
    far = IDS.clone()
    far[:, -1] = 3 + (far[:, -1] - 2) % (VOCABULARY - 3)
    nothing_hidden = torch.ones_like(MASK)
    with torch.no_grad():
        one, other = (ours(input_ids=ids, attention_mask=nothing_hidden).logits for ids in (IDS, far))
    assert torch.equal(one[:, :20], other[:, :20])
    assert not torch.equal(one[:, -1], other[:, -1])


def test_a_mask_is_made_even_where_nothing_is_hidden() -> None:
    _, ours = model_of("bert")
    embeddings, seen = torch.zeros(2, 4, 16), torch.ones(2, 4)
    mask = create_bidirectional_mask(config=ours.config, inputs_embeds=embeddings, attention_mask=seen)
    assert mask is not None
    assert mask.shape[0] == 2
    assert mask.all()


def test_a_module_that_is_no_transformers_model_is_left_alone() -> None:
    module = nn.Linear(2, 2)
    before = dict(vars(module))
    use_attention(module)
    assert vars(module) == before
