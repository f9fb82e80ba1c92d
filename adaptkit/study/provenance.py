"""What a study met when it began, and in what a later call describes another one. Knows no files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from adaptkit.config import StudyConfig, from_mapping, to_toml

MAY_CHANGE = frozenset({"data", "search", "device", "parallel_trials", "precision"})
"""The settings in which a resumed study may differ. The data are told by their fingerprint instead, and the
search by its resolved space and metric, so that its trials, timeout and pruning are free. The precision is
free because "auto" follows the device, which may change: bf16 moves a score less than a seed does."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What the configuration met when the study began, resolved; all but the versions must stay so."""

    versions: Mapping[str, str]
    """Distribution name → version; kept for the reader, not compared."""

    data_fingerprint: str
    labels: int
    """How many label names there are."""

    space: Mapping[str, str]
    """Each searched hyperparameter and its range, in words."""

    fixed: Mapping[str, float]
    """Each hyperparameter that is not searched, and its value."""

    metric: str
    direction: str


def differences_of(old: tuple[StudyConfig, Provenance], new: tuple[StudyConfig, Provenance]) -> list[str]:
    """Each thing in which the new call is not the old study's, as ``name: old → new``."""
    was, becomes = _compared(*old), _compared(*new)
    return [
        f"{name}: {_shown(was.get(name))} → {_shown(becomes.get(name))}"
        for name in sorted(was | becomes)
        if was.get(name) != becomes.get(name)
    ]


def _compared(config: StudyConfig, provenance: Provenance) -> dict[str, Any]:
    """All in which two runs of one study must agree, flat, by the name a user knows it by."""
    as_read = from_mapping(tomllib.loads(to_toml(config)))  # what TOML changes, it changes on both sides
    settings = {name: value for name, value in asdict(as_read).items() if name not in MAY_CHANGE}
    options = {f"option {name}": value for name, value in settings.pop("options").items()}
    settings["evals_per_epoch"] = as_read.search.evals_per_epoch
    if as_read.strategy != "lora":
        del settings["lora_rank"]
    met = asdict(provenance)
    del met["versions"]
    flat = settings | met.pop("space") | met.pop("fixed") | met
    return {name.replace("_", " "): value for name, value in flat.items()} | options


def _shown(value: object) -> str:
    return "not set" if value is None else str(value)
