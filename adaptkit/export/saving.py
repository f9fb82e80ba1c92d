"""Writes a trial as a model folder that others load without adaptkit, and proves that it is the trial.

Full and frozen models are saved as transformers saves them, LoRA as peft's adapter, or merged. Every
folder is loaded back in fresh objects before it takes its place: its logits must be those of the trial.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from adaptkit.engine.patches.vocabulary import write_trial
from adaptkit.errors import ExportError
from adaptkit.export.loading import DESCRIPTION, Description, load_module
from adaptkit.models.loading import load_model
from adaptkit.strategies import STRATEGIES
from adaptkit.system.files import atomic_folder, write_json
from adaptkit.system.manifest import write_manifest
from adaptkit.system.quiet import quiet

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.task import Task

CARD = "README.md"
"""The model card; not in the manifest, as it is there to be edited."""

LARGEST_DIFFERENCE = 1e-4
"""Of the logits, relative to the largest: float32 computed in another order differs by less."""


@dataclass(frozen=True, kw_only=True)
class Winner:
    """What is to be exported."""

    config: StudyConfig
    task: Task
    labels: Sequence[str]
    parameters: torch.Tensor
    """``[P]``: the trial's trainable parameters."""

    vocabulary: torch.Tensor | None = None
    """``[occurring]``: the tokens whose embeddings are in the row; None if they are not, or all of them."""

    calibration: Mapping[str, float]
    """What the task calibrated on the dev rows."""

    card: str
    """The model card, in Markdown."""

    plugin: str
    """The distribution that the task comes from."""

    versions: Mapping[str, str]


def export(winner: Winner, folder: Path, *, merge: bool = False) -> None:
    """Writes the winner to ``folder``, as a whole or not at all.

    Args:
        winner: the trial and what describes it.
        folder: where to; an older export there is replaced.
        merge: for LoRA, write one plain model instead of an adapter.

    Raises:
        ExportError: the folder, loaded back, does not give the same logits.
        StudyError: the folder cannot be written.
    """
    config = winner.config
    loaded = load_model(
        winner.task, config.model, winner.labels, seed=config.seed, max_length=config.max_length
    )
    module: Any = STRATEGIES[config.strategy](loaded, config.lora_rank)
    try:
        write_trial(module, winner.parameters, winner.vocabulary)
    except ValueError as error:
        raise ExportError(
            str(error),
            expected="the same model as in the study",
            next_step="Check that the model named in study.toml has not changed since.",
        ) from error
    module.eval()
    inputs = _some_tokens(loaded.module)
    expected = _outputs(module, inputs)
    adapter = config.strategy == "lora" and not merge
    if config.strategy == "lora" and merge:
        module = module.merge_and_unload()
    description = Description(
        task=winner.task.name,
        plugin=winner.plugin,
        options=dict(winner.task.options),
        labels=list(winner.labels),
        head_class=loaded.head_class,
        base_model=_from_anywhere(config.model) if adapter else None,
        max_length=loaded.max_length,
        calibration=dict(winner.calibration),
        versions=dict(winner.versions),
    )
    with atomic_folder(folder) as aside, quiet():
        _save(module, aside)
        if adapter:
            base: Any = loaded.module
            base.config.save_pretrained(aside)  # the labels, which peft does not keep
        loaded.tokenizer.save_pretrained(aside)
        write_json(aside / DESCRIPTION, asdict(description))
        for file in aside.iterdir():
            file.chmod(0o644)  # safetensors makes its files readable to their owner only
        (aside / CARD).write_text(winner.card, encoding="utf-8")
        write_manifest(aside, [file.name for file in aside.iterdir() if file.name != CARD])
        _prove(aside, description, winner.task, inputs, expected)


def _from_anywhere(model: str) -> str:
    """The model's name as it is understood in any folder: an id of the hub, or a whole path."""
    return str(Path(model).absolute()) if Path(model).is_dir() else model


def _save(module: Any, folder: Path) -> None:
    """Saves a transformers model, or peft's adapter."""
    if hasattr(module, "peft_config"):
        # The embeddings are the base model's own; making sure of that, peft would ask the hub.
        module.save_pretrained(folder, save_embedding_layers=False)
    else:
        module.save_pretrained(folder)


def _prove(
    folder: Path,
    description: Description,
    task: Task,
    inputs: Mapping[str, torch.Tensor],
    expected: Sequence[torch.Tensor],
) -> None:
    """Raises ExportError unless the folder, loaded in fresh objects, gives the expected outputs."""
    found = _outputs(load_module(folder, description, task), inputs)
    for one, other in zip(found, expected, strict=True):
        difference = (one - other).abs().max() / other.abs().max().clamp_min(1e-3)
        if not difference <= LARGEST_DIFFERENCE:
            raise ExportError(
                f"the exported model's logits differ from the trial's by {difference:.1e} of the largest",
                expected=f"at most {LARGEST_DIFFERENCE:.0e}",
                next_step="Nothing was replaced. Please report this model and strategy.",
            )


def _some_tokens(module: Any) -> dict[str, torch.Tensor]:
    """Token ids of the model's whole vocabulary, with padding: ``[16, 16]``.

    As many examples as tokens, as a head over several choices takes either for the choices.
    """
    config = module.config
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(0, config.vocab_size, (16, 16), generator=draw)  # [16, 16]
    mask = torch.ones_like(ids)  # [16, 16]
    mask[1::2, 9:] = 0
    ids[1::2, 9:] = getattr(config, "pad_token_id", 0) or 0
    return {"input_ids": ids, "attention_mask": mask}


@torch.no_grad()
def _outputs(module: Any, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    """The model's outputs, padding apart."""
    outputs = module(**inputs)
    kept = inputs["attention_mask"].bool()  # [16, 16]
    tensors = [output for output in outputs.values() if isinstance(output, torch.Tensor)]
    return [tensor[kept] if tensor.shape[:2] == kept.shape else tensor for tensor in tensors]
