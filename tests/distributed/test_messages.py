"""The work for workers: the model with its patches and the encoded data, on another device."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from adaptkit.distributed.messages import packed, unpacked
from adaptkit.engine.batch_limits import BatchLimits
from tests.helpers.models import TinyModels
from tests.helpers.number_task import number_rows
from tests.helpers.populations import HEADS, make_training


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
@pytest.mark.parametrize("head", sorted(HEADS))
def test_the_work_arrives_as_it_was_sent(strategy: str, head: str) -> None:
    loaded = TinyModels().load("bert", HEADS[head])
    training: Any = make_training(loaded, strategy, head, number_rows(12, head))
    found, slots, limits = unpacked(packed(training, 3, BatchLimits(slots=2, examples=4)), "cpu")
    assert (slots, limits) == (3, BatchLimits(slots=2, examples=4))
    assert found.forward.device == torch.device("cpu")
    assert found.layout == training.layout
    assert found.fast_paths == training.fast_paths
    torch.testing.assert_close(found.initial, training.initial, rtol=0, atol=0)
    for sent, arrived in zip(training.buckets, found.buckets, strict=True):
        assert sent.tensors.keys() == arrived.tensors.keys()
        assert all(torch.equal(sent.tensors[name], arrived.tensors[name]) for name in sent.tensors)
