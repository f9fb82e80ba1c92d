"""Frozen: trains the head, and what is newly initialised; the encoder keeps its weights."""

from __future__ import annotations

from adaptkit.strategy import Strategy, StrategySpace


def frozen() -> Strategy:
    """Only the head trains. The encoder reads each example once per study."""
    return Strategy(
        name="frozen",
        in_words="with a frozen encoder (only the head was trained)",
        space=StrategySpace(
            learning_rate=(2e-3, 2e-1), default_learning_rate=1e-2, epochs=10, for_width=None
        ),
        trains_encoder=False,
    )
