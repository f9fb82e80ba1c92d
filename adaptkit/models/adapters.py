"""Adapters, such as LoRA's: refused where a complete model is needed, and checked before peft opens one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adaptkit.documents import read_json
from adaptkit.errors import ModelError

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
DESCRIPTION = "adaptkit.json"
"""The file in which adaptkit describes an exported model."""


def refuse_adapter(folder: Path) -> None:
    """Raise ModelError, with the way to merge it, if the folder holds an adapter."""
    path = folder / ADAPTER_CONFIG
    if not path.exists():
        return
    try:
        settings = _settings(path)
    except (OSError, ValueError):
        settings = {}
    base = settings.get("base_model_name_or_path")
    kind = str(settings.get("peft_type") or "peft")[:30]
    raise ModelError(
        f"{folder} holds an adapter ({kind}), not a complete model"
        + (f"; its base model is {base!r:.200}" if base else ""),
        expected="a complete model",
        next_step=_how_to_merge(folder),
        code="adapter",
    )


def _how_to_merge(folder: Path) -> str:
    if (folder / DESCRIPTION).exists():
        study = folder.absolute().parent.name if (folder.parent / "study.toml").exists() else "STUDY"
        return f"Merge it: adaptkit export {study} --merge --to FOLDER, then give that folder to --model."
    return (
        "Merge it: load it with peft's AutoPeftModel.from_pretrained(folder), call merge_and_unload() and "
        "save_pretrained(new_folder), and save the tokenizer there. Then give the new folder to --model."
    )


def check_adapter(folder: Path) -> None:
    """Check an exported adapter before peft opens it.

    Raises:
        ModelError: its weights are not a safetensors file, or it is not a plain LoRA adapter.
    """
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise ModelError(
            f"{folder} has no {ADAPTER_WEIGHTS}",
            expected="a safetensors file (pickled weights are not read, because they can run code)",
            next_step="Export the study again.",
            code="no-weights",
        )
    try:
        settings = _settings(folder / ADAPTER_CONFIG)
    except (OSError, ValueError) as error:
        settings = {"peft_type": f"unreadable ({type(error).__name__})"}
    if settings.get("peft_type") != "LORA" or settings.get("megatron_config"):
        raise ModelError(
            f"{folder / ADAPTER_CONFIG} does not describe a plain LoRA adapter"
            f" (peft_type = {settings.get('peft_type')!r:.100})",
            expected="an adapter that adaptkit exported",
            next_step="Export the study again.",
            code="not-lora",
        )


def _settings(path: Path) -> Mapping[str, Any]:
    found = read_json(path)
    if not isinstance(found, Mapping):
        raise ValueError("not a mapping")
    return found
