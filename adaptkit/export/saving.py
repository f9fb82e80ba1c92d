"""Writes a trial as a model folder that loads without adaptkit, and verifies it.

Models are saved in transformers' format, those of LoRA as peft's adapter or merged. Before a folder is put in
its place it is loaded back, and its logits must equal those of the trial.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from adaptkit.engine.patches.vocabulary import write_trial
from adaptkit.errors import ExportError
from adaptkit.export.loading import DESCRIPTION, Description, load_module
from adaptkit.export.sentence_transformers import write_modules
from adaptkit.models.files import locate
from adaptkit.models.head_class import MASKED_LM
from adaptkit.models.loading import load_model
from adaptkit.models.masked_lm import copy_pooling
from adaptkit.models.pooled_head import PooledHead, pooled_head, pooling_of
from adaptkit.strategies.apply import adapted, saved_as
from adaptkit.system.files import atomic_folder, write_json
from adaptkit.system.manifest import write_manifest
from adaptkit.system.quiet import quiet

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.strategy import Strategy
    from adaptkit.task import Task

WrittenFolder = Callable[[Path], AbstractContextManager[Path]]
"""Gives a temporary folder, and puts it in the place of the given one."""

CARD = "README.md"
"""The model card. It is not in the manifest, because users may edit it."""

LARGEST_DIFFERENCE = 1e-4
"""The largest allowed difference of the logits, relative to the largest logit. Computing float32 in another
order makes a smaller difference."""


@dataclass(frozen=True, kw_only=True)
class TrialToExport:
    """A trial, and everything that its model folder describes."""

    config: StudyConfig
    strategy: Strategy
    task: Task
    labels: Sequence[str]
    parameters: torch.Tensor
    """``[P]``: the trial's trainable parameters."""

    vocabulary: torch.Tensor | None = None
    """``[occurring]``: the tokens whose embeddings are in ``parameters``; None if all or none are."""

    head_inputs: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """Name → ``[examples, ...]``: what the task's own head receives with a few examples, and their mask."""

    calibration: Mapping[str, float]
    """The numbers that the task chose on the dev rows."""

    card: str
    """The model card, in Markdown."""

    plugin: str
    """The distribution that the task comes from."""

    versions: Mapping[str, str]

    base_fingerprints: Mapping[str, str] = field(default_factory=dict)
    """The fingerprints of the base model that the trial was trained with, if they are known."""


def export(
    trial: TrialToExport, folder: Path, *, merge: bool = False, written: WrittenFolder = atomic_folder
) -> None:
    """Write the trial to ``folder``. If anything fails, the folder stays as it was.

    Args:
        trial: the trial and its description.
        folder: the folder to write; an older export there is replaced.
        merge: for LoRA, write one complete model instead of an adapter.
        written: how the folder is written. `adaptkit.system.files.atomic_folder` replaces an older export and
            needs names beside it; `new_folder` touches nothing beside it.

    Raises:
        ExportError: the folder, loaded back, does not give the same logits.
        ModelError: the base model cannot be loaded, or has changed since the trial was trained.
        StudyError: the folder cannot be written.
    """
    config, strategy = trial.config, trial.strategy
    loaded = load_model(
        trial.task, config.model, trial.labels,
        seed=config.seed, max_length=config.max_length, recorded=trial.base_fingerprints,
    )  # fmt: skip
    module: Any = adapted(loaded, strategy)
    try:
        write_trial(module, trial.parameters, trial.vocabulary)
    except ValueError as error:
        raise ExportError(
            str(error),
            expected="the base model that the study was trained with",
            next_step="Check whether the model named in study.toml has changed since, and restore it.",
            code="base-model-changed",
        ) from error
    module.eval()
    inputs = _some_tokens(loaded.module, loaded.tokenizer.model_input_names, trial.head_inputs)
    expected = _outputs(module, inputs)
    adapter = saved_as(trial.task.head, strategy) == "adapter" and not merge
    if strategy.merged is not None and not adapter:
        module = strategy.merged(module)
    description = Description(
        task=trial.task.name,
        plugin=trial.plugin,
        options=dict(trial.task.options),
        labels=list(trial.labels),
        head_class=loaded.head_class,
        base_model=_from_anywhere(config.model) if adapter else None,
        max_length=loaded.max_length,
        pooling=pooling_of(loaded.module),
        calibration=dict(trial.calibration),
        versions=dict(trial.versions),
        metric=config.search.metric or "",
        metric_options=dict(config.search.metric_options),
        columns=dict(config.data.columns),
        strategy=strategy.name,
        strategy_options=dict(strategy.options),
        base_fingerprints=dict(loaded.fingerprints),
    )
    with written(folder) as aside, quiet():
        if adapter:
            module.peft_config["default"].base_model_name_or_path = description.base_model
        _save(module, aside)
        if adapter:
            base: Any = loaded.module
            base.config.save_pretrained(aside)  # holds the labels, which peft does not save
        loaded.tokenizer.save_pretrained(aside)
        head = None if adapter else pooled_head(module)
        if trial.task.head == MASKED_LM:
            copy_pooling(Path(locate(config.model)), aside)
        if isinstance(head, PooledHead):
            write_modules(aside, head, loaded.tokenizer, loaded.max_length)
        write_json(aside / DESCRIPTION, asdict(description))
        for file in _files_of(aside):
            file.chmod(0o644)  # safetensors creates files that only their owner can read
        (aside / CARD).write_text(trial.card, encoding="utf-8")
        write_manifest(
            aside, [name for file in _files_of(aside) if (name := file.relative_to(aside).as_posix()) != CARD]
        )
        _verify(aside, description, trial.task, inputs, expected)


def _files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _from_anywhere(model: str) -> str:
    """The model's name, valid in any working directory: a hub id, or an absolute path."""
    return str(Path(model).absolute()) if Path(model).is_dir() else model


def _save(module: Any, folder: Path) -> None:
    """Saves a transformers model, or peft's adapter."""
    if hasattr(module, "peft_config"):
        # Otherwise peft asks the hub whether the embeddings differ from the base model's. They do not.
        module.save_pretrained(folder, save_embedding_layers=False)
    else:
        module.save_pretrained(folder)


def _verify(
    folder: Path,
    description: Description,
    task: Task,
    inputs: Mapping[str, torch.Tensor],
    expected: Sequence[torch.Tensor],
) -> None:
    """Raise ExportError unless the folder, loaded as new objects, gives the expected outputs."""
    found = _outputs(load_module(folder, description, task), inputs)
    for one, other in zip(found, expected, strict=True):
        difference = (one - other).abs().max() / other.abs().max().clamp_min(1e-3)
        if not difference <= LARGEST_DIFFERENCE:
            raise ExportError(
                f"the exported model's logits differ from the trial's by {difference:.1e} of the largest",
                expected=f"at most {LARGEST_DIFFERENCE:.0e}",
                next_step="The folder was not changed. Report a bug that names the model and the strategy.",
                code="logits-differ",
            )


def _some_tokens(
    module: Any, names: Sequence[str], head_inputs: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Random token ids with padding, and token types if they are in ``names``.

    Each is ``[16, 16]``, or as long as the mask of the head's own inputs.

    There are as many examples as tokens, because a multiple-choice head takes one of them for the choices.
    """
    config = module.config
    draw = torch.Generator().manual_seed(0)
    mask = torch.ones(16, 16, dtype=torch.long)  # [16, 16]
    mask[1::2, 9:] = 0
    mask = head_inputs.get("attention_mask", mask)  # [examples, tokens]
    ids = torch.randint(0, config.vocab_size, tuple(mask.shape), generator=draw)  # [examples, tokens]
    ids[mask == 0] = getattr(config, "pad_token_id", 0) or 0
    types = (torch.arange(mask.shape[-1]) >= 5) * max(0, min(getattr(config, "type_vocab_size", 1) - 1, 1))
    own = {"token_type_ids": mask * types} if "token_type_ids" in names else {}
    return {**own, **head_inputs, "input_ids": ids, "attention_mask": mask}


@torch.no_grad()
def _outputs(module: Any, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    """The model's outputs, without those of padding."""
    outputs = module(**inputs)
    kept = inputs["attention_mask"].bool()  # [examples, tokens]
    tensors = [output for output in outputs.values() if isinstance(output, torch.Tensor)]
    return [tensor[kept] if tensor.shape[:2] == kept.shape else tensor for tensor in tensors]
