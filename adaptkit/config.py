"""The configuration of a study, as frozen dataclasses, and its form on disk, ``study.toml``.

The types of the fields are checked by pydantic, when a configuration is read and before it is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tomli_w
from annotated_types import Ge, Gt, Le, Lt, MinLen

from adaptkit.config_problems import Written, as_assigned, in_words
from adaptkit.documents import read_toml

if TYPE_CHECKING:
    from pydantic import TypeAdapter

PrecisionName = Literal["auto", "fp32", "bf16"]
PoolingName = Literal["auto", "mean", "first", "normalized-mean", "normalized-first", "pair", "checkpoint"]
SolverName = Literal["auto", "lbfgs", "adamw"]
HeadInitName = Literal["auto", "solved", "random"]

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
STRICT = {"extra": "forbid", "strict": True}
"""pydantic's settings: unknown keys are errors, and no value is converted from another type."""

RENAMED = {
    "": {"together": "parallel_trials"},
    "data": {"dev_share": "dev_fraction"},
    "search": {"rungs_per_epoch": "evals_per_epoch"},
}
"""Section → key that version 0.1.0 wrote → today's key."""

Rate = Annotated[float, Gt(0), Lt(10)]

DEV_FRACTION = 0.15
"""The fraction of the training rows that becomes the dev split if none is given."""
LAST_WITH_BOTH = 9
"""The last version of the ranges with folds beside a fraction, which study.toml had even if not given."""


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Where the rows come from. If nothing is set, the sample that comes with the task."""

    __pydantic_config__ = STRICT

    data: str | None = None
    """One source for all splits: a file, a folder of a `datasets` data set, or a hub id."""

    train: str | None = None
    dev: str | None = None
    test: str | None = None

    columns: Mapping[str, str] = field(default_factory=dict)
    """The task's column → the file's column."""

    dev_fraction: Annotated[float, Gt(0), Lt(1)] | None = None
    """The fraction of the training rows that becomes the dev split. None: `DEV_FRACTION`, or folds."""

    delimiter: str | None = None
    """The character between the fields of a table, or a word such as "tab". None: found from the header."""

    encoding: str | None = None
    """The encoding of text files. None: UTF-8."""

    reader: str | None = None
    """The reader of a plugin, by name. None: found from the file."""

    skip_bad_rows: bool = False

    group: str | None = None
    """A column of the file; rows with the same value in it stay in one split and one fold. None: the task's
    own groups, if it has any, such as the questions about one context."""

    @property
    def fraction(self) -> float:
        """The fraction of the training rows that becomes the dev split, where one is split off."""
        return DEV_FRACTION if self.dev_fraction is None else self.dev_fraction


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """The search: how many trials, over which ranges, for how long. None means the strategy's default."""

    __pydantic_config__ = STRICT

    trials: Annotated[int, Ge(1), Le(100_000)] = 8
    """The total number of trials of the study, resumed runs included."""

    epochs: Annotated[float, Gt(0), Le(1000)] | None = None
    learning_rate: tuple[Rate, Rate] | None = None
    """Lowest and highest, searched on a logarithmic scale."""

    batch_sizes: Annotated[tuple[Annotated[int, Ge(1), Le(10**6)], ...], MinLen(1)] | None = None
    """The effective batch sizes to choose from."""

    class_weights: str | None = None
    """The labels' weights in the loss: "balanced", or a JSON or TOML file. None: all count the same."""

    label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0
    """The share of the target that all classes get equally, as in `torch.nn.CrossEntropyLoss`."""

    metric: str | None = None
    """A number that the task reports, or the metric of a plugin. None: the task's own."""

    metric_options: Mapping[str, Any] = field(default_factory=dict)
    """The keyword arguments of the factory of a plugin's metric."""

    pruning: bool = True
    patience: Annotated[int, Ge(0)] | None = None
    """Evaluations in a row without a better score that end a trial. 0: never. None: half of them all."""

    evals_per_epoch: Annotated[int, Ge(1), Le(1000)] | None = None
    """None: as many as keep evaluation below a fifth of the cost of training, at most four."""

    confirm: Annotated[int, Ge(0), Le(50)] | None = None
    """Runs with new seeds of each of the best configurations. 0: none. None: by the search's own cost."""

    refit: bool | None = None
    """Whether the winner is trained again on the training and dev rows together before it is exported. None:
    where the dev rows were split off the training rows, a head that is solved, and a confirmed winner whose
    encoder trains."""

    timeout: Annotated[float, Gt(0), Le(366 * 86_400)] | None = None
    """Seconds of training and evaluation, on a monotonic clock. None: no limit."""


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """The configuration of one study."""

    __pydantic_config__ = STRICT

    task: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """The keyword arguments of the task factory."""

    model: str = DEFAULT_MODEL
    strategy: str = "full"
    strategy_options: Mapping[str, Any] = field(default_factory=dict)
    """The keyword arguments of the strategy's factory."""

    pooling: PoolingName = "auto"
    """How a head that classifies texts pools the tokens' states. auto: as the model folder declares; if it
    declares nothing, chosen by cross-validation if the head is solved, else the checkpoint's."""

    head_solver: SolverName = "auto"
    """How a head on a frozen encoder is trained. auto: solved where it is one linear layer."""

    head_init: HeadInitName = "auto"
    """How a head starts where the encoder trains. auto: solved on the frozen encoder, if it is linear."""

    layers: Annotated[int, Ge(0), Le(10_000)] | None = None
    """How many of the encoder's layers are used; 0 for all. None: all, but half of a sentence encoder's for
    heads on tokens that are solved."""

    folds: Annotated[int, Ge(0), Le(20)] | None = None
    """Folds of cross-validation that score the trials instead of a dev split; 0 for none. None: as pays."""

    reshuffle: bool = False
    """Whether each trial has another split into training and dev rows."""

    soup: bool | None = None
    """Whether confirmation runs start alike, and the average of the winner's weights may be exported. None:
    where they start alike anyway."""

    lora_rank: Annotated[int, Ge(1), Le(10_000)] = 8
    max_length: Annotated[int, Ge(8), Le(10**6)] | None = None
    """The largest number of tokens in one example. None: the model's own limit, at most 512."""

    seed: Annotated[int, Ge(0), Lt(2**32)] = 0
    device: str = "auto"
    precision: PrecisionName = "auto"
    parallel_trials: Annotated[int, Ge(1), Le(10_000)] | None = None
    """How many trials are trained together. None: as measured."""

    fast_paths: bool = True
    """Whether to use the fast paths, which compute the same numbers in less time."""

    data: DataConfig = field(default_factory=DataConfig)
    search: SearchConfig = field(default_factory=SearchConfig)


def to_toml(config: StudyConfig) -> str:
    """The configuration as TOML. Values that are None are left out."""
    return tomli_w.dumps(_without_none(asdict(config)))


def from_mapping(values: Mapping[str, Any]) -> StudyConfig:
    """The configuration from nested mappings, as TOML gives them.

    Raises:
        ValueError: names every unknown key and every value of the wrong type.
    """
    from pydantic import ValidationError

    try:
        return _validated(_as_fields(values))
    except ValidationError as error:
        raise ValueError("; ".join(in_words(error, values))) from error


def from_toml(path: Path) -> StudyConfig:
    """The configuration in a TOML file; raises ValueError or OSError."""
    document = read_toml(path)
    known = {name: document[name] for name in document if name not in ("study", "provenance")}
    config = from_mapping(known)
    if config.data.dev_fraction == DEV_FRACTION and _has_defaults(document.get("provenance")):
        return replace(config, data=replace(config.data, dev_fraction=None))
    return config


def _has_defaults(provenance: object) -> bool:
    """Whether this is that of a study whose configuration has a fraction even if none was given."""
    ranges = provenance.get("ranges", 1) if isinstance(provenance, Mapping) else None
    return isinstance(ranges, int) and ranges <= LAST_WITH_BOTH


def problems_of(config: StudyConfig, written: Written = as_assigned) -> list[str]:
    """Everything that is wrong with the configuration's own values, one sentence each.

    ``written`` gets the name of a field without the name of its part.
    """
    from pydantic import ValidationError

    try:
        _validated(asdict(config))
    except ValidationError as error:
        return in_words(error, asdict(config), lambda key, value: written(key.rpartition(".")[2], value))
    except (ValueError, RecursionError) as error:  # no JSON: a number of thousands of digits, deep nesting
        return [f"a value cannot be used: {error}"]
    return _contradictions(config, written)


def columns_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The task's column → the file's column. A position may be given as a number."""
    return {name: str(column) if type(column) is int else column for name, column in given.items()}


def _contradictions(config: StudyConfig, written: Written) -> list[str]:
    """Values that are valid alone but not together."""
    problems, search = [], config.search
    if config.strategy != "lora" and config.lora_rank != StudyConfig.lora_rank:
        rank = written("lora_rank", config.lora_rank)
        problems.append(f"{rank}: only the strategy 'lora' has a rank")
    soup = written("soup", config.soup)
    if config.soup and search.confirm in (0, 1):
        problems.append(
            f"{soup} with {written('confirm', search.confirm)}: expected at least 2 runs to average"
        )
    if search.learning_rate is not None and search.learning_rate[0] > search.learning_rate[1]:
        rates = written("learning_rate", search.learning_rate)
        problems.append(f"{rates}: expected the lowest rate first")
    return problems


def _validated(values: Mapping[str, Any]) -> StudyConfig:
    """The values as a configuration; raises ValidationError.

    They are read as JSON: there pydantic's strict mode takes a list for a tuple and a mapping for a part.
    """
    return _adapter().validate_json(json.dumps(values, default=str))


@cache
def _adapter() -> TypeAdapter[StudyConfig]:
    from pydantic import TypeAdapter

    return TypeAdapter(StudyConfig)


def _as_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by today's names, and column positions as text."""
    found = _renamed(values, "")
    for section in ("data", "search"):
        if isinstance(found.get(section), Mapping):
            found[section] = _renamed(found[section], section)
    columns = found["data"].get("columns") if isinstance(found.get("data"), dict) else None
    if isinstance(columns, Mapping):
        found["data"]["columns"] = columns_of(columns)
    return found


def _renamed(values: Mapping[str, Any], section: str) -> dict[str, Any]:
    names = RENAMED[section]
    return {names.get(name, name): value for name, value in values.items()}


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return list(value) if isinstance(value, tuple) else value
