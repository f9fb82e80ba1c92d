"""What a study is told, as frozen dataclasses, and their one form on disk: ``study.toml``.

Knows nothing of the rest of adaptkit, and checks only what can be told from the values alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

import tomli_w

StrategyName = Literal["frozen", "lora", "full"]
PrecisionName = Literal["auto", "fp32", "bf16"]

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Where the rows come from. Nothing set: the task's own sample."""

    data: str | None = None
    """One source for everything: a file, a folder of a `datasets` data set, or a hub id."""

    train: str | None = None
    dev: str | None = None
    test: str | None = None

    columns: Mapping[str, str] = field(default_factory=dict)
    """The task's column → the file's column."""

    dev_share: float = 0.15
    """The share of the training rows split off when there is no dev file."""

    skip_bad_rows: bool = False


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """The search: how many trials, of what, for how long. None: the strategy's own."""

    trials: int = 8
    """The study's total, resumed runs included."""

    epochs: float | None = None
    learning_rate: tuple[float, float] | None = None
    """Lowest and highest, searched on a logarithmic scale."""

    batch_sizes: tuple[int, ...] | None = None
    """The effective batch sizes to choose among."""

    metric: str | None = None
    pruning: bool = True
    rungs_per_epoch: int | None = None
    """None: as many as keep scoring under a fifth of the training's cost, four at most."""

    timeout: float | None = None
    """Seconds of training and scoring, on a monotonic clock; None: no limit."""


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """One study, whole."""

    task: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """The task factory's keyword arguments."""

    model: str = DEFAULT_MODEL
    strategy: StrategyName = "full"
    lora_rank: int = 8
    max_length: int | None = None
    """Tokens in one example at most; None: the model's own limit, 512 at most."""

    seed: int = 0
    device: str = "auto"
    precision: PrecisionName = "auto"
    together: int | None = None
    """Trials trained together; None: measured."""

    data: DataConfig = field(default_factory=DataConfig)
    search: SearchConfig = field(default_factory=SearchConfig)


def to_toml(config: StudyConfig) -> str:
    """The configuration as TOML; what is None is left out."""
    return tomli_w.dumps(_without_none(asdict(config)))


def from_mapping(values: Mapping[str, Any]) -> StudyConfig:
    """The configuration out of nested mappings, as TOML gives them.

    Raises ValueError that names every unknown key and every value of the wrong kind at once.
    """
    problems: list[str] = []
    nested = {"data": DataConfig, "search": SearchConfig}
    parts = {
        name: kind(**_checked(kind, values.get(name, {}), name, problems)) for name, kind in nested.items()
    }
    top = {key: value for key, value in values.items() if key not in nested}
    top = _checked(StudyConfig, top, "", problems)
    if "task" not in top:
        problems.append("task is missing")
    if problems:
        raise ValueError("; ".join(problems))
    return StudyConfig(**top, **parts)


def from_toml(path: Path) -> StudyConfig:
    """The configuration in a TOML file; raises ValueError or OSError."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    known = {name: document[name] for name in document if name not in ("study", "provenance")}
    return from_mapping(known)


def problems_of(config: StudyConfig) -> list[str]:
    """Everything that is wrong with the configuration's own values, all of it together."""
    wrong_kinds = [
        problem
        for part, prefix in ((config, ""), (config.data, "data."), (config.search, "search."))
        for problem in _wrong_kinds(type(part), vars(part), prefix)
    ]
    return wrong_kinds or _wrong_values(config)


def _wrong_values(config: StudyConfig) -> list[str]:
    """What is wrong with values that are of the right kind."""
    search = config.search
    checks = [
        (
            config.strategy in get_args(StrategyName),
            f"strategy {config.strategy!r}: choose frozen, lora or full",
        ),
        (
            config.precision in get_args(PrecisionName),
            f"precision {config.precision!r}: choose auto, fp32 or bf16",
        ),
        (0 <= config.seed < 2**32, f"seed {config.seed}: 0 to 4,294,967,295"),
        (search.trials >= 1, f"trials {search.trials}: at least 1"),
        (
            search.epochs is None or 0 < search.epochs <= 1000,
            f"epochs {search.epochs}: above 0, at most 1000",
        ),
        (search.timeout is None or search.timeout > 0, f"timeout {search.timeout} s: above 0"),
        (config.together is None or config.together >= 1, f"together {config.together}: at least 1"),
        (config.lora_rank >= 1, f"lora rank {config.lora_rank}: at least 1"),
        (
            config.strategy == "lora" or config.lora_rank == StudyConfig.lora_rank,
            f"lora rank {config.lora_rank} for strategy {config.strategy!r}: only 'lora' has one",
        ),
        (config.max_length is None or config.max_length >= 8, f"max length {config.max_length}: at least 8"),
        (0 < config.data.dev_share < 1, f"dev share {config.data.dev_share}: between 0 and 1"),
        (
            search.rungs_per_epoch is None or search.rungs_per_epoch >= 1,
            f"rungs {search.rungs_per_epoch}: at least 1",
        ),
    ]
    problems = [problem for holds, problem in checks if not holds]
    if search.learning_rate is not None:
        low, high = search.learning_rate
        if not 0 < low <= high < 10:
            problems.append(f"learning rate {low:g} to {high:g}: 0 < LOW <= HIGH < 10")
    if search.batch_sizes is not None and (not search.batch_sizes or min(search.batch_sizes) < 1):
        problems.append(f"batch sizes {list(search.batch_sizes)}: whole numbers of at least 1")
    return problems


def _checked(kind: type, values: Mapping[str, Any], where: str, problems: list[str]) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        problems.append(f"{where} = {values!r}: expected a section [{where}]")
        return {}
    names = {one.name: str(one.type) for one in fields(kind)}
    prefix = f"{where}." if where else ""
    unknown = sorted(set(values) - set(names))
    problems.extend(f"unknown key {prefix}{name}" for name in unknown)
    known = {name: value for name, value in values.items() if name in names}
    if isinstance(known.get("columns"), Mapping):
        known["columns"] = columns_of(known["columns"])
    problems.extend(_wrong_kinds(kind, known, prefix))
    return {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}


def columns_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The task's column → the file's: a position may have been written as a number."""
    return {name: str(column) if type(column) is int else column for name, column in given.items()}


def _wrong_kinds(kind: type, values: Mapping[str, Any], prefix: str) -> list[str]:
    """The values that are not of the kind that their field says, in words."""
    return [
        f"{prefix}{one.name} = {values[one.name]!r}: expected {one.type}"
        for one in fields(kind)
        if one.name in values and not _fits(values[one.name], str(one.type))
    ]


def _fits(value: object, annotation: str) -> bool:
    """Whether a TOML value is of the annotated kind, as far as TOML's own kinds tell them apart."""
    kinds: list[tuple[str, tuple[type, ...]]] = [
        ("tuple", (list, tuple)),
        ("Mapping", (Mapping,)),
        ("bool", (bool,)),
        ("float", (float, int)),
        ("int", (int,)),
        ("str", (str,)),
        ("Name", (str,)),
        ("Config", (DataConfig, SearchConfig)),
        ("None", (type(None),)),
    ]
    outer = [part.strip().split("[")[0] for part in annotation.split("|")]
    accepted = [types for name, types in kinds for part in outer if part == name or part.endswith(name)]
    if isinstance(value, bool):
        return (bool,) in accepted
    if isinstance(value, (list, tuple)):
        return (list, tuple) in accepted and _members_fit(value, annotation)
    if isinstance(value, Mapping) and annotation == "Mapping[str, str]":
        return all(isinstance(part, str) for pair in value.items() for part in pair)
    return any(isinstance(value, types) for types in accepted)


def _members_fit(values: Sequence[object], annotation: str) -> bool:
    """Whether a list is what ``tuple[float, float]`` or ``tuple[int, ...]`` says."""
    if "tuple[float, float]" in annotation:
        return len(values) == 2 and all(type(value) in (int, float) for value in values)
    return all(type(value) is int for value in values)


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return list(value) if isinstance(value, tuple) else value
