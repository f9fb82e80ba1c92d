"""Writes the file of a trial's weights, which the study keeps until it exports the winner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

HEAD_INPUT = "head_input."
"""The start of the names of head inputs among the tensors that are kept with a trial's weights."""


def weights_writer(
    parameters: torch.Tensor, vocabulary: torch.Tensor | None, head_inputs: Mapping[str, torch.Tensor] = {}
) -> Callable[[Path], None]:
    """A function that writes a trial's parameters ``[P]``, and what belongs to them, as safetensors."""

    def write(path: Path) -> None:
        from safetensors.torch import save_file

        beside = {f"{HEAD_INPUT}{name}": tensor for name, tensor in head_inputs.items()}
        words = {} if vocabulary is None else {"vocabulary": vocabulary}
        save_file({"row": parameters, **words, **beside}, path)

    return write
