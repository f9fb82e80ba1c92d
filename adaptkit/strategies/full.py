"""Full fine-tuning: trains every parameter."""

from __future__ import annotations

from adaptkit.strategy import Strategy, StrategySpace


def full() -> Strategy:
    """Every parameter trains."""
    return Strategy(
        name="full",
        in_words="by full fine-tuning",
        space=StrategySpace(learning_rate=(1e-5, 2e-4), default_learning_rate=5e-5),
        trained=lambda model: [name for name, _ in model.module.named_parameters()],
    )
