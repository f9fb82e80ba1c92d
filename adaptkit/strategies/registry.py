"""Loads the requested strategy: a built-in one, or one of a plugin in the group ``adaptkit.strategies``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from adaptkit.strategy import Strategy, StrategySpace
from adaptkit.tasks import entry_points
from adaptkit.tasks.entry_points import Kind, Listing, fail, made, refuse_contract

STRATEGIES = Kind(
    group="adaptkit.strategies",
    noun="strategy",
    option="--strategy-option",
    made="a Strategy",
    install="adaptkit-bitfit",
    built_in={
        "frozen": "adaptkit.strategies.frozen:frozen",
        "lora": "adaptkit.strategies.lora:lora",
        "full": "adaptkit.strategies.full:full",
    },
)

CONTRACT_VERSION = 1


def load(name: str, options: Mapping[str, Any] = {}) -> Strategy:
    """The strategy of this name (or ``distribution:name``), made with these options.

    Raises:
        TaskError: the name is unknown or ambiguous; an option is unknown, missing or of the wrong type; or
            the plugin fails or does not return a valid strategy of this contract.
    """
    listing = entry_points.find(STRATEGIES, name)
    product, in_force = made(listing, options)
    strategy = _well_formed(listing, product)
    distribution = f"{listing.distribution} {listing.version}"
    return dataclasses.replace(strategy, name=listing.name, options=in_force, distribution=distribution)


def built_in(name: str, rank: int = 8) -> Strategy:
    """One of adaptkit's own strategies; ``rank`` is that of LoRA's updates."""
    return load(f"{entry_points.OWN}:{name}", {"rank": rank} if name == "lora" else {})


def _well_formed(listing: Listing, strategy: object) -> Strategy:
    if not isinstance(strategy, Strategy):
        fail(listing, f"returned {strategy!r:.80}, not a Strategy")
    refuse_contract(listing, strategy.contract, CONTRACT_VERSION)
    wrong = ill_formed(strategy)
    if wrong:
        fail(listing, f"returned an invalid Strategy: {'; '.join(wrong)}")
    return strategy


def ill_formed(strategy: Strategy) -> list[str]:
    """A message for each part that is wrong."""
    wrong = [] if isinstance(strategy.space, StrategySpace) else [f"space is {strategy.space!r:.80}"]
    for part in ("trained", "adapt", "merged"):
        value = getattr(strategy, part)
        if value is not None and not callable(value):
            wrong.append(f"{part} is {value!r:.80}, expected a callable or None")
    if strategy.trained is None and strategy.adapt is None and strategy.trains_encoder:
        wrong.append("neither trained nor adapt is given, so that nothing in the encoder trains")
    if strategy.adapt is not None and strategy.merged is None:
        wrong.append("adapt is given without merged, which makes a plain model of its result")
    if strategy.saved_as not in ("model", "adapter"):
        wrong.append(f"saved_as is {strategy.saved_as!r:.80}, expected 'model' or 'adapter'")
    return wrong
