"""Loads a pre-trained encoder with a task's head, and its tokenizer.

Only safetensors weights are read, and code that is part of a model is never run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.errors import ModelError
from adaptkit.models.files import loading, locate, verify_manifest, weight_files
from adaptkit.models.fingerprint import fingerprints_of, refuse_changed
from adaptkit.models.head_class import MASKED_LM, head_class_of
from adaptkit.models.settings import refuse_absurd_values, use_built_in_attention
from adaptkit.models.tokenizer import (
    length_limit,
    load_tokenizer,
    refuse_short_limit,
    refuse_unfit_tokenizer,
)

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

    from adaptkit.task import Task

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

    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each part of the base model; see `adaptkit.models.fingerprint`."""

    head_note: str = ""
    """What became of a head that the model brought along; empty if it brought none."""

    head_kept: bool = False
    """Whether the model's own head is taken over."""

    new_tokens: Sequence[int] = ()
    """The ids of `Task.new_tokens`."""

    warnings: Sequence[str] = ()


def load_model(
    task: Task,
    model: str,
    labels: Sequence[str],
    *,
    seed: int,
    max_length: int | None,
    recorded: Mapping[str, str] | None = None,
) -> LoadedModel:
    """The pre-trained encoder ``model`` with the task's head.

    Newly initialised parameters depend only on ``seed``.

    Args:
        task: the task.
        model: a folder or a hub id.
        labels: the task's labels.
        seed: of the newly initialised parameters.
        max_length: the most tokens of an example; by default the model's own limit, or `LONGEST_DEFAULT`.
        recorded: the fingerprints that the model must have, if they are known.

    Raises:
        ModelError: the model cannot be found or read, is not complete, is not an encoder, has changed, has no
            fast tokenizer that fits it, or has no such head.
        StudyError: the model has a manifest of adaptkit, and is not as that says.
        TaskError: the task asks for an unknown head, or its own head is invalid.
    """
    import torch

    from adaptkit.models.compatibility import refuse_absurd_weights, refuse_one_direction
    from adaptkit.models.existing_head import existing_head, match_head
    from adaptkit.models.masked_lm import match_masked_lm
    from adaptkit.models.new_tokens import add_tokens, extend_embeddings, ids_of

    location = checked_location(model)
    fingerprints = fingerprints_of(location)
    refuse_changed(recorded or {}, fingerprints, model)
    head_class = head_class_of(task)
    config = load_config(location, model, **head_settings(task, labels))
    tokenizer = load_tokenizer(location, model, word_level=task.word_level)
    torch.manual_seed(seed)
    module, newly_initialized = load_with_head(task, labels, head_class, config, location, model)
    extend_embeddings(module, add_tokens(tokenizer, task.new_tokens), model)
    if task.head == MASKED_LM:
        head = match_masked_lm(module, newly_initialized)
    else:
        head = match_head(module, existing_head(location), task, labels, location, newly_initialized)
    refuse_absurd_weights(module, model, head.newly_initialized)
    with loading(model):
        refuse_one_direction(module, model)
    note = refuse_unfit_tokenizer(module, tokenizer, model)
    limit = length_limit(module, tokenizer)
    refuse_short_limit(limit, model)
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
            name for name, _ in module.named_parameters() if name in head.newly_initialized
        ),
        head_class=head_class,
        source=model,
        max_length=max_length or min(limit, LONGEST_DEFAULT),
        fingerprints=fingerprints,
        head_note=head.note,
        head_kept=head.kept,
        new_tokens=ids_of(tokenizer, task.new_tokens),
        warnings=(note,) if note else (),
    )


def checked_location(model: str) -> str:
    """The folder of the model, whose files are as its manifest says if adaptkit wrote one.

    Raises:
        ModelError: there is no such model, or it is not safe to open.
        StudyError: a file has changed since adaptkit wrote it.
    """
    location = locate(model)
    verify_manifest(Path(location))
    return location


def load_config(location: str, model: str, **settings: Any) -> PretrainedConfig:
    """The model's configuration with these settings.

    Raises:
        ModelError: it cannot be read, lacks one of the settings, or is not that of an encoder.
    """
    from transformers import AutoConfig

    from adaptkit.models.compatibility import refuse_decoder, refuse_other_class

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
    refuse_decoder(config, model)
    refuse_other_class(config, model)
    refuse_absurd_values(config, model)
    use_built_in_attention(config)
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
    from adaptkit.models.compatibility import refuse_other_input
    from adaptkit.models.pooled_head import pooled_head

    if head_class != custom_head.OWN_HEAD:
        import transformers

        return _from_pretrained(getattr(transformers, head_class), config, location, model)
    with loading(model):
        kind, settings = custom_head.encoder_class(config)
    refuse_other_input(kind, model)
    encoder, missing = _from_pretrained(kind, config, location, model, **settings)
    head = custom_head.make_head(task, config, labels)
    newly_initialized = _load_weights(head, _weights_of(location, custom_head.HEAD))
    module = custom_head.put_on(encoder, head, task.head_inputs)
    if pooled_head(module) is None:  # adaptkit's own heads fit
        custom_head.refuse_unfit(task, module)
    in_encoder = {f"{module.base_model_prefix}.{name}" for name in missing}
    return module, frozenset(in_encoder | {f"{custom_head.HEAD}.{name}" for name in newly_initialized})


def _from_pretrained(
    kind: Any, config: PretrainedConfig, location: str, model: str, **settings: Any
) -> tuple[Any, frozenset[str]]:
    """The model that a transformers class loads from ``location``, and the names of missing weights."""
    from adaptkit.models.compatibility import refuse_unfit_weights

    with loading(model):
        module, info = kind.from_pretrained(
            location, config=config, use_safetensors=True, trust_remote_code=False, dtype="float32",
            ignore_mismatched_sizes=True, output_loading_info=True, local_files_only=True, **settings,
        )  # fmt: skip
    layers = int(getattr(load_config(location, model), "num_hidden_layers", 0) or 0)
    refuse_unfit_weights(module, info, model, layers=layers)
    return module, frozenset({*info["missing_keys"], *(key for key, *_ in info["mismatched_keys"])})


def _weights_of(location: str, name: str) -> dict[str, torch.Tensor]:
    """The weights of the submodule ``name`` in a folder."""
    from safetensors import safe_open

    found = {}
    for file in weight_files(Path(location)):
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


def head_settings(task: Task, labels: Sequence[str]) -> dict[str, Any]:
    """The configuration settings for a head with these labels."""
    named = {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: index for index, label in enumerate(labels)},
    }
    return {**(named if labels else {}), **task.config_overrides}
