"""Checks a configuration, and resolves the study's name, its metric and its device."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from adaptkit.cache.entries import Cache
from adaptkit.config import DEV_FRACTION, StudyConfig, problems_of
from adaptkit.data.in_memory import REFERENCE
from adaptkit.data.sources import refuse_missing
from adaptkit.errors import ConfigError
from adaptkit.models.files import refuse_missing_model
from adaptkit.strategies import registry
from adaptkit.strategy import Strategy
from adaptkit.task import Metric
from adaptkit.tasks import entry_points
from adaptkit.tasks.metrics import METRICS


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The device that a study runs on, and the cache."""

    device: str
    precision: str
    cache: Cache
    """Where the features of a frozen encoder are kept for later studies."""

    @classmethod
    def of(cls, config: StudyConfig) -> Machine:
        """Resolve the configured device and precision; raises ConfigError if they are not available."""
        from adaptkit.system.devices import resolve_device, resolve_precision

        device = resolve_device(config.device)
        precision = resolve_precision(config.precision, device)
        return cls(device=device, precision=precision, cache=Cache.from_environment())


def strategy_of(config: StudyConfig) -> Strategy:
    """The configured strategy; raises TaskError if it is not installed or broken."""
    rank = {"rank": config.lora_rank} if config.strategy == "lora" else {}
    return registry.load(config.strategy, {**rank, **config.strategy_options})


def plugins_of(config: StudyConfig, task: str) -> tuple[str, ...]:
    """The distributions of the study's plugins: of its task, its strategy and its metric.

    Args:
        config: the configuration.
        task: the distribution of the task.
    """
    metric = config.search.metric
    named = metric is not None and any(
        listing.name == metric.rpartition(":")[2] for listing in entry_points.available(METRICS)
    )
    strategy = entry_points.find(registry.STRATEGIES, config.strategy).distribution
    return (task, strategy, *([entry_points.find(METRICS, metric).distribution] if metric and named else []))


def refuse_problems(config: StudyConfig) -> None:
    """Refuse what can be seen to be wrong without the task, which may import much, and without the data.

    Raises:
        ConfigError: lists every invalid value of the configuration.
        TaskError: the strategy is not installed.
        ModelError: the model is a path that is not a folder.
        DataError: data are not there.
    """
    problems = problems_of(config)
    if problems:
        raise ConfigError("; ".join(problems), next_step="Change these options.", code="invalid-options")
    entry_points.find(registry.STRATEGIES, config.strategy)
    refuse_missing_model(config.model)
    data = config.data
    for source in (data.data, data.train, data.dev, data.test):
        if source is not None and not REFERENCE.fullmatch(source):
            refuse_missing(source)


def chosen_metric(metric: Metric, wanted: str | None) -> tuple[str, str]:
    """The name and the direction of the optimised number.

    Raises:
        ConfigError: the task does not report the wanted number.
    """
    known = {metric.name: metric.direction, **metric.others}
    name = metric.name if wanted is None or wanted.rpartition(":")[2] == metric.name else wanted
    if name not in known:
        raise ConfigError(
            f"metric {name!r}",
            expected=f"one of {', '.join(known)}",
            next_step="Change --metric, or leave it out.",
            code="unknown-metric",
        )
    return name, known[name]


def default_name(config: StudyConfig) -> str:
    """The study's name if none is given. The same command always gives the same name."""
    same = asdict(config)
    for free in ("device", "precision", "parallel_trials", "fast_paths"):
        del same[free]
    for free in ("trials", "timeout", "pruning", "patience", "confirm", "refit"):
        del same["search"][free]
    for name in ("pooling", "head_solver", "head_init", "folds", "layers", "soup"):
        if same[name] in ("auto", None):
            del same[name]
    for name in ("group", "delimiter", "encoding", "reader"):
        if same["data"][name] is None:
            del same["data"][name]
    later = ("class_weights", "label_smoothing", "metric_options")
    for section, names in ((same, ("strategy_options", "reshuffle")), (same["search"], later)):
        for name in names:
            if not section[name]:
                del section[name]
    # The keys have the names of version 0.1.0, so that its studies are found.
    same["data"]["dev_share"] = _as_in_names(same["data"].pop("dev_fraction"))
    same["search"]["rungs_per_epoch"] = same["search"].pop("evals_per_epoch")
    digest = hashlib.sha256(json.dumps(same, sort_keys=True, default=str).encode()).hexdigest()
    return f"{config.task.rpartition(':')[2]}-{config.strategy.rpartition(':')[2]}-{digest[:6]}"


def _as_in_names(fraction: float | None) -> float | str:
    """The fraction as it is in names: as a number if none was given, as it was when 0.15 was the default."""
    if fraction is None:
        return DEV_FRACTION
    return str(fraction) if fraction == DEV_FRACTION else fraction
