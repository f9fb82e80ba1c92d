"""Loads a pre-trained encoder with a task's head, and its tokenizer; knows no data and no training.

Only safetensors weights are read, and no code that comes with a model is ever run.
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
"""Task tag → the transformers class that puts this head on an encoder."""

LONGEST_DEFAULT = 512
"""Tokens in one example when the user names no ``--max-length``, even if the model could read more."""


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A model with a head on it, in evaluation mode, on the CPU, in float32."""

    module: nn.Module
    tokenizer: PreTrainedTokenizerBase
    newly_initialized: frozenset[str]
    """The parameters no checkpoint held: newly initialised, so they must be trained and saved."""

    head_class: str
    """The transformers class of model and head, or `adaptkit.models.custom_head.OWN_HEAD`."""

    source: str
    """The id or folder the user named."""

    max_length: int


def load_model(
    task: Task, model: str, labels: Sequence[str], *, seed: int, max_length: int | None
) -> LoadedModel:
    """The pre-trained encoder ``model`` with the task's head.

    What is newly initialised depends on ``seed`` only.

    Raises:
        ModelError: the model cannot be found or read, has no fast tokenizer, or has no such head.
        TaskError: the task asks for a head there is none of, or its own head is unfit.
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
            f"max length {max_length} is more than {model} reads",
            expected=f"at most {limit} tokens",
            next_step=f"Leave --max-length out or set it to {limit} or less.",
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
    """The model's configuration with these settings in it."""
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
        )
    return config  # type: ignore[no-any-return]


def load_with_head(
    task: Task, labels: Sequence[str], head_class: str, config: PretrainedConfig, location: str, model: str
) -> tuple[Any, frozenset[str]]:
    """The model in ``location`` with a head, and the names of the weights its checkpoint did not hold.

    Raises:
        ModelError: it cannot be read, or there is no such head for it.
        TaskError: the task's own head is unfit.
    """
    from adaptkit.models import custom_head

    if head_class != custom_head.OWN_HEAD:
        import transformers

        return _from_pretrained(getattr(transformers, head_class), config, location, model)
    with loading(model):
        kind, settings = custom_head.encoder_class(config)
    encoder, missing = _from_pretrained(kind, config, location, model, **settings)
    head = custom_head.make_head(task, config, labels)
    newly_initialized = _take(head, _held(location, custom_head.HEAD))
    module = custom_head.put_on(encoder, head)
    custom_head.refuse_unfit(task, module)
    in_encoder = {f"{module.base_model_prefix}.{name}" for name in missing}
    return module, frozenset(in_encoder | {f"{custom_head.HEAD}.{name}" for name in newly_initialized})


def _from_pretrained(
    kind: Any, config: PretrainedConfig, location: str, model: str, **settings: Any
) -> tuple[Any, frozenset[str]]:
    """What a class of transformers makes of ``location``, and the names of what was not in there."""
    with loading(model):
        module, told = kind.from_pretrained(
            location, config=config, use_safetensors=True, trust_remote_code=False, dtype="float32",
            ignore_mismatched_sizes=True, output_loading_info=True, **settings,
        )  # fmt: skip
    return module, frozenset({*told["missing_keys"], *(key for key, *_ in told["mismatched_keys"])})


def _held(location: str, name: str) -> dict[str, torch.Tensor]:
    """The weights of the submodule ``name`` in a folder, or in the hub's cache."""
    from safetensors import safe_open

    found = {}
    folder = location if Path(location).is_dir() else cached(location)
    for file in sorted(Path(folder).glob("*.safetensors")) if folder else ():
        with safe_open(file, framework="pt") as opened:
            keys = [key for key in opened.keys() if key.startswith(f"{name}.")]  # noqa: SIM118 (no mapping)
            found.update({key.removeprefix(f"{name}."): opened.get_tensor(key) for key in keys})
    return found


def _take(head: nn.Module, held: Mapping[str, torch.Tensor]) -> set[str]:
    """Gives the head those weights that fit; returns the names of what it keeps as it was made."""
    own = head.state_dict()
    fitting = {name: held[name] for name in own.keys() & held.keys() if held[name].shape == own[name].shape}
    head.load_state_dict(fitting, strict=False)
    return own.keys() - fitting.keys()


def reload_model(folder: str | Path, head_class: str, task: Task, labels: Sequence[str]) -> nn.Module:
    """The model in ``folder`` in fresh objects, every weight from the checkpoint.

    Raises:
        ModelError: a weight the model needs is not in the folder.
        TaskError: the head is the task's own, and the task that is installed does not make it.
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
        )
    return module.eval()  # type: ignore[no-any-return]


def load_tokenizer(location: str, model: str, *, word_level: bool) -> PreTrainedTokenizerBase:
    """The model's fast tokenizer; for word-level tasks one that treats a lone word as after a space."""
    from transformers import AutoTokenizer

    with loading(model):
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            location, use_fast=True, trust_remote_code=False
        )
    if not tokenizer.is_fast:
        raise ModelError(
            f"{model} has no fast tokenizer ({type(tokenizer).__name__})",
            expected="a tokenizer.json, from which words and characters can be told",
            next_step="Choose a model with a fast tokenizer.",
        )
    if word_level:
        _add_prefix_space(tokenizer)
    return tokenizer


def _add_prefix_space(tokenizer: Any) -> None:
    """Byte-level tokenizers (RoBERTa's, ModernBERT's) read a word differently without a space before it.

    The setting is written into the tokenizer's own description, so that it is saved with the model.
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
    """The most tokens the model reads: what its tokenizer and its table of positions say, the smaller."""
    config = module.config
    positions = getattr(config, "max_position_embeddings", None) or 10**6
    table = getattr(getattr(module.base_model, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    if padding is not None:  # RoBERTa counts positions from padding + 1
        positions -= padding + 1
    return min(int(positions), int(tokenizer.model_max_length))


def head_settings(task: Task, labels: Sequence[str]) -> dict[str, Any]:
    """The configuration a head of these labels needs."""
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
            f"task {task.name!r} asks for the head {task.head!r}",
            expected=f"one of {', '.join(AUTO_HEADS)}, or a factory of a head",
            next_step="Change the plugin's head.",
        )
    return AUTO_HEADS[task.head]
