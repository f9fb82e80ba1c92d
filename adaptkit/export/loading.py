"""Loads an exported model folder for prediction.

``adaptkit.json`` beside the weights describes the model's task. The format of the weights is that of
transformers or peft.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.config import STRICT
from adaptkit.documents import read_json
from adaptkit.errors import ModelError
from adaptkit.models.adapters import DESCRIPTION as DESCRIPTION
from adaptkit.models.adapters import check_adapter
from adaptkit.models.files import CONFIG, check_folder
from adaptkit.models.fingerprint import fingerprints_of, refuse_changed
from adaptkit.models.head_class import AUTO_HEADS
from adaptkit.models.loading import checked_location, load_config, load_with_head, reload_model
from adaptkit.models.settings import refuse_settings
from adaptkit.models.tokenizer import load_tokenizer
from adaptkit.study.checked import checked, newer_version, own_version
from adaptkit.system.manifest import MANIFEST, verify
from adaptkit.system.quiet import quiet

if TYPE_CHECKING:
    from torch import nn

    from adaptkit.engine.prepare import Model
    from adaptkit.task import Task


@dataclass(frozen=True, kw_only=True)
class Description:
    """The description of an exported model: the contents of ``adaptkit.json``."""

    __pydantic_config__ = STRICT

    task: str
    plugin: str = ""
    """The distribution that the task came from; its version is in ``versions``."""

    options: Mapping[str, Any]
    labels: Sequence[str]
    head_class: str
    """The transformers class of the model, or `custom_head.OWN_HEAD` for a head of the task's plugin."""

    base_model: str | None
    """For an adapter, its base model; None if the folder holds a complete model."""

    max_length: int
    pooling: str = "checkpoint"
    """How the head pools the tokens' states; "checkpoint" where it is transformers' or the plugin's own."""

    calibration: Mapping[str, float]
    """The numbers that the task chose on the dev rows, such as a threshold."""

    versions: Mapping[str, str]

    metric: str = ""
    """The number that was optimised, if the user named it: of the task, or of a plugin."""

    metric_options: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    """The task's column → the column of the training rows, as the user named them."""

    strategy: str = ""
    """The strategy that trained the model; empty if an earlier version wrote the file."""

    strategy_options: Mapping[str, Any] = field(default_factory=dict)
    base_fingerprints: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each part of the base model; empty if an earlier version wrote the file."""

    onnx: str = ""
    """The precision of ``model.onnx``: "fp32", "fp16" or "int8"; empty for a folder of weights."""

    onnx_scores: Mapping[str, float] = field(default_factory=dict)
    """The score on the dev rows, with float32 and with the precision of ``model.onnx``, where it was
    measured."""


def read_description(folder: Path) -> Description:
    """Read a model folder's description, and verify the folder's files.

    Raises:
        ModelError: the folder was not exported by adaptkit.
        StudyError: one of its files is damaged.
    """
    from adaptkit.models.custom_head import OWN_HEAD

    versions: Mapping[str, Any] = {}
    try:
        values = read_json(folder / DESCRIPTION)
        versions = values["versions"]
        if "settings" in values:  # the name that version 0.1.0 wrote
            values["calibration"] = values.pop("settings")
        description = checked(Description, values)
        if description.head_class not in (*AUTO_HEADS.values(), OWN_HEAD):
            raise ValueError(f"head_class: {description.head_class!r:.80} is unknown")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _no_description(folder, error, versions) from error
    if (folder / MANIFEST).exists():
        verify(folder)
    return description


def _no_description(folder: Path, error: Exception, versions: object) -> ModelError:
    """The error about a folder whose description is missing or cannot be read."""
    newer = newer_version(versions) if isinstance(versions, Mapping) else ""
    if newer:
        return ModelError(
            f"{folder} was written by adaptkit {newer}, and this is adaptkit {own_version()} ({error})",
            next_step=f"Upgrade: pip install 'adaptkit>={newer}'.",
            code="newer-model",
        )
    damaged = (folder / DESCRIPTION).exists()
    return ModelError(
        f"{folder} is not a model folder of adaptkit ({DESCRIPTION}: {type(error).__name__}: {error})",
        expected=f"a folder with a valid {DESCRIPTION}, written by 'adaptkit tune' or 'adaptkit export'",
        next_step="Export the study again, or, in a study's folder, run its 'adaptkit tune' command."
        if damaged
        else "Give a study or such a folder; 'adaptkit studies' lists the studies.",
        code="not-a-model-folder",
    )


def load_module(folder: Path, description: Description, task: Task) -> nn.Module:
    """Load the model in the folder as new objects; an adapter is put on its base model.

    Raises:
        ModelError: weights are missing, or the base model cannot be loaded or has changed.
        TaskError: the head is the task's own, and the installed task does not create it.
    """
    if description.base_model is None:
        check_folder(folder)
        return reload_model(folder, description.head_class, task, description.labels)
    from peft import PeftModel

    check_adapter(folder)
    refuse_settings(folder / CONFIG)
    base: Any = reload_base(folder, description, task)
    with quiet():
        return PeftModel.from_pretrained(base, str(folder)).eval()


def reload_base(folder: Path, description: Description, task: Task) -> nn.Module:
    """The adapter's base model with a head of the right size, whose weights the adapter supplies."""
    from adaptkit.models.new_tokens import resize

    base = str(description.base_model)
    config, location = load_config(str(folder), str(folder)), _location_of_base(folder, base)
    refuse_changed(description.base_fingerprints, fingerprints_of(location), base)
    tokens = getattr(config, "vocab_size", None)
    if tokens is not None:  # with the task's new tokens, whose embeddings the adapter supplies
        config.vocab_size = getattr(load_config(location, base), "vocab_size", tokens)
    module, _ = load_with_head(task, description.labels, description.head_class, config, location, base)
    if tokens is not None:
        resize(module, tokens, base)
    return module  # type: ignore[no-any-return]


def _location_of_base(folder: Path, base: str) -> str:
    try:
        return checked_location(base)
    except ModelError as error:
        if error.code != "no-such-model":
            raise
        raise ModelError(
            f"the base model {base} of the adapter {folder} is not there",
            expected="the folder that the adapter was trained on, at the same path",
            next_step="Put it there again, or, where it still is, run "
            "'adaptkit export --merge': it writes one model that needs no other.",
            code="no-base-model",
        ) from error


def load_exported(folder: Path, task: Task, description: Description, device: str) -> Model:
    """Load an exported model, ready to predict for its task."""
    import torch

    from adaptkit.engine.forward import Forward
    from adaptkit.engine.prepare import Model

    tokenizer = load_tokenizer(str(folder), str(folder), word_level=task.word_level)
    module = load_module(folder, description, task).to(device)
    names = frozenset({*tokenizer.model_input_names, *task.head_inputs})
    forward = Forward(task=task, module=module, inputs=names, device=torch.device(device))
    return Model(
        module=module,
        forward=forward,
        tokenizer=tokenizer,
        labels=tuple(description.labels),
        max_length=description.max_length,
    )
