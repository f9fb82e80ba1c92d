"""Changes of the tensors in a model folder: names, shapes, numbers and which ones there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

Tensors = dict[str, Any]
Change = Callable[[Tensors, Random], Tensors]


def _rename_one(tensors: Tensors, draw: Random) -> Tensors:
    old = draw.choice(sorted(tensors))
    new = draw.choice(
        [f"{old}_", f"old.{old}", old.replace("weight", "gamma"), old.replace(".layer.", ".layers.")]
    )
    return {new if name == old else name: tensor for name, tensor in tensors.items()}


def _rename_all(tensors: Tensors, draw: Random) -> Tensors:
    old, new = draw.choice(
        [("bert.", ""), ("bert.", "roberta."), ("bert.", "encoder.bert."), ("", "module."), ("", "model.")]
    )
    return {new + name.removeprefix(old): tensor for name, tensor in tensors.items()}


def rename_layers(tensors: Tensors, draw: Random) -> Tensors:
    """The layers are counted from one."""
    count = sum(".layer." in name and name.endswith("query.weight") for name in tensors)
    for number in reversed(range(count)):
        tensors = {
            name.replace(f".layer.{number}.", f".layer.{number + 1}."): one for name, one in tensors.items()
        }
    return tensors


def _drop_one(tensors: Tensors, draw: Random) -> Tensors:
    gone = draw.choice(sorted(tensors))
    return {name: tensor for name, tensor in tensors.items() if name != gone}


def _drop_layer(tensors: Tensors, draw: Random) -> Tensors:
    return {name: tensor for name, tensor in tensors.items() if ".layer.1." not in name}


def _drop_head(tensors: Tensors, draw: Random) -> Tensors:
    return {name: tensor for name, tensor in tensors.items() if "classifier" not in name}


def _drop_pooler(tensors: Tensors, draw: Random) -> Tensors:
    return {name: tensor for name, tensor in tensors.items() if "pooler" not in name}


def _add_layer(tensors: Tensors, draw: Random) -> Tensors:
    more = {
        name.replace(".layer.1.", ".layer.2."): one.clone()
        for name, one in tensors.items()
        if ".layer.1." in name
    }
    return {**tensors, **more}


def _add_one(tensors: Tensors, draw: Random) -> Tensors:
    name = draw.choice(sorted(tensors))
    return {**tensors, name.replace("weight", "weight_v2") + ".more": tensors[name].clone()}


def transpose(tensors: Tensors, draw: Random) -> Tensors:
    """A matrix that is not square."""
    name = draw.choice(
        sorted(name for name, one in tensors.items() if one.dim() == 2 and len({*one.shape}) == 2)
    )
    return {**tensors, name: tensors[name].T.contiguous()}


def _cut_rows(tensors: Tensors, draw: Random) -> Tensors:
    name = draw.choice(sorted(name for name, one in tensors.items() if one.shape[0] > 1))
    return {**tensors, name: tensors[name][:-1].contiguous()}


def _add_rows(tensors: Tensors, draw: Random) -> Tensors:
    import torch

    name = draw.choice(sorted(tensors))
    return {**tensors, name: torch.cat([tensors[name], tensors[name][:1]])}


def _flatten(tensors: Tensors, draw: Random) -> Tensors:
    name = draw.choice(sorted(name for name, one in tensors.items() if one.dim() == 2))
    return {**tensors, name: tensors[name].flatten()}


def put_in(value: float) -> Change:
    """One number of a tensor."""

    def changed(tensors: Tensors, draw: Random) -> Tensors:
        name = draw.choice(sorted(tensors))
        tensor = tensors[name].clone()
        tensor.view(-1)[draw.randrange(tensor.numel())] = value
        return {**tensors, name: tensor}

    return changed


def converted(kind: str) -> Change:
    """All numbers in another type."""

    def changed(tensors: Tensors, draw: Random) -> Tensors:
        import torch

        return {name: one.to(getattr(torch, kind)) for name, one in tensors.items()}

    return changed


def converted_one(kind: str) -> Change:
    """One tensor in another type."""

    def changed(tensors: Tensors, draw: Random) -> Tensors:
        import torch

        name = draw.choice(sorted(tensors))
        return {**tensors, name: tensors[name].to(getattr(torch, kind))}

    return changed


def _zero_one(tensors: Tensors, draw: Random) -> Tensors:
    name = draw.choice(sorted(tensors))
    return {**tensors, name: tensors[name] * 0}


def _transpose_square(tensors: Tensors, draw: Random) -> Tensors:
    name = draw.choice(
        sorted(name for name, one in tensors.items() if one.dim() == 2 and len({*one.shape}) == 1)
    )
    return {**tensors, name: tensors[name].T.contiguous()}


def exchange(tensors: Tensors, draw: Random) -> Tensors:
    """Two tensors of one shape have each other's name."""
    one = draw.choice(sorted(name for name in tensors if ".layer." in name))
    other = draw.choice(
        sorted(name for name in tensors if name != one and tensors[name].shape == tensors[one].shape)
    )
    return {**tensors, one: tensors[other].clone(), other: tensors[one].clone()}


def _shuffle_embeddings(tensors: Tensors, draw: Random) -> Tensors:
    name = "bert.embeddings.word_embeddings.weight"
    order = draw.sample(range(len(tensors[name])), len(tensors[name]))
    return {**tensors, name: tensors[name][order].contiguous()}


NOTICED: dict[str, Change] = {
    "rename a tensor": _rename_one,
    "another prefix for all tensors": _rename_all,
    "layers counted from one": rename_layers,
    "drop a tensor": _drop_one,
    "drop a layer": _drop_layer,
    "drop the head": _drop_head,
    "drop the pooler": _drop_pooler,
    "a layer more": _add_layer,
    "a tensor more": _add_one,
    "transpose a tensor": transpose,
    "a tensor without its last row": _cut_rows,
    "a tensor with one more row": _add_rows,
    "a tensor of one dimension": _flatten,
    "NaN in a tensor": put_in(float("nan")),
    "infinity in a tensor": put_in(float("inf")),
    "1e30 in a tensor": put_in(1e30),
    "float16": converted("float16"),
    "bfloat16": converted("bfloat16"),
    "float64": converted("float64"),
    "int8": converted("int8"),
    "int64 in one tensor": converted_one("int64"),
    "bool in one tensor": converted_one("bool"),
    "no tensor": lambda tensors, draw: {},
}
"""Name → change."""

KEEPS_SHAPES: dict[str, Change] = {
    "zeros in a tensor": _zero_one,
    "transpose a square tensor": _transpose_square,
    "exchange two tensors": exchange,
    "shuffle the embeddings": _shuffle_embeddings,
    "10 in a tensor": put_in(10.0),
}
"""Changes after which each tensor has its shape and numbers of a usual size."""


def change_weights(change: Change) -> Callable[[Path, Random], str]:
    """The change as one of a model folder."""

    def changed(folder: Path, draw: Random) -> str:
        from safetensors.torch import load_file, save_file

        path = folder / "model.safetensors"
        before = load_file(path)
        after = change(dict(before), draw)
        save_file(after, path, metadata={"format": "pt"})
        names = [name for name in {**before, **after} if after.get(name) is not before.get(name)]
        return ", ".join(sorted(names)[:2])

    return changed
