"""Loads a pre-trained encoder with a task's head, and its tokenizer.

Only safetensors weights are read, and code that is part of a model is never run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.errors import ModelError, TaskError
from adaptkit.models.files import cached, loading, locate

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

    from adaptkit.task import Task

AUTO_HEADS = {
    "token-classification": "AutoModelForTokenClassification",
    "sequence-classification": "AutoModelForSequenceClassification",
    "question-answering": "AutoModelForQuestionAnswering",
    "multiple-choice": "AutoModelForMultipleChoice",
}
"""Name of a head → the transformers class of an encoder with this head."""

LONGEST_DEFAULT = 512
"""The most tokens of an example without ``--max-length``, even if the model can read more."""


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A model with a head, in evaluation mode, on the CPU, in float32."""

    module: nn.Module
    tokenizer: PreTrainedTokenizerBase
    newly_initialized: frozenset[str]
    """The parameters that are not in the checkpoint; they must be trained and saved."""

    head_class: str
    """The transformers class of model and head, or `adaptkit.models.custom_head.OWN_HEAD`."""

    source: str
    """The id or folder that the user named."""

    max_length: int


def load_model(
    task: Task, model: str, labels: Sequence[str], *, seed: int, max_length: int | None
) -> LoadedModel:
    """The pre-trained encoder ``model`` with the task's head.

    Newly initialised parameters depend only on ``seed``.

    Raises:
        ModelError: the model cannot be found or read, has no fast tokenizer, or has no such head.
        TaskError: the task asks for an unknown head, or its own head is invalid.
    """
    import torch

    location = locate(model)
    tokenizer = load_tokenizer(location, model, word_level=task.word_level)
    head_class = _head_class(task)
    config = load_config(location, model, **head_settings(task, labels))
    torch.manual_seed(seed)
    module, newly_initialized = load_with_head(task, labels, head_class, config, location, model)
    limit = length_limit(module, tokenizer)
    if max_length is not None and max_length > limit:
        raise ModelError(
            f"max length {max_length} is more than {model} can read",
            expected=f"at most {limit} tokens",
            next_step=f"Leave out --max-length or set it to {limit} or less.",
            code="max-length",
        )
    return LoadedModel(
        module=module.eval().float(),
        tokenizer=tokenizer,
        newly_initialized=frozenset(
            name for name, _ in module.named_parameters() if name in newly_initialized
        ),
        head_class=head_class,
        source=model,
        max_length=max_length or min(limit, LONGEST_DEFAULT),
    )


def load_config(location: str, model: str, **settings: Any) -> PretrainedConfig:
    """The model's configuration with these settings."""
    from transformers import AutoConfig

    with loading(model):
        config, unknown = AutoConfig.from_pretrained(
            location, trust_remote_code=False, return_unused_kwargs=True, **settings
        )
    if unknown:
        raise ModelError(
            f"{model} has no setting {', '.join(map(repr, unknown))}",
            expected=f"a setting of {type(config).__name__}",
            next_step="Change the config_overrides of the task's plugin, or choose another model.",
            code="unknown-setting",
        )
    return config  # type: ignore[no-any-return]


def load_with_head(
    task: Task, labels: Sequence[str], head_class: str, config: PretrainedConfig, location: str, model: str
) -> tuple[Any, frozenset[str]]:
    """The model in ``location`` with a head, and the names of the weights that are not in its checkpoint.

    Raises:
        ModelError: the model cannot be read, or has no such head.
        TaskError: the task's own head is invalid.
    """
    from adaptkit.models import custom_head
    from adaptkit.models.pooling import pooled_head

    if head_class != custom_head.OWN_HEAD:
        import transformers

        return _from_pretrained(getattr(transformers, head_class), config, location, model)
    with loading(model):
        kind, settings = custom_head.encoder_class(config)
    encoder, missing = _from_pretrained(kind, config, location, model, **settings)
    head = custom_head.make_head(task, config, labels)
    newly_initialized = _load_weights(head, _weights_of(location, custom_head.HEAD))
    module = custom_head.put_on(encoder, head)
    if pooled_head(module) is None:  # adaptkit's own heads fit
        custom_head.refuse_unfit(task, module)
    in_encoder = {f"{module.base_model_prefix}.{name}" for name in missing}
    return module, frozenset(in_encoder | {f"{custom_head.HEAD}.{name}" for name in newly_initialized})


def _from_pretrained(
    kind: Any, config: PretrainedConfig, location: str, model: str, **settings: Any
) -> tuple[Any, frozenset[str]]:
    """The model that a transformers class loads from ``location``, and the names of missing weights."""
    with loading(model):
        module, info = kind.from_pretrained(
            location, config=config, use_safetensors=True, trust_remote_code=False, dtype="float32",
            ignore_mismatched_sizes=True, output_loading_info=True, **settings,
        )  # fmt: skip
    return module, frozenset({*info["missing_keys"], *(key for key, *_ in info["mismatched_keys"])})


def _weights_of(location: str, name: str) -> dict[str, torch.Tensor]:
    """The weights of the submodule ``name`` in a folder or in the hub's cache."""
    from safetensors import safe_open

    found = {}
    folder = location if Path(location).is_dir() else cached(location)
    for file in sorted(Path(folder).glob("*.safetensors")) if folder else ():
        with safe_open(file, framework="pt") as opened:
            keys = [key for key in opened.keys() if key.startswith(f"{name}.")]  # noqa: SIM118 (not a mapping)
            found.update({key.removeprefix(f"{name}."): opened.get_tensor(key) for key in keys})
    return found


def _load_weights(head: nn.Module, weights: Mapping[str, torch.Tensor]) -> set[str]:
    """Load the weights whose shapes match into the head; return the names of all other parameters."""
    own = head.state_dict()
    matching = {
        name: weights[name] for name in own.keys() & weights.keys() if weights[name].shape == own[name].shape
    }
    head.load_state_dict(matching, strict=False)
    return own.keys() - matching.keys()


def reload_model(folder: str | Path, head_class: str, task: Task, labels: Sequence[str]) -> nn.Module:
    """The model in ``folder``, loaded into new objects, with every weight from the checkpoint.

    Raises:
        ModelError: the folder lacks a weight of the model.
        TaskError: the task makes its own head, and the installed version of the task does not.
    """
    location = str(folder)
    module, missing = load_with_head(
        task, labels, head_class, load_config(location, location), location, location
    )
    if missing:
        raise ModelError(
            f"{folder} lacks the weights {', '.join(sorted(missing)[:5])}",
            expected="every weight of the model",
            next_step="Export the study again.",
            code="missing-weights",
        )
    return module.eval()  # type: ignore[no-any-return]


def load_tokenizer(location: str, model: str, *, word_level: bool) -> PreTrainedTokenizerBase:
    """The model's fast tokenizer; for word-level tasks, one that treats each word as following a space."""
    from transformers import AutoTokenizer

    with loading(model):
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            location, use_fast=True, trust_remote_code=False
        )
    if not tokenizer.is_fast:
        raise ModelError(
            f"{model} has no fast tokenizer ({type(tokenizer).__name__})",
            expected="a tokenizer.json, which gives the word and the characters of each token",
            next_step="Choose a model with a fast tokenizer.",
            code="slow-tokenizer",
        )
    if word_level:
        _add_prefix_space(tokenizer)
    return tokenizer


def _add_prefix_space(tokenizer: Any) -> None:
    """Make byte-level tokenizers (of RoBERTa or ModernBERT) treat the first word as following a space.

    The setting is written into the tokenizer's own description, so it is saved with the model.
    """
    from tokenizers import Tokenizer

    description = json.loads(tokenizer.backend_tokenizer.to_str())
    pre_tokenizer = description.get("pre_tokenizer") or {}
    stages = pre_tokenizer.get("pretokenizers", [pre_tokenizer])
    byte_level = [stage for stage in stages if stage.get("type") == "ByteLevel"]
    if all(stage["add_prefix_space"] for stage in byte_level):
        return
    for stage in byte_level:
        stage["add_prefix_space"] = True
    tokenizer.backend_tokenizer.pre_tokenizer = Tokenizer.from_str(json.dumps(description)).pre_tokenizer
    tokenizer.add_prefix_space = True
    tokenizer.init_kwargs["add_prefix_space"] = True


def length_limit(module: Any, tokenizer: PreTrainedTokenizerBase) -> int:
    """The most tokens that the model can read: the smaller of its tokenizer's and its positions' limit."""
    config = module.config
    positions = getattr(config, "max_position_embeddings", None) or 10**6
    table = getattr(getattr(module.base_model, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    if padding is not None:  # RoBERTa counts positions from padding + 1
        positions -= padding + 1
    return min(int(positions), int(tokenizer.model_max_length))


def head_settings(task: Task, labels: Sequence[str]) -> dict[str, Any]:
    """The configuration settings for a head with these labels."""
    named = {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: index for index, label in enumerate(labels)},
    }
    return {**(named if labels else {}), **task.config_overrides}


def _head_class(task: Task) -> str:
    from adaptkit.models.custom_head import OWN_HEAD

    if not isinstance(task.head, str):
        return OWN_HEAD
    if task.head not in AUTO_HEADS:
        raise TaskError(
            f"task {task.name!r} asks for the unknown head {task.head!r}",
            expected=f"one of {', '.join(AUTO_HEADS)}, or a function that returns a head",
            next_step="Change the head in the task's plugin, or report this to its author.",
            code="unknown-head",
        )
    return AUTO_HEADS[task.head]
