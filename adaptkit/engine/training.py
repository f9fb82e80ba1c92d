"""What a population is trained with: the model, the examples, and where each trial starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch

from adaptkit.data.encode import Bucket
from adaptkit.data.plan import Plan
from adaptkit.engine.evaluate import ScoringSet
from adaptkit.engine.forward import Forward
from adaptkit.engine.splits import Splits
from adaptkit.engine.trial_stack import Layout
from adaptkit.engine.types import Trial


@dataclass(frozen=True, kw_only=True)
class Training:
    """Everything that a population is trained with; the same for every trial."""

    forward: Forward
    layout: Layout
    initial: torch.Tensor
    """``[P]``: where every trial starts."""

    plan: Plan
    buckets: Sequence[Bucket]
    """The training examples, a bucket for each of the plan's."""

    dev: ScoringSet
    metric: str
    direction: str
    splits: Splits | None = None
    """The rows that score each trial instead of ``dev``, which are those of split 0."""

    starts: Mapping[int, Mapping[str, torch.Tensor]] = field(default_factory=dict)
    """A trial's split → the parameters that it starts with instead of those in ``initial``, by name."""

    initials: Mapping[int, Mapping[str, torch.Tensor]] = field(default_factory=dict)
    """A trial's seed → the parameters that it starts with instead of those of its split, by name."""

    vocabulary: torch.Tensor | None = None
    """``[occurring]``: the tokens whose embeddings are in a slot. None if no embeddings were left out."""

    fast_paths: Sequence[str] = ()
    """The names of those in use."""

    seconds: dict[str, float] = field(default_factory=lambda: {"train": 0.0, "score": 0.0})
    """Phase → seconds spent in it so far."""

    def start_of(self, trial: Trial) -> torch.Tensor:
        """``[P]``: where the trial starts."""
        start = self.initial.clone()  # [P]
        for name, values in self.initials.get(trial.seed, self.starts.get(trial.split, {})).items():
            start[self.layout.columns[name]] = values.to(start).reshape(-1)
        return start

    def scored_by(self, trial: Trial) -> ScoringSet:
        """The rows that score the trial."""
        return self.dev if self.splits is None else self.splits.scored(trial.split)
