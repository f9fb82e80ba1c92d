"""The heads of `benchmarks.layers` read the layers that they say."""

from __future__ import annotations

import torch

from benchmarks.layers.run import heads_of, logits_of, mixed, solved


def states_where_one_layer_tells(layer: int) -> tuple[torch.Tensor, torch.Tensor]:
    """States ``[90, 6, 8]`` of which one layer has the class of each word, and the classes."""
    torch.manual_seed(0)
    states, answers = torch.randn(90, 6, 8), torch.arange(90) % 3
    states[:, layer, :3] += 4 * torch.nn.functional.one_hot(answers, 3)
    return states, answers


def test_the_mix_finds_the_layer_that_tells() -> None:
    states, answers = states_where_one_layer_tells(4)
    logits, mix = mixed(states, states, answers, 3)
    assert int(mix.argmax()) == 4
    assert (logits.argmax(-1) == answers).float().mean() > 0.9


def test_each_head_reads_its_layers() -> None:
    states, answers = states_where_one_layer_tells(3)
    heads = heads_of(6)
    widths = {name: picked(states).shape[1] for name, picked in heads.items()}
    assert widths == {**{f"layer {n}": 8 for n in range(1, 7)}, "middle three": 24, "all": 48, "mean": 8}
    assert torch.equal(heads["middle three"](states), states[:, 1:4].flatten(1))
    right = {}
    for name in ("layer 4", "layer 1", "middle three"):
        picked = heads[name](states)
        found = logits_of(picked[60:], *solved(picked[:60], answers[:60], 3)).argmax(-1)
        right[name] = float((found == answers[60:]).float().mean())
    assert right["layer 4"] > 0.9 > 0.6 > right["layer 1"]
    assert right["middle three"] > 0.9
