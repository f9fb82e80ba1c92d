"""What a configuration comes to: its problems, the study's name, the metric, the machine it runs on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from adaptkit.cache.entries import Cache
from adaptkit.config import StudyConfig, problems_of
from adaptkit.errors import ConfigError
from adaptkit.task import Metric


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where the study runs."""

    device: str
    precision: str
    cache: Cache
    """Where the features of a frozen encoder are kept for the next study."""

    @classmethod
    def of(cls, config: StudyConfig) -> Machine:
        """What the configuration asks for, as this machine has it; raises ConfigError if it has not."""
        from adaptkit.system.devices import resolve_device, resolve_precision

        device = resolve_device(config.device)
        precision = resolve_precision(config.precision, device)
        return cls(device=device, precision=precision, cache=Cache.from_environment())


def refuse_problems(config: StudyConfig) -> None:
    """Raises ConfigError with all that is wrong with the configuration's values."""
    problems = problems_of(config)
    if problems:
        raise ConfigError("; ".join(problems), next_step="Change these options.")


def chosen_metric(metric: Metric, wanted: str | None) -> tuple[str, str]:
    """The name and the direction of the number that is optimised.

    Raises:
        ConfigError: the task does not report the wanted one.
    """
    known = {metric.name: metric.direction, **metric.others}
    name = wanted or metric.name
    if name not in known:
        raise ConfigError(
            f"metric {name!r}", expected=f"one of {', '.join(known)}", next_step="Change --metric."
        )
    return name, known[name]


def default_name(config: StudyConfig) -> str:
    """The study's name where none is given: the same command finds the same study again."""
    same = asdict(config)
    for free in ("device", "precision", "parallel_trials"):
        del same[free]
    for free in ("trials", "timeout", "pruning"):
        del same["search"][free]
    # The keys as version 0.1.0 named them, so that its studies are found again.
    same["data"]["dev_share"] = same["data"].pop("dev_fraction")
    same["search"]["rungs_per_epoch"] = same["search"].pop("evals_per_epoch")
    digest = hashlib.sha256(json.dumps(same, sort_keys=True, default=str).encode()).hexdigest()
    return f"{config.task.rpartition(':')[2]}-{config.strategy}-{digest[:6]}"
