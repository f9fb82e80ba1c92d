"""Converts a torch model to ONNX, compares the two on real examples, and quantises the result.

The number of examples and of tokens stays variable. The exporter is torch's own:
https://docs.pytorch.org/docs/stable/onnx.html
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.fx.experimental.symbolic_shapes import is_concrete_int

from adaptkit.data.encode import collate, length_of
from adaptkit.errors import ExportError
from adaptkit.export.onnx_model import Precision, missing_extra, onnx_outputs, open_session
from adaptkit.export.prediction import torch_outputs
from adaptkit.export.saving import LARGEST_DIFFERENCE
from adaptkit.tasks.calls import reason_of

if TYPE_CHECKING:
    from adaptkit.engine.forward import Forward
    from adaptkit.engine.prepare import Model
    from adaptkit.task import Example, Task

Batch = Mapping[str, torch.Tensor]

FEWEST_TOKENS = 7
"""The least padded length of the batch that the model is traced with. Its sizes must differ from one another,
because torch takes equal sizes for one and the same."""

TRACED = 3
"""The examples of that batch."""


def proof_batches(model: Model, task: Task, examples: Sequence[Example]) -> list[Batch]:
    """Batches of several sizes: the shortest and the longest example alone, and examples of all lengths.

    The first batch is the one to trace the model with.
    """
    order = sorted(range(len(examples)), key=lambda position: length_of(examples[position]))
    spread = [order[round(share * (len(order) - 1))] for share in (0, 0.25, 0.5, 0.75, 1)]
    traced = (spread[1:-1] * TRACED)[:TRACED]
    chosen = [traced, spread[:1], spread[-1:], spread, [*spread, *spread[:2]]]
    return [_batch(model, task, examples, positions, FEWEST_TOKENS if n == 0 else 1)
            for n, positions in enumerate(chosen)]  # fmt: skip


def _batch(
    model: Model, task: Task, examples: Sequence[Example], positions: Sequence[int], least: int
) -> Batch:
    length = max(least, *(length_of(examples[position]) for position in positions))
    return collate(task, examples, positions, model.tokenizer, min(length, model.max_length)).tensors


def write_onnx(model: Model, task: Task, batch: Batch, path: Path) -> None:
    """Write the model as ONNX, traced with this batch.

    Raises:
        ConfigError: the packages for it are not installed.
        ExportError: torch cannot convert the model.
    """
    _require("onnx", "onnxscript")
    names = [name for name in batch if name in model.forward.inputs]
    called = _Called(model.module, names, task.outputs).eval()
    dynamic = torch.export.Dim.AUTO  # a size that the model fixes, such as two sides, stays fixed
    shapes = tuple(dict.fromkeys(range(batch[name].dim()), dynamic) for name in names)
    try:
        with _without_output():
            torch.onnx.export(
                _traced(called, tuple(batch[name] for name in names), (shapes,)), (), path,
                input_names=names, output_names=list(task.outputs), dynamo=True,
                external_data=_is_large(model.module), verbose=False, opset_version=20,
            )  # fmt: skip
    except Exception as error:
        raise ExportError(
            f"torch cannot convert this model to ONNX: {reason_of(error)}",
            expected="a model and a head without control flow that depends on values of tensors",
            next_step="Use the folder of weights, which 'adaptkit export' without --onnx writes.",
            code="onnx-failed",
        ) from error


def _traced(called: nn.Module, inputs: tuple[torch.Tensor, ...], shapes: Any) -> torch.export.ExportedProgram:
    """The model's graph for any number of examples.

    torch's usual way of tracing takes ``len(tensor)`` as a constant. The strict way reads the Python code and
    does not, but it supports less of Python, so it is the second choice.
    """
    with suppress(Exception):  # the strict way names what cannot be converted
        program = torch.export.export(called, inputs, dynamic_shapes=shapes, strict=False)
        if not _has_fixed_examples(program):
            return program
    return torch.export.export(called, inputs, dynamic_shapes=shapes, strict=True)


def _has_fixed_examples(program: torch.export.ExportedProgram) -> bool:
    """Whether the graph takes one number of examples only."""
    names = set(program.graph_signature.user_inputs)
    taken = [node.meta["val"] for node in program.graph.nodes if node.name in names]
    return any(is_concrete_int(tensor.shape[0]) for tensor in taken)


def refuse_differences(forward: Forward, task: Task, path: Path, batches: Sequence[Batch]) -> float:
    """Compare the model in the file with the one in torch on these batches.

    Returns:
        The largest difference of an output, relative to the largest output.

    Raises:
        ExportError: the difference is more than the rounding of float32 explains.
    """
    computed, expected = onnx_outputs(open_session(path), task), torch_outputs(forward)
    largest = 0.0
    for batch in batches:
        found = computed(batch)
        for name, wanted in expected(batch).items():
            kept = _kept(wanted, batch["attention_mask"])
            apart = np.abs(found[name] - wanted)[kept].max() / max(np.abs(wanted[kept]).max(), 1e-3)
            largest = max(largest, float(np.nan_to_num(apart, nan=np.inf)))
    if largest > LARGEST_DIFFERENCE:
        raise ExportError(
            f"the ONNX model's outputs differ from torch's by {largest:.1e} of the largest",
            expected=f"at most {LARGEST_DIFFERENCE:.0e}",
            next_step="No folder was written. Report a bug that names the model and the task.",
            code="logits-differ",
        )
    return largest


def _kept(outputs: Any, mask: torch.Tensor) -> Any:
    """Where the outputs are not those of padding; an index of all if they have no tokens."""
    return mask.bool().numpy() if outputs.shape[: mask.dim()] == tuple(mask.shape) else ...


def reduce_precision(path: Path, precision: Precision) -> None:
    """Replace the float32 model in the file by one in another precision.

    int8: the weights of matrices are 8-bit integers with a scale for each channel; activations are quantised
    when they are computed. The weights use 7 of the 8 bits, because sums of complete ones overflow on x86
    processors without VNNI: https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
    """
    if precision == "fp32":
        return
    onnx = _require("onnx", "onnxruntime")
    with _without_output():
        if precision == "int8":
            from onnxruntime.quantization import QuantType, quantize_dynamic

            made = path.with_name("int8.onnx")
            quantize_dynamic(path, made, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
            made.replace(path)
        else:
            from onnxruntime.transformers.float16 import convert_float_to_float16

            onnx.save(convert_float_to_float16(onnx.load(path), keep_io_types=True), path)
    path.with_name(f"{path.name}.data").unlink(missing_ok=True)  # where float32 needed a file for its weights


class _Called(nn.Module):
    """The model with its inputs by position, and its outputs as a tuple."""

    def __init__(self, module: nn.Module, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        super().__init__()
        self.module, self.inputs, self.outputs = module, inputs, outputs

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The outputs of one batch."""
        outputs = self.module(**dict(zip(self.inputs, tensors, strict=True)))
        return tuple(outputs[name] for name in self.outputs)


def _is_large(module: nn.Module) -> bool:
    """Whether the weights need a file of their own: a file in ONNX's format has at most 2 GiB."""
    return sum(parameter.nbytes for parameter in module.parameters()) > 1.8 * 2**30


def _require(*packages: str) -> Any:
    """The first of these packages; raises ConfigError if one is not installed."""
    import importlib

    try:
        modules = [importlib.import_module(package) for package in packages]
    except ImportError as error:
        raise missing_extra(str(error.name)) from error
    return modules[0]


@contextmanager
def _without_output() -> Iterator[None]:
    """Hides the warnings and the log of torch, onnx and ONNX Runtime, which are about their own parts."""
    disabled = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
