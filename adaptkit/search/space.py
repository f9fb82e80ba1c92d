"""The search space: which hyperparameters are searched, in which ranges, and the default values.

The ranges depend on what a strategy trains. A head alone tolerates learning rates a thousand times those of
an encoder, and LoRA about ten times (https://thinkingmachines.ai/blog/lora/). Heads on tokens gain from
higher rates than heads on texts. The user's ranges take precedence over the task's hints, and these over the
strategy's ranges.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from adaptkit.errors import ConfigError
from adaptkit.search import edges
from adaptkit.strategy import StrategySpace

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

    from adaptkit.config import SearchConfig
    from adaptkit.strategy import Strategy


class Hints(Protocol):
    """A task's changes to the strategies' ranges; None or an empty mapping changes nothing."""

    @property
    def learning_rate(self) -> Mapping[str, tuple[float, float]]:
        """Strategy name → (lowest, highest)."""

    @property
    def batch_sizes(self) -> Sequence[int] | None:
        """The effective batch sizes to choose from."""

    @property
    def epochs(self) -> float | None:
        """The epochs of a trial."""


@dataclass(frozen=True, kw_only=True)
class Space:
    """What is searched, what is fixed, and the default, which every study tries first."""

    learning_rate: tuple[float, float]
    """Lowest and highest, on a logarithmic scale."""

    batch_sizes: tuple[int, ...]
    """The effective batch sizes to choose from, in ascending order."""

    epochs: float
    default_learning_rate: float
    default_batch_size: int
    weight_decay: float = 0.01
    warmup: float = 0.1
    """The fraction of the steps in which the learning rate rises."""

    extendable: bool = False
    """Whether the range of rates may be extended: neither the user nor the task has set it."""

    @property
    def default(self) -> dict[str, float]:
        """The default values of the searched hyperparameters."""
        return {"learning_rate": self.default_learning_rate, "batch_size": self.default_batch_size}

    @property
    def fixed(self) -> dict[str, float]:
        """The hyperparameters that are not searched."""
        return {"epochs": self.epochs, "weight_decay": self.weight_decay, "warmup": self.warmup}

    def first_points(self, seed: int) -> list[dict[str, float]]:
        """What the first trials after the default try: points spread evenly, others for another seed.

        They are a scrambled Sobol sequence (Owen 1998, https://doi.org/10.1145/272991.273010). A few random
        points often lie close together.
        """
        from scipy.stats.qmc import Sobol

        low, high = self.learning_rate
        points = Sobol(2, seed=seed).random_base2(FIRST_POINTS)  # [2 ** FIRST_POINTS, 2], from 0 to 1
        return [
            {
                "learning_rate": min(max(low * (high / low) ** float(along), low), high),
                "batch_size": self.batch_sizes[int(place * len(self.batch_sizes))],
            }
            for along, place in points
        ]

    def extended(self, best: Mapping[str, float]) -> Space:
        """The space with its range extended where the best trial so far is at the edge."""
        rates = edges.extended(self.learning_rate, best["learning_rate"])
        return replace(self, learning_rate=rates) if self.extendable else self

    def widest(self) -> Space:
        """The space of all trials that this space and its extensions may give."""
        return replace(self, learning_rate=edges.widest(self.learning_rate)) if self.extendable else self

    def as_distributions(self) -> dict[str, BaseDistribution]:
        """The searched hyperparameters as Optuna's distributions."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution

        low, high = self.learning_rate
        return {
            "learning_rate": FloatDistribution(low, high, log=True),
            "batch_size": CategoricalDistribution(self.batch_sizes),
        }

    def in_words(self) -> dict[str, str]:
        """Each searched hyperparameter and its range. The text is exact: equal texts mean equal ranges."""
        low, high = (_scientific(rate) for rate in self.learning_rate)
        sizes = ", ".join(str(size) for size in self.batch_sizes)
        return {
            "learning_rate": low if low == high else f"{low} … {high} (log)",
            "batch_size": sizes,
        }


FIRST_POINTS = 2
"""Two to this power is the number of points that are spread evenly."""

FIRST_STEP = 4.0
"""The ratio of two neighbouring weights among the first trials."""


@dataclass(frozen=True, kw_only=True)
class PenaltySpace:
    """The space of heads that are solved: the weight of their L2 penalty, on a logarithmic scale."""

    l2: tuple[float, float]
    default_l2: float
    batch_sizes: tuple[int, ...] = (16,)
    """Of the plan of the data alone: a solver reads all examples in every iteration."""

    epochs: float = 1.0

    @property
    def default(self) -> dict[str, float]:
        """The known-good default, of the searched hyperparameters."""
        return {"l2": self.default_l2}

    def first_points(self, seed: int) -> list[dict[str, float]]:
        """What the first trials after the default try: below and above it by turns, in growing steps.

        The steps differ a little by the study's seed, so that two studies do not try the same weights.
        """
        step = FIRST_STEP * random.Random(seed).uniform(0.8, 1.25)  # noqa: S311 (no secret)
        weights = [self.default_l2 * step**power for power in (-1, 1, -2, 2)]
        low, high = self.l2
        return [{"l2": min(max(weight, low), high)} for weight in weights]

    @property
    def fixed(self) -> dict[str, float]:
        """The hyperparameters that are not searched: there are none."""
        return {}

    def extended(self, best: Mapping[str, float]) -> PenaltySpace:
        """The space with its range extended where the best trial so far is at the edge."""
        return replace(self, l2=edges.extended(self.l2, best["l2"]))

    def widest(self) -> PenaltySpace:
        """The space of all trials that this space and its extensions may give."""
        return replace(self, l2=edges.widest(self.l2))

    def as_distributions(self) -> dict[str, BaseDistribution]:
        """The searched hyperparameters as Optuna's distributions."""
        from optuna.distributions import FloatDistribution

        return {"l2": FloatDistribution(*self.l2, log=True)}

    def in_words(self) -> dict[str, str]:
        """Each searched hyperparameter and its range, exactly: equal words are equal ranges."""
        low, high = (_scientific(weight) for weight in self.l2)
        return {"l2": f"{low} … {high} (log)"}


SearchSpace = Space | PenaltySpace


_VERSION_1: Mapping[str, StrategySpace] = {
    "full": StrategySpace(learning_rate=(1e-5, 2e-4), default_learning_rate=5e-5, for_width=None),
    "lora": StrategySpace(learning_rate=(5e-5, 2e-3), default_learning_rate=5e-4, for_width=None),
    "frozen": StrategySpace(
        learning_rate=(1e-4, 1e-1), default_learning_rate=5e-3, epochs=10, for_width=None
    ),
}
"""The ranges of version 1. Studies keep the version that they started with; today's are the strategies'."""

RANGES_VERSION = 12
"""Of new studies. Version 2 had no rates of their own for heads on tokens, version 3 no penalties of their
own for squared error on two texts and for one label per text, version 4 no more epochs for heads on tokens
than for others, version 5 no more for two texts that are read together, version 6 no more for spans,
version 7 no average of the winner's runs, version 8 kept the best rung of each trial, version 9 had folds
also where a fraction of dev rows was given, version 10 trained a confirmed winner again on all rows only if
the user asked for it, and version 11 had no more epochs for several labels of a text."""

USUAL_WIDTH, MOST_SCALING = 768, 2.0
"""Where rates are for encoders of one width, they are scaled for another by the inverse ratio of the widths,
at most by this factor."""

_BATCH_SIZES = (8, 16, 32, 64)
_DEFAULT_BATCH_SIZE = 16
EXAMPLES_TO_SEE, MORE_EXAMPLES_TO_SEE = 2_000, 10_000
"""With few rows, a trial has more epochs, so that it sees at least this many examples. Heads on tokens, two
texts that are read together, and several labels for a text need more, as they start further from their
optimum (`benchmarks/epochs` and `benchmarks/heads` have the scores) ..."""

MOST_EPOCHS, MOST_EPOCHS_OF_SPANS = 10, 20
"""... but no more epochs than this, unless the strategy has more by default. Spans start furthest from their
optimum."""


def space_for(
    strategy: Strategy, search: SearchConfig, hints: Hints, *, rows: int,
    width: int = USUAL_WIDTH, on_tokens: bool = False, version: int = RANGES_VERSION,
    examples: int = EXAMPLES_TO_SEE, most_epochs: int = MOST_EPOCHS,
) -> Space:  # fmt: skip
    """The space of a study: the user's ranges, else the task's hints, else the strategy's ranges.

    The default is moved into the ranges: its learning rate is clipped, and its batch size is the nearest by
    ratio.

    Args:
        strategy: what trains.
        search: the user's ranges.
        hints: the task's ranges.
        rows: the number of training rows; few rows make more epochs.
        width: of the encoder's hidden states. Narrow encoders have higher rates.
        on_tokens: whether the head is on tokens: it may have higher rates.
        version: of the strategies' ranges.
        examples: so many examples a trial sees at least, ...
        most_epochs: ... but in no more epochs than this, unless the strategy has more by default.

    Raises:
        ConfigError: a range is empty or not positive.
    """
    name = strategy.name
    own = _VERSION_1.get(name, strategy.space) if version == 1 else strategy.space
    scale = _scale_of(width, own.for_width) if own.for_width else 1.0
    scale *= own.token_factor if on_tokens and version > 2 else 1.0
    ranges = (own.learning_rate[0] * scale, own.learning_rate[1] * scale)
    low, high = search.learning_rate or hints.learning_rate.get(name) or ranges
    sizes = tuple(sorted(set(search.batch_sizes or hints.batch_sizes or _BATCH_SIZES)))
    if not 0 < low <= high < math.inf or sizes[0] < 1:
        raise ConfigError(
            f"the search space of {name!r}: learning rate {low:g} to {high:g}, batch sizes {list(sizes)}",
            expected="0 < lowest rate <= highest rate, and batch sizes of at least 1",
            next_step="Set them with --lr LOW HIGH and --batch-size.",
            code="invalid-search-space",
        )
    return Space(
        learning_rate=(low, high),
        batch_sizes=sizes,
        epochs=search.epochs or hints.epochs or _epochs_for(rows, own.epochs, examples, most_epochs),
        default_learning_rate=min(max(own.default_learning_rate * scale, low), high),
        default_batch_size=min(sizes, key=lambda size: abs(math.log(size / _DEFAULT_BATCH_SIZE))),
        extendable=version > 1 and search.learning_rate is None and name not in hints.learning_rate,
    )


def _scale_of(width: int, usual: int) -> float:
    """What the rates for an encoder of this width are multiplied by.

    The best rate of Adam falls with the width (Yang et al. 2022, https://arxiv.org/abs/2203.03466).
    """
    return min(max(usual / max(width, 1), 1 / MOST_SCALING), MOST_SCALING)


def _epochs_for(rows: int, fewest: float, examples: int, most: int) -> float:
    """The strategy's epochs, or more if there are few rows, so that a trial sees so many examples."""
    return max(fewest, min(most, math.ceil(examples / max(rows, 1))))


def _scientific(number: float) -> str:
    """The shortest scientific notation that reads back as the same number."""
    notations = (f"{number:.{digits}e}" for digits in range(17))
    return next(text for text in notations if float(text) == number)
