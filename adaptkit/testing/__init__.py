"""The conformance kit for plugin authors: checks that a task keeps the contract.

A plugin's test calls `assert_conforms`; ``adaptkit tasks --check NAME`` prints what `check` returns. The two
tokenizers are like those of real models, for tests of `Task.encode`; `adaptkit.testing.pytest_plugin` offers
them as fixtures. Names are imported on first use, so that pytest can load the plugin without torch.

In reading order:

- `kit.py`: the list of the checks, and how they are run.
- `findings.py`: the result of a check.
- `fixtures.py`: what the checks share: the task's rows, the tiny model, batches.
- `tiny.py`: the tiny encoder and the two tokenizers.
- `trained.py`: trains tiny models with the engine.
- `compare.py`: compares values up to rounding.
- `inputs.py`, `losses.py`, `predictions.py`, `training.py`, `saving.py`, `hostile.py`: the checks.
- `strategies.py` with `families.py`: the same for strategies; `metrics.py`: for metrics and readers.
- `pytest_plugin.py`: the two tokenizers as pytest fixtures.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adaptkit.testing.findings import Finding as Finding
    from adaptkit.testing.kit import assert_conforms as assert_conforms
    from adaptkit.testing.kit import check as check
    from adaptkit.testing.metrics import check_metric as check_metric
    from adaptkit.testing.metrics import check_reader as check_reader
    from adaptkit.testing.strategies import assert_strategy_conforms as assert_strategy_conforms
    from adaptkit.testing.strategies import check_strategy as check_strategy
    from adaptkit.testing.tiny import byte_level_tokenizer as byte_level_tokenizer
    from adaptkit.testing.tiny import wordpiece_tokenizer as wordpiece_tokenizer

_HOMES = {
    "Finding": "adaptkit.testing.findings",
    "assert_conforms": "adaptkit.testing.kit",
    "byte_level_tokenizer": "adaptkit.testing.tiny",
    "assert_strategy_conforms": "adaptkit.testing.strategies",
    "check": "adaptkit.testing.kit",
    "check_metric": "adaptkit.testing.metrics",
    "check_reader": "adaptkit.testing.metrics",
    "check_strategy": "adaptkit.testing.strategies",
    "wordpiece_tokenizer": "adaptkit.testing.tiny",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'adaptkit.testing' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
