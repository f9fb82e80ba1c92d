"""What the engine's tests share: a prepared training, a scheduler with a list of trials, and its results."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.batches import MicroStep
from adaptkit.engine.patches.fast_paths import FAST_PATHS
from adaptkit.engine.patches.vocabulary import occurring
from adaptkit.engine.prepare import narrow_and_trim, prepare_model, scoring_data, training_data
from adaptkit.engine.train import Population
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import TrialStack, layout_of, read_slot
from adaptkit.engine.types import Outcome, RungReport, Trial
from adaptkit.engine.vmap_check import vmap_check
from adaptkit.strategies.registry import built_in
from tests.helpers.number_task import number_rows, number_task

HEADS = {
    "token-classification": "AutoModelForTokenClassification",
    "sequence-classification": "AutoModelForSequenceClassification",
}

KNOWN_FORMS = {"bert", "roberta", "electra", "distilbert"}
"""The families whose last layer can be computed for the first token alone."""


class ListScheduler:
    """Suggests the trials of a list, prunes those in ``prune``, and keeps all reports and outcomes."""

    def __init__(self, trials: Sequence[Trial], prune: Mapping[int, int] | None = None) -> None:
        self.waiting = list(trials)
        self.prune = prune or {}
        self.reports: list[RungReport] = []
        self.outcomes: dict[int, Outcome] = {}
        self.examples = 0
        self.stop_after = math.inf

    def suggest(self, free: int) -> Sequence[Trial]:
        taken, self.waiting = self.waiting[:free], self.waiting[free:]
        return taken

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        self.reports.extend(reports)
        return {r.trial.number: "on request" for r in reports if self.prune.get(r.trial.number) == r.rung}

    def on_trial_end(self, outcome: Outcome) -> None:
        self.outcomes[outcome.trial.number] = outcome

    def check(self) -> None:
        pass

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        assert examples <= tokens
        self.examples += examples
        return self.examples < self.stop_after


def unchecked_training(
    loaded: Any,
    strategy: str,
    head: str,
    rows: Sequence[Any],
    micro_batch: int = 4,
    rungs: int = 2,
    rank: int = 4,
    fast_paths: Collection[str] = FAST_PATHS,
    device: str = "cpu",
    **task: Any,
) -> Training:
    """A training whose slots were not yet checked to be able to share a pass."""
    number = number_task(head, **task)
    model = prepare_model(
        number,
        loaded,
        ("a", "b", "c"),
        built_in(strategy, rank),
        device=device,
        bfloat16=False,
        fast_paths=fast_paths,
    )
    plan, buckets = training_data(
        model, number, rows, micro_batch=micro_batch, rungs_per_epoch=rungs, seed=3, run=4
    )
    dev = scoring_data(model, number, number_rows(9, head, seed=5))
    tokens = occurring([*buckets, *dev.buckets])
    used = narrow_and_trim(model, buckets, tokens)
    layout = layout_of(model.module)
    return Training(
        forward=model.forward,
        layout=layout,
        initial=read_slot(model.module, layout),
        plan=plan,
        buckets=buckets,
        dev=dev,
        metric="accuracy",
        direction="maximize",
        vocabulary=tokens if "vocabulary" in used else None,
        fast_paths=used,
    )


def make_training(*args: Any, **kwargs: Any) -> Training:
    """A training whose slots can share a pass; the arguments are those of `unchecked_training`."""
    found = vmap_check(unchecked_training(*args, **kwargs))
    assert found.training is not None, found.reason
    return found.training


def train(
    training: Training, trials: Sequence[Trial], together: int, examples: int = 4, **scheduler: Any
) -> ListScheduler:
    """Train the trials, and return their scheduler."""
    listed = ListScheduler(trials, **scheduler)
    Population(training, together, BatchLimits(slots=together, examples=examples)).run(listed)
    return listed


def last_slots(
    training: Training, trials: Sequence[Trial], together: int, limits: BatchLimits | None = None
) -> dict[int, torch.Tensor]:
    """Each trial's parameters at the end of its training, not at its best rung."""
    kept: dict[int, torch.Tensor] = {}
    population = Population(training, together, limits or BatchLimits(slots=together, examples=4))
    close = population._close

    def keep(scheduler: Any, slot: int, state: Any, reason: str) -> None:
        kept[population.running[slot].trial.number] = population.stack.theta[slot].clone()
        close(scheduler, slot, state, reason)

    population._close = keep  # type: ignore[method-assign]
    population.run(ListScheduler(trials))
    return kept


def filled_stack(training: Training, count: int, noise: float = 0.05) -> TrialStack:
    """Slots whose parameters differ a little."""
    slots = TrialStack(training.layout, count, training.forward.device)
    draw = torch.Generator().manual_seed(7)
    for number in range(count):
        start = training.initial + noise * torch.randn(training.layout.width, generator=draw)
        slots.add(start, Trial(number=number, learning_rate=1e-2, batch_size=4, epochs=1))
    return slots


def micro_step(training: Training, places: Sequence[Sequence[int]], bucket: int = -1) -> MicroStep:
    """A micro-step on these places of a bucket, a list for each slot; -1 stands for no example."""
    chosen = torch.tensor(places)
    return MicroStep(
        bucket=training.buckets[bucket],
        places=chosen,
        seeds=chosen,
        seen=(chosen >= 0).sum(1).tolist(),
        tokens=0,
        last=True,
    )


def allocate_too_much() -> None:
    """Ask torch for a petabyte, so that memory really runs out."""
    torch.empty(2**50, dtype=torch.uint8)


def greedy_above(module: torch.nn.Module, examples: int) -> Any:
    """Make the encoder run out of memory if it gets more than this many examples of a slot at once."""

    def hook(_: Any, args: Any, kwargs: Any) -> None:
        given = kwargs.get("input_ids", args[0] if args else None)
        if given.shape[0] > examples:
            allocate_too_much()

    return module.base_model.register_forward_pre_hook(hook, with_kwargs=True)
