"""The tensors of a bucket, by name: whole numbers are stored in as few bytes as their values need."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from adaptkit.data.encoded import narrowest

if TYPE_CHECKING:
    import torch


class Tensors(Mapping[str, "torch.Tensor"]):
    """Name → ``[examples, ...]``, read in the types that the collator gave, whatever they are stored in."""

    def __init__(
        self, stored: Mapping[str, torch.Tensor], types: Mapping[str, torch.dtype] | None = None
    ) -> None:
        """``types``: those to read the tensors in, by name; by default their own."""
        self._stored = dict(stored)
        self._types = dict(types or {name: tensor.dtype for name, tensor in stored.items()})

    def __getitem__(self, name: str) -> torch.Tensor:
        return self._stored[name].to(self._types[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    @property
    def device(self) -> torch.device:
        """Where the first of them is; a bucket's tensors are on one device."""
        return next(iter(self._stored.values())).device

    def at(self, places: torch.Tensor | slice) -> dict[str, torch.Tensor]:
        """The examples at the places, name → ``[*places, ...]``. Only they are converted to their types."""
        return {name: tensor[places].to(self._types[name]) for name, tensor in self._stored.items()}

    def take(self, places: torch.Tensor) -> Tensors:
        """The tensors of the examples at the places, stored as these are."""
        taken = {name: tensor.index_select(0, places) for name, tensor in self._stored.items()}
        return Tensors(taken, self._types)

    def only(self, names: Collection[str]) -> Tensors:
        """The tensors of these names."""
        return Tensors({name: self._stored[name] for name in names}, {n: self._types[n] for n in names})

    def joined(self, others: Mapping[str, torch.Tensor]) -> Tensors:
        """These tensors and others."""
        more = Tensors(others)
        return Tensors({**self._stored, **more._stored}, {**self._types, **more._types})

    def to(self, device: torch.device) -> Tensors:
        """The tensors on the device."""
        return Tensors({name: its.to(device) for name, its in self._stored.items()}, self._types)


def stacked(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    """The parts one after another ``[examples, ...]``; stored as one number if all of them are the same."""
    import torch

    whole = torch.cat(list(parts))  # [examples, ...]
    if whole.is_floating_point() or not whole.numel():
        return whole
    least, most = whole.aminmax()
    if least != most:
        return whole
    return least.reshape([1] * whole.dim()).expand(whole.shape)


def narrowed(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in the smallest signed type that holds its values, if they are whole numbers of 64 bits."""
    import torch

    if tensor.dtype != torch.int64:
        return tensor
    return torch.from_numpy(narrowest(tensor.cpu().numpy()))
