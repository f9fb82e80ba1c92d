from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adaptkit.strategies.apply import adapted, head_parameters
from adaptkit.strategies.registry import built_in


def layers(*names: str) -> set[str]:
    return {f"{name}.{kind}" for name in names for kind in ("weight", "bias")}


HEAD_OF = {
    "bert": layers("classifier"),
    "roberta": layers("classifier.dense", "classifier.out_proj"),
    "distilbert": layers("pre_classifier", "classifier"),
    "modernbert": {"head.dense.weight", "head.norm.weight", *layers("classifier")},
    "deberta-v2": layers("pooler.dense", "classifier"),
    "mpnet": layers("classifier.dense", "classifier.out_proj"),
}


def trained(module: Any) -> set[str]:
    return {name for name, parameter in module.named_parameters() if parameter.requires_grad}


@pytest.mark.parametrize("family", HEAD_OF)
def test_the_head_trains_and_nothing_of_the_encoder(family: str, tiny_model: Any) -> None:
    loaded = tiny_model(family, "AutoModelForSequenceClassification")
    assert trained(adapted(loaded, built_in("frozen"))) == HEAD_OF[family] == head_parameters(loaded.module)


def test_a_pooler_no_checkpoint_held_trains(tiny_model: Any) -> None:
    loaded = tiny_model("bert", "AutoModelForSequenceClassification")
    pooler = {"bert.pooler.dense.weight", "bert.pooler.dense.bias"}
    assert (
        trained(
            adapted(replace(loaded, newly_initialized=loaded.newly_initialized | pooler), built_in("frozen"))
        )
        == HEAD_OF["bert"] | pooler
    )


def test_a_head_that_a_checkpoint_held_trains_on(tiny_model: Any) -> None:
    loaded = replace(tiny_model("bert"), newly_initialized=frozenset())
    assert trained(adapted(loaded, built_in("frozen"))) == HEAD_OF["bert"]
