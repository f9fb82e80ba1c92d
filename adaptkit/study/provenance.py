"""What a study depends on: recorded when it starts, and compared when it is resumed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from adaptkit.config import STRICT, DataConfig, StudyConfig, from_mapping, to_toml
from adaptkit.study.ranges import plain_range

FINGERPRINT_SHOWN = 12
"""As many digits of a fingerprint are shown."""

MAY_CHANGE = frozenset({"data", "search", "device", "fast_paths", "parallel_trials", "precision"})
"""The settings that may change when a study is resumed. The data are compared by their fingerprint, and the
search by its resolved space and metric, so the number of trials, the timeout and pruning may change. The
precision may change because "auto" follows the device: bf16 changes a score less than another seed does. The
fast paths may change because they compute the same numbers, except for rounding."""

ADDED_WORDS = "a file without a header line, "
"""Earlier versions did not say this of a table that is read in the same way."""

FIRST_WITH_AVERAGE = 8
"""The version of the ranges since which the average of the winner's runs may be exported by default. Before,
the setting was False by default, and not None."""

FIRST_WITH_REFIT = 11
"""The version of the ranges since which a confirmed winner is trained again on all rows by default."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What the configuration resolved to when the study started. All but the versions must stay the same."""

    __pydantic_config__ = STRICT

    versions: Mapping[str, str]
    """Distribution name → version; recorded for the reader, not compared."""

    data_fingerprint: str
    labels: int
    """How many label names there are."""

    space: Mapping[str, str]
    """Each searched hyperparameter and its range, in words."""

    fixed: Mapping[str, int | float]
    """Each hyperparameter that is not searched, and its value."""

    metric: str
    direction: str
    pooling: str = "checkpoint"
    """How the head pools, resolved; studies of version 0.1.0 had the checkpoint's own head."""

    solver: str = "adamw"
    """How a head on a frozen encoder is trained, resolved; version 0.1.0 took gradient steps."""

    head_init: str = "random"
    """How a head starts where the encoder trains, resolved; version 0.1.0 started at random."""

    layers: int = 0
    """How many of the encoder's layers are used; 0 for all."""

    folds: int = 0
    """The folds of cross-validation; 0 where dev rows score the trials."""

    class_weights: str = "none"
    """The weights of the classes in the loss, in words."""

    label_smoothing: float = 0.0

    base_fingerprints: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each part of the base model, compared when the model is loaded. Earlier versions did not
    record them."""

    read_as: Mapping[str, str] = field(default_factory=dict)
    """Split → what was inferred to read its file; recorded for the reader, not compared."""

    plugin: str = ""
    """The distribution of the task; its version is in ``versions``. Earlier versions did not record it."""

    task_options: Mapping[str, Any] = field(default_factory=dict)
    """The options of the task that were in force; recorded for the reader, the given ones are compared."""

    ranges: int = 1
    """The version of the strategies' ranges and defaults; see `adaptkit.search.space`."""

    split: int = 1
    """How dev rows and folds are split off: 1, as in version 0.1.0, does not depend on the task's groups."""


def differences_of(old: tuple[StudyConfig, Provenance], new: tuple[StudyConfig, Provenance]) -> list[str]:
    """Each setting that differs between the old study and the new call as ``name: old → new``, data first."""
    was, becomes = _compared(*old), _compared(*new)
    reseeded = old[0].seed != new[0].seed and new[0].data.dev is None
    sources = _sources_in_words(old[0].data, new[0].data, reseeded=reseeded)
    sources += _reading_in_words(old[1].read_as, new[1].read_as)
    other_data = old[1].data_fingerprint != new[1].data_fingerprint
    marks = (one[1].data_fingerprint[:FINGERPRINT_SHOWN] for one in (old, new))
    data = [f"data: {sources} (fingerprint {' → '.join(marks)})"] if other_data else []
    return data + [
        f"{name}: {_shown(was.get(name))} → {_shown(becomes.get(name))}"
        for name in sorted((was | becomes).keys() - {"data fingerprint"})
        if was.get(name) != becomes.get(name)
    ]


def _sources_in_words(old: DataConfig, new: DataConfig, *, reseeded: bool) -> str:
    """Where rows that differ came from, and come from, or which setting splits them in another way."""
    was, becomes = (_named(data) or "the task's sample" for data in (old, new))
    if was != becomes:
        return f"from {was}; now from {becomes}"
    before, now = _splitting(old), _splitting(new)
    changes = [
        f"{name} {_shown(before[name])} → {_shown(now[name])}" for name in now if before[name] != now[name]
    ]
    other = "other dev rows by another seed" if reseeded else "changed, or read in another way"
    return f"{becomes}: {', '.join(changes) or other}"


def _splitting(data: DataConfig) -> dict[str, object]:
    """The settings that split dev rows off."""
    return {"dev fraction": data.fraction if data.dev is None else None, "group": data.group}


def _reading_in_words(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """How the first split that is read in another way was and is read; also a newer version may do that."""
    old, new = ({split: words.replace(ADDED_WORDS, "") for split, words in its.items()} for its in (old, new))
    split = next((one for one in {**new, **old} if new.get(one) != old.get(one)), None)
    if split is None:
        return ""
    before, now = (reading.get(split, "nothing inferred") for reading in (old, new))
    return f"; {split} was read as: {before}; now as: {now}"


def _named(data: DataConfig) -> str:
    given = [source for source in (data.data, data.train, data.dev, data.test) if source is not None]
    names = ["rows given in Python" if source.startswith("rows:") else source for source in given]
    return ", ".join(dict.fromkeys(names))


def _compared(config: StudyConfig, provenance: Provenance) -> dict[str, Any]:
    """Everything that two runs of one study must agree on, by the name that a user sees."""
    as_read = from_mapping(tomllib.loads(to_toml(config)))  # TOML changes some types: compare what it gives
    settings = {name: value for name, value in asdict(as_read).items() if name not in MAY_CHANGE}
    options = {f"option {name}": value for name, value in settings.pop("options").items()}
    options |= {f"strategy option {n}": value for n, value in settings.pop("strategy_options").items()}
    settings["evals_per_epoch"] = as_read.search.evals_per_epoch
    if as_read.strategy != "lora":
        del settings["lora_rank"]
    for name in ("pooling", "head_solver", "head_init", "folds", "layers"):
        del settings[name]  # what they resolved to is compared
    if provenance.ranges < FIRST_WITH_AVERAGE and settings["soup"] is False:
        settings["soup"] = None  # False was written where nothing was given
    resolved = asdict(provenance)
    for name in ("versions", "base_fingerprints", "read_as", "plugin", "task_options"):
        del resolved[name]
    space = {name: plain_range(text) for name, text in resolved.pop("space").items()}
    flat = settings | space | resolved.pop("fixed") | resolved
    return {name.replace("_", " "): value for name, value in flat.items()} | options


def _shown(value: object) -> str:
    return "not set" if value is None else str(value)
