"""Loads an exported model folder for prediction; knows no study and no training.

``adaptkit.json`` beside the weights says which task the model is for; what it does not say, such as how
the weights are laid out, is transformers' and peft's own affair.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.errors import ModelError
from adaptkit.models.files import locate
from adaptkit.models.loading import load_config, load_tokenizer, load_with_head, reload_model
from adaptkit.system.manifest import MANIFEST, verify
from adaptkit.system.quiet import quiet

if TYPE_CHECKING:
    from torch import nn

    from adaptkit.engine.prepare import Model
    from adaptkit.task import Task

DESCRIPTION = "adaptkit.json"


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a model folder says of itself."""

    task: str
    plugin: str = ""
    """The distribution that the task came from; its version is among ``versions``."""

    options: Mapping[str, Any]
    labels: Sequence[str]
    head_class: str
    """The transformers class of model and head, or `custom_head.OWN_HEAD`: the task's plugin makes it."""

    base_model: str | None
    """For an adapter, the model it belongs on; None if the folder is whole."""

    max_length: int
    calibration: Mapping[str, float]
    """What the task calibrated on the dev rows, such as a threshold."""

    versions: Mapping[str, str]


def read_description(folder: Path) -> Description:
    """What the folder says of itself.

    Raises:
        ModelError: it is no folder that adaptkit exported.
        StudyError: one of its files is damaged.
    """
    try:
        values = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        if "settings" in values:  # the name that version 0.1.0 wrote
            values["calibration"] = values.pop("settings")
        description = Description(**values)
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"{folder} is no model folder of adaptkit ({type(error).__name__}: {error})",
            expected=f"a folder with {DESCRIPTION}, as 'adaptkit tune' and 'adaptkit export' write it",
            next_step="Name a study or such a folder; 'adaptkit studies' lists the studies.",
        ) from error
    if (folder / MANIFEST).exists():
        verify(folder)
    return description


def load_module(folder: Path, description: Description, task: Task) -> nn.Module:
    """The model in the folder, in fresh objects; an adapter on its base model.

    Raises:
        ModelError: weights are missing, or the base model cannot be loaded.
        TaskError: the head is the task's own, and the task that is installed does not make it.
    """
    if description.base_model is None:
        return reload_model(folder, description.head_class, task, description.labels)
    from peft import PeftModel

    base: Any = reload_base(folder, description, task)
    with quiet():
        return PeftModel.from_pretrained(base, str(folder)).eval()


def reload_base(folder: Path, description: Description, task: Task) -> nn.Module:
    """The adapter's base model with a head of the right size, which the adapter then fills in."""
    base = str(description.base_model)
    config = load_config(str(folder), str(folder))
    module, _ = load_with_head(task, description.labels, description.head_class, config, locate(base), base)
    return module  # type: ignore[no-any-return]


def load_exported(folder: Path, task: Task, description: Description, device: str) -> Model:
    """The exported model, ready to predict for its task."""
    import torch

    from adaptkit.engine.forward import Forward
    from adaptkit.engine.prepare import Model

    tokenizer = load_tokenizer(str(folder), str(folder), word_level=task.word_level)
    module = load_module(folder, description, task).to(device)
    names = frozenset(tokenizer.model_input_names)
    forward = Forward(task=task, module=module, inputs=names, device=torch.device(device))
    return Model(
        module=module,
        forward=forward,
        tokenizer=tokenizer,
        labels=tuple(description.labels),
        max_length=description.max_length,
    )
