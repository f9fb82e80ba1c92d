from __future__ import annotations

import pytest
import torch

from adaptkit.models.custom_head import OWN_HEAD, encoder_class, put_on
from adaptkit.models.loading import LoadedModel
from adaptkit.models.pooled_head import PooledHead, pooling_of
from tests.helpers.models import tiny_config
from tests.helpers.number_task import LABELS
from tests.helpers.plain_training import assert_trained_as_in_plain_torch


def pooled_model(family: str, pooling: str) -> LoadedModel:
    """A tiny encoder with a `PooledHead`, as `load_model` gives it."""
    config = tiny_config(family)
    torch.manual_seed(0)
    kind, settings = encoder_class(config)
    module = put_on(kind(config, **settings), PooledHead(pooling, 16, len(LABELS), 0.0)).eval()
    head = frozenset(name for name, _ in module.named_parameters() if name.startswith("task_head"))
    return LoadedModel(
        module=module, tokenizer=None, newly_initialized=head, head_class=OWN_HEAD, source="tiny",
        max_length=48,
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "modernbert", "deberta-v2", "mpnet"])
def test_pooled_heads_train_as_in_plain_torch(family: str, strategy: str) -> None:
    # The mean of a tiny random ModernBERT's normalised states hardly differs between texts.
    pooling = "first" if (family, strategy) == ("modernbert", "frozen") else "mean"
    assert_trained_as_in_plain_torch(pooled_model(family, pooling), strategy, "sequence-classification")


def test_the_first_token_trains_as_in_plain_torch() -> None:
    assert_trained_as_in_plain_torch(pooled_model("bert", "first"), "full", "sequence-classification")


def test_the_mean_leaves_padding_out() -> None:
    torch.manual_seed(0)
    hidden, mask = torch.randn(2, 5, 3), torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])
    pooled = PooledHead("mean", 3, 2, 0.0).pool(hidden, mask)
    torch.testing.assert_close(pooled[0], hidden[0].mean(0))
    torch.testing.assert_close(pooled[1], hidden[1, :2].mean(0))


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_normalized_means_train_as_in_plain_torch(strategy: str) -> None:
    model = pooled_model("bert", "normalized-mean")
    assert_trained_as_in_plain_torch(model, strategy, "sequence-classification")


@pytest.mark.parametrize("kind", ["mean", "first"])
def test_a_normalized_vector_has_length_one(kind: str) -> None:
    torch.manual_seed(0)
    hidden, mask = torch.randn(2, 5, 3), torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])
    plain, normalized = (PooledHead(name, 3, 2, 0.0) for name in (kind, f"normalized-{kind}"))
    pooled = plain.pool(hidden, mask)
    expected = pooled / pooled.norm(dim=-1, keepdim=True)
    torch.testing.assert_close(normalized.pool(hidden, mask), expected)
    # Kept features are pooled already: pooling them again changes nothing.
    torch.testing.assert_close(normalized.pool(expected.unsqueeze(1), mask[:, :1]), expected)


def test_a_model_says_how_it_pools() -> None:
    assert pooling_of(pooled_model("bert", "first").module) == "first"
    assert pooling_of(torch.nn.Linear(2, 2)) == "checkpoint"
