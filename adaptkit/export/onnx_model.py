"""Loads a model folder with ``model.onnx``, which ONNX Runtime computes. torch's encoder is not loaded."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from adaptkit.errors import ConfigError, ModelError, TrialOutOfMemory
from adaptkit.export.prediction import TOKENS_AT_ONCE, TOKENS_AT_ONCE_ON_CPU, Arrays, Network, Tensors
from adaptkit.models.files import CONFIG
from adaptkit.models.settings import refuse_settings
from adaptkit.models.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from adaptkit.export.loading import Description
    from adaptkit.task import Task

Precision = Literal["fp32", "fp16", "int8"]

ONNX = "model.onnx"
"""The file of the model in its folder."""

GPU, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


def load_onnx(folder: Path, task: Task, description: Description, device: str) -> Network:
    """Load an ONNX folder, ready to predict for its task.

    Raises:
        ConfigError: ONNX Runtime is not installed, or does not have this device.
        ModelError: the file is not a model that ONNX Runtime reads, or has other outputs.
    """
    refuse_settings(folder / CONFIG)
    tokenizer = load_tokenizer(str(folder), str(folder), word_level=task.word_level)
    session = open_session(folder / ONNX, device)
    on_gpu = GPU in session.get_providers()
    return Network(
        tokenizer=tokenizer,
        labels=tuple(description.labels),
        max_length=description.max_length,
        outputs=onnx_outputs(session, task),
        tokens_at_once=TOKENS_AT_ONCE if on_gpu else TOKENS_AT_ONCE_ON_CPU,
    )


def open_session(path: Path, device: str = "cpu") -> Any:
    """The model in the file as a session of ONNX Runtime; `load_onnx` lists the errors."""
    import torch

    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.enable_mem_pattern = False  # it keeps a plan for every shape, and there are many
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as OMP_WAIT_POLICY in cli
    options.log_severity_level = 4
    try:
        return runtime.InferenceSession(str(path), options, providers=_providers(runtime, device))
    except Exception as error:  # ONNX Runtime's own exceptions have no class in common
        raise ModelError(
            f"{path} cannot be loaded by ONNX Runtime {runtime.__version__}: {error!s:.300}",
            expected="a complete model, written by 'adaptkit export --onnx'",
            next_step="Export the study again.",
            code="bad-onnx",
        ) from error


def onnx_outputs(session: Any, task: Task) -> Callable[[Tensors], Arrays]:
    """How the session computes a batch; raises ModelError if it lacks one of the task's outputs."""
    inputs = [one.name for one in session.get_inputs()]
    names, found = list(task.outputs), [one.name for one in session.get_outputs()]
    if not set(names) <= set(found):
        raise ModelError(
            f"the model's outputs are {', '.join(found)}",
            expected=f"{' and '.join(names)}, for the task {task.name!r}",
            next_step="Install the version of the task's plugin that the model was exported with.",
            code="other-outputs",
        )

    def outputs(batch: Tensors) -> Arrays:
        arrays = {name: batch[name].numpy() for name in inputs}
        try:
            return dict(zip(names, session.run(names, arrays), strict=True))
        except Exception as error:
            if "alloc" in str(error).lower():
                raise TrialOutOfMemory("out of memory predicting a batch with ONNX Runtime") from error
            raise

    return outputs


def onnxruntime() -> Any:
    """The module `onnxruntime`; raises ConfigError with the command that installs it."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError as error:
        raise missing_extra("onnxruntime") from error
    return onnxruntime


def missing_extra(package: str) -> ConfigError:
    """The error of an ONNX model without the packages for it."""
    return ConfigError(
        f"ONNX models need {package}, which is not installed",
        expected="adaptkit with its extra 'onnx'",
        next_step="Install it: pip install 'adaptkit[onnx]'",
        code="extra-missing",
    )


def _providers(runtime: Any, device: str) -> list[str]:
    """The parts of ONNX Runtime that compute on this device."""
    has_gpu = GPU in runtime.get_available_providers()
    if device in ("auto", "cpu"):
        return [GPU, CPU] if has_gpu and device == "auto" else [CPU]
    if has_gpu and device.startswith("cuda"):
        return [GPU, CPU]
    raise ConfigError(
        f"device {device!r} is not one that the installed ONNX Runtime has",
        expected="auto or cpu" + (", or cuda" if has_gpu else ""),
        next_step="Change --device, or install onnxruntime-gpu.",
        code="missing-device",
    )
