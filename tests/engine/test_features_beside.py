"""One pass of the frozen encoder keeps the states of several poolings."""

from __future__ import annotations

import pytest
import torch

from adaptkit.engine.features import FrozenEncoder
from adaptkit.strategies.apply import adapted
from adaptkit.strategies.registry import built_in
from tests.engine.test_features import INPUTS, Kept
from tests.helpers.encoders import bucket_of
from tests.models.test_pooled_head import pooled_model


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "modernbert", "deberta-v2", "mpnet"])
def test_one_pass_keeps_the_states_of_other_poolings(family: str) -> None:
    def encoder(pooling: str, store: Kept) -> FrozenEncoder:
        module = adapted(pooled_model(family, pooling), built_in("frozen", 4))
        return FrozenEncoder(module, torch.device("cpu"), bfloat16=False, store=store)

    together, alone, bucket = Kept(), Kept(), bucket_of()
    first = encoder("mean", together)
    first.beside = ["first", "normalized-first"]
    first.encode(bucket, INPUTS)
    for pooling in ("mean", *first.beside):
        later, own = encoder(pooling, together), encoder(pooling, alone)
        found = later.encode(bucket, INPUTS).tensors["inputs_embeds"]
        assert torch.equal(found, own.encode(bucket, INPUTS).tensors["inputs_embeds"])
        assert (later.examples_read, own.examples_read) == (0, len(bucket.positions))
    assert len(together.features) == 3
