"""A tracker by its name."""

from __future__ import annotations

from importlib import import_module

from adaptkit.run.callbacks import Callback

TRACKERS = {"mlflow": "MLflowCallback", "tensorboard": "TensorBoardCallback", "wandb": "WandbCallback"}
"""The module of `adaptkit.tracking` → its callback."""


def tracker(name: str) -> Callback:
    """The callback of this tracker with its defaults; raises ConfigError if it cannot be used."""
    callback: Callback = getattr(import_module(f"adaptkit.tracking.{name}"), TRACKERS[name])()
    return callback
