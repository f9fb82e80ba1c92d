"""The configuration of a study from the options of `adaptkit tune` and a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptkit.cli.parameters import Duration, pairs

if TYPE_CHECKING:
    from adaptkit.config import DataConfig, SearchConfig, StudyConfig

OPTIONS_OF_PLUGINS = {
    "options": "--option",
    "strategy_options": "--strategy-option",
    "metric_options": "--metric-option",
}
"""The configuration's name for the options of each kind of plugin, and the option that gives them."""


def configured(
    config_file: Path | None, given: dict[str, Any], parameters: Sequence[click.Parameter]
) -> StudyConfig:
    """The configuration of the file, if there is one, changed by the given options.

    Args:
        config_file: the file.
        given: the values of the options by field; None where an option was not given.
        parameters: the options, by which messages name the fields.

    Raises:
        ConfigError: the file or an option has an invalid value, or no task is given.
    """
    from adaptkit.config import DataConfig, SearchConfig, StudyConfig, from_toml
    from adaptkit.errors import ConfigError

    try:
        base = from_toml(config_file) if config_file else None
    except (ValueError, OSError) as error:
        raise ConfigError(
            f"{config_file}: {error}",
            expected="a valid study.toml",
            next_step="Correct the file, or leave out --config.",
            code="invalid-config-file",
        ) from error
    given["columns"] = pairs(given["columns"], "--column") or None
    for name, option in OPTIONS_OF_PLUGINS.items():
        given[name] = pairs(given.get(name, ()), option) or None
    given["skip_bad_rows"] = given["skip_bad_rows"] or None
    chosen = {key: value for key, value in given.items() if value is not None}
    if base is None and "task" not in chosen:
        raise ConfigError(
            "no task was given",
            next_step="Choose one with --task; 'adaptkit tasks' lists them.",
            code="no-task",
        )
    base = base or StudyConfig(task=chosen["task"], data=DataConfig(), search=SearchConfig())
    data, search = (_fields_of(kind, chosen) for kind in (DataConfig, SearchConfig))
    top = {key: value for key, value in chosen.items() if key not in {**data, **search}}
    if top.get("parallel_trials") == "auto":
        top["parallel_trials"] = None
    config = replace(
        base,
        **top,
        data=replace(_without_other_sources(base.data, data), **data),
        search=replace(base.search, **search),
    )
    _refuse_problems(config, {one.name: one for one in parameters if one.name in chosen}, config_file)
    return config


def _refuse_problems(
    config: StudyConfig, options: Mapping[str | None, click.Parameter], config_file: Path | None
) -> None:
    """Raise ConfigError that names the option, or the key of the file, of each invalid value."""
    from adaptkit.config import problems_of
    from adaptkit.errors import ConfigError

    def written(name: str, value: Any) -> str:
        if name in options:
            return as_typed(options[name], value)
        return f"{name} = {value!r} in {config_file}" if config_file else f"{name} = {value!r}"

    if problems := problems_of(config, written):
        where = f"these options, or the values in {config_file}" if config_file else "these options"
        raise ConfigError("; ".join(problems), next_step=f"Change {where}.", code="invalid-options")


def as_typed(option: click.Parameter, value: Any) -> str:
    """The option and its value as on the command line: "--trials 0", "--lr 0.1 0.01"."""
    if isinstance(value, bool):
        return option.opts[0] if value else option.secondary_opts[0]
    values = value if isinstance(value, (tuple, list)) else [value]
    texts = [f"{one:.15g}" if isinstance(one, float) else str(one) for one in values]
    unit = "s" if isinstance(option.type, Duration) and isfinite(value) else ""
    return f"{option.opts[0]} {(' ' if option.nargs > 1 else ',').join(texts)}{unit}"


def _fields_of(kind: type[DataConfig | SearchConfig], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are fields of this part of the configuration."""
    return {one.name: chosen[one.name] for one in fields(kind) if one.name in chosen}


def _without_other_sources(data: DataConfig, given: Mapping[str, Any]) -> DataConfig:
    """The file's data settings without the sources that the given options replace."""
    if "data" in given:
        return replace(data, train=None, dev=None, test=None)
    return replace(data, data=None) if "train" in given else data
