from __future__ import annotations

import torch

from adaptkit.engine.store import InMemory, gathered


def test_parts_are_gathered_in_their_order() -> None:
    expected = torch.randn(7, 3, 2).half()
    found = gathered(expected.shape, iter(expected.split([4, 1, 2])))
    assert found.dtype == torch.float16
    assert torch.equal(found, expected)


def test_memory_keeps_nothing_for_later() -> None:
    store = InMemory()
    features = store.keep("key", (2, 3), [torch.ones(1, 3).half(), torch.zeros(1, 3).half()])
    assert features.tolist() == [[1, 1, 1], [0, 0, 0]]
    assert store.find("key") is None


def test_what_was_computed_for_inference_can_be_trained_on() -> None:
    with torch.inference_mode():
        part = torch.ones(2, 3).half()
    features = InMemory().keep("key", (2, 3), [part])
    weight = torch.ones(3, requires_grad=True)
    (features.float() @ weight).sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [2, 2, 2]
