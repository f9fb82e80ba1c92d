from __future__ import annotations

import pytest
import transformers
from adaptkit_bitfit import bitfit, last_layers

from adaptkit import AdaptableModel, Strategy
from adaptkit.testing import assert_strategy_conforms


def model() -> AdaptableModel:
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=3, num_attention_heads=1, intermediate_size=8
    )
    module = transformers.BertForSequenceClassification(config)
    return AdaptableModel(module=module, head=frozenset({"classifier.weight", "classifier.bias"}))


@pytest.mark.parametrize("strategy", [bitfit(), last_layers(layers=1)], ids=lambda one: one.name)
def test_five_families_together_alone_and_saved(strategy: Strategy) -> None:
    assert_strategy_conforms(strategy)


def test_bitfit_trains_every_bias_and_no_weight() -> None:
    assert bitfit().trained is not None
    names = set(bitfit().trained(model()))  # type: ignore[misc]
    assert names == {name for name, _ in model().module.named_parameters() if name.endswith(".bias")}


def test_an_encoder_without_biases_trains_its_normalisation() -> None:
    config = transformers.ModernBertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=1, intermediate_size=8,
        pad_token_id=0, cls_token_id=1, sep_token_id=2, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    module = transformers.ModernBertModel(config)
    names = set(bitfit().trained(AdaptableModel(module=module, head=frozenset())))  # type: ignore[misc]
    assert names
    assert all("norm" in name for name in names)


@pytest.mark.parametrize(("layers", "first"), [(1, 2), (2, 1), (9, 0)])
def test_the_last_layers(layers: int, first: int) -> None:
    names = set(last_layers(layers=layers).trained(model()))  # type: ignore[misc]
    assert {name.split(".")[3] for name in names} == {str(place) for place in range(first, 3)}


def test_no_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="layers = 0"):
        last_layers(layers=0)
