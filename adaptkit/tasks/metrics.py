"""Metrics of plugins, in the group ``adaptkit.metrics``: found by name, put beside a task's own metric."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from adaptkit.errors import ConfigError
from adaptkit.metric import Metric, Scores
from adaptkit.task import Task
from adaptkit.tasks import entry_points
from adaptkit.tasks.calls import Guarded, no_exit
from adaptkit.tasks.entry_points import Kind, fail, made
from adaptkit.tasks.validation import ill_formed_metric

METRICS = Kind(
    group="adaptkit.metrics",
    noun="metric",
    option="--metric-option",
    made="a Metric",
    install="adaptkit-weighted-accuracy",
)


def load(name: str, options: Mapping[str, Any] = {}) -> Metric:
    """The metric of this name (or ``distribution:name``), made with these options.

    Its name, by which it is optimised, is that of its entry point.

    Raises:
        TaskError: the name is unknown or ambiguous; an option is unknown, missing or of the wrong type; or
            the plugin fails or does not return a valid metric.
    """
    listing = entry_points.find(METRICS, name)
    metric, _ = made(listing, options)
    if not isinstance(metric, Metric):
        fail(listing, f"returned {metric!r:.80}, not a Metric")
    wrong = ill_formed_metric(metric)
    if wrong:
        fail(listing, f"returned an invalid Metric: {'; '.join(wrong)}")
    compute = Guarded(_under_its_name(metric, listing.name), no_exit)
    return dataclasses.replace(metric, name=listing.name, compute=compute)


def with_metric(task: Task, name: str | None, options: Mapping[str, Any]) -> Task:
    """The task with the metric of a plugin beside its own, if ``name`` is not one of its own numbers.

    All numbers of both are reported; the plugin's is the one that is optimised.

    Raises:
        ConfigError: the name is neither a number of the task nor a metric of a plugin; or there are options
            for a number of the task.
        TaskError: the plugin is broken.
    """
    own = {task.metric.name: task.metric.direction, **task.metric.others}
    if name is None or name in own:
        _refuse_options(options)
        return task
    short = name.rpartition(":")[2]
    if not [one for one in entry_points.available(METRICS) if one.name == short]:
        installed = sorted({one.name for one in entry_points.available(METRICS)})
        raise ConfigError(
            f"metric {name!r}",
            expected=f"one of {', '.join([*own, *installed])}",
            next_step="Change --metric, or leave it out; 'adaptkit plugins' lists the metrics of plugins.",
            code="unknown-metric",
        )
    return dataclasses.replace(task, metric=beside(load(name, options), task.metric))


def beside(added: Metric, own: Metric) -> Metric:
    """A metric that reports the numbers of both; ``added`` is the one that is optimised."""

    def compute(predictions: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> Scores:
        first, other = added.compute(predictions, rows), own.compute(predictions, rows)
        return Scores(values={**other.values, **first.values}, groups=first.groups or other.groups)

    return dataclasses.replace(
        added,
        compute=compute,
        others={own.name: own.direction, **own.others, **added.others},
        groups_title=added.groups_title if added.groups_title != "class" else own.groups_title,
    )


def _under_its_name(metric: Metric, name: str) -> Any:
    """The computation, with the metric's own number under the name of its entry point."""

    def compute(predictions: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> Scores:
        scores = metric.compute(predictions, rows)
        if metric.name == name or metric.name not in scores.values:
            return scores
        renamed = {name if key == metric.name else key: value for key, value in scores.values.items()}
        return dataclasses.replace(scores, values=renamed)

    return compute


def _refuse_options(options: Mapping[str, Any]) -> None:
    if options:
        raise ConfigError(
            f"--metric-option {next(iter(options))}, without a metric of a plugin",
            expected="options only with --metric NAME, where a plugin has the metric",
            next_step="Leave out --metric-option, or choose a metric that 'adaptkit plugins' lists.",
            code="metric-options",
        )
