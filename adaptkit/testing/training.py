"""Checks by training: a step of a plain loop, overfitting, the metric, and trials trained together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from adaptkit.engine.patches.last_layer import widen
from adaptkit.engine.prepare import Model
from adaptkit.engine.rehearsal import rehearse
from adaptkit.engine.trial_stack import BETAS, EPSILON, LARGEST_GRADIENT_NORM, read_slot, write_slot
from adaptkit.engine.types import Outcome, Trial
from adaptkit.engine.vmap_check import vmap_check
from adaptkit.strategies.registry import built_in
from adaptkit.strategy import Strategy
from adaptkit.testing.findings import Nonconformity, NotApplicable
from adaptkit.testing.fixtures import SEED, Fixtures
from adaptkit.testing.trained import losses_of, trained, training_of, unaugmented

SHARE = 0.05
"""Numbers may differ by this fraction of what training changed; an error in the engine is larger."""

MARGIN = 0.02
"""The difference, relative to the larger score, from which a score is better or worse."""

FALLEN = 0.5
"""The largest allowed fraction of the untrained model's loss after training."""

TRIALS = (
    Trial(number=0, learning_rate=2e-3, batch_size=4, epochs=1, seed=1),
    Trial(number=1, learning_rate=5e-3, batch_size=8, epochs=1, seed=2, weight_decay=0.1),
    Trial(number=2, learning_rate=1e-3, batch_size=8, epochs=1, seed=3, warmup=0.5),
)


DRAWS = "a new batch that depends on the seeds and on each example alone"
FIX_DRAWS = "Draw with adaptkit.uniform_numbers(seeds, count), and treat all dimensions but the last alike."


def first_rows(fixtures: Fixtures) -> None:
    """What a study tries before its first trial: loss and decode on a few rows, and a head without state."""
    rehearse(training_of(fixtures.model_by(built_in("full")), fixtures.task, fixtures.rows))


def augment(fixtures: Fixtures) -> None:
    """A changed batch has the same tensors, and depends on its seeds and on each example alone."""
    forward = fixtures.model.forward
    if forward.augment is None:
        raise NotApplicable("the task changes no batches")
    batch = dict(fixtures.batch(fixtures.some, fixtures.length(fixtures.some)))
    seeds = torch.arange(len(fixtures.some)) + SEED  # [batch]
    before = {name: tensor.clone() for name, tensor in batch.items()}
    once, again = forward.augmented(batch, seeds), forward.augmented(batch, seeds)
    last = forward.augmented({name: tensor[-1:] for name, tensor in batch.items()}, seeds[-1:])
    others = forward.augmented(batch, seeds + 1000)
    slots = forward.augmented({name: tensor[None] for name, tensor in batch.items()}, seeds[None])
    same = (
        ("changes the batch that it is given", before, batch),
        ("gives another result for the same seeds", once, again),
        ("gives another result for an example alone", {name: one[-1:] for name, one in once.items()}, last),
        ("gives another result for several trials", once, {name: one[0] for name, one in slots.items()}),
    )
    for problem, wanted, found in same:
        if not _equal(wanted, found):
            raise Nonconformity(f"augment {problem}", expected=DRAWS, next_step=FIX_DRAWS)
    if _equal(once, others):
        raise Nonconformity(
            "augment gives the same result for other seeds", expected=DRAWS, next_step=FIX_DRAWS
        )


def _equal(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def plain_step(fixtures: Fixtures) -> None:
    """One optimiser step on all rows, in micro-batches, equals a plain loop's step on one batch."""
    count = len(fixtures.examples)
    model = fixtures.model_by(built_in("full"))
    training = unaugmented(training_of(model, fixtures.task, fixtures.rows))
    trial = Trial(number=0, learning_rate=1e-3, batch_size=count + 1, epochs=1, weight_decay=0.0)
    ours = losses_of(training, parameters_of(trained(training, [trial], 1)[0]))
    write_slot(model.module, training.layout, training.initial)
    if model.narrowable is not None:
        widen(model.narrowable)  # a plain loop has the complete layer: one narrowed wrongly shows here
    _step(fixtures, model, trial.learning_rate)
    theirs = losses_of(training, read_slot(model.module, training.layout))
    moved = float((theirs - losses_of(training, training.initial)).abs().max())
    difference = float((ours - theirs).abs().max())
    if not difference <= SHARE * moved + 1e-5:
        raise Nonconformity(
            f"after one step on {count} examples the losses differ by {difference:.1e} from a plain loop's, "
            f"which moved them by {moved:.1e}",
            expected="the same step, however the batch is divided into micro-batches",
            next_step="Check that loss returns each item's own loss and weight, and weight 0 for padding.",
        )


def learning(fixtures: Fixtures) -> None:
    """A tiny model can overfit on the rows: its loss falls."""
    learnt = fixtures.learnt
    if not learnt.loss_after <= FALLEN * learnt.loss_before:
        raise Nonconformity(
            f"trained on {len(fixtures.rows)} rows for {learnt.epochs} epochs, the mean loss went from "
            f"{learnt.loss_before:.3g} to {learnt.loss_after:.3g}",
            expected=f"less than {FALLEN:g} of the first, because the model can overfit on the rows",
            next_step="Check that labels reach the loss unchanged, that no rows contradict each other, and "
            "that the loss falls when predictions improve.",
        )


def metric(fixtures: Fixtures) -> None:
    """The metric has every listed number, and each is better for a model that has overfitted on the rows."""
    task, learnt = fixtures.task, fixtures.learnt
    for name, direction in {**task.metric.others, task.metric.name: task.metric.direction}.items():
        if name not in learnt.after.values or name not in learnt.before.values:
            raise Nonconformity(
                f"the metric returns no finite {name!r}, but {sorted(learnt.after.values)}",
                expected=f"{name!r}, because Metric lists it",
                next_step="Let compute return every number that Metric lists, for any predictions.",
            )
        before, after = learnt.before.values[name], learnt.after.values[name]
        better = (after - before) * (1 if direction == "maximize" else -1)
        margin = MARGIN * max(abs(before), abs(after))
        if better < -margin or (name == task.metric.name and not better > margin):
            raise Nonconformity(
                f"{name} is {before:.4g} for an untrained model and {after:.4g} for one that has overfitted, "
                f"and its direction is {direction!r}",
                expected=f"a better {name} for the better model",
                next_step="Correct the direction in Metric, or correct compute.",
            )


def together(strategy: Strategy) -> Callable[[Fixtures], None]:
    """The check that trials that are trained together have the same results as each alone."""

    def check(fixtures: Fixtures) -> None:
        found = vmap_check(training_of(fixtures.model_by(strategy), fixtures.task, fixtures.rows))
        training = found.training
        if training is None:
            raise Nonconformity(
                "the outputs and the loss of two trials in one pass are not those of each alone: "
                f"{found.reason}",
                expected="the same numbers under torch.func.vmap",
                next_step="In head and loss, do not branch on a tensor's value, do not change a tensor in "
                "place, and keep no state between calls.",
            )
        among_others, alone = (
            {number: parameters_of(outcome) for number, outcome in trained(training, TRIALS, count).items()}
            for count in (len(TRIALS), 1)
        )
        start = losses_of(training, training.initial)
        for trial in TRIALS:
            ours, expected = (losses_of(training, of[trial.number]) for of in (among_others, alone))
            moved, difference = float((expected - start).abs().max()), float((ours - expected).abs().max())
            if not difference <= SHARE * moved + 1e-5:
                raise Nonconformity(
                    f"a trial trained with others ends with losses that differ by {difference:.1e} "
                    f"from those of the trial alone; training changed them by {moved:.1e}",
                    expected="the same results, whatever is trained at the same time",
                    next_step="Keep no state in the head between calls (batch normalisation does), and draw "
                    "random numbers with torch.nn.Dropout only.",
                )

    return check


def parameters_of(outcome: Outcome) -> torch.Tensor:
    """The trained parameters ``[P]``; raises Nonconformity if the trial has failed."""
    if outcome.parameters is None:
        raise Nonconformity(
            f"a trial failed: {outcome.reason}",
            expected="a trial that is trained and scored",
            next_step="Correct the part that the message names; if the loss is not finite, correct the loss.",
        )
    return outcome.parameters


def _step(fixtures: Fixtures, model: Model, learning_rate: float) -> None:
    """One step of AdamW on the mean loss of all examples in one batch, in plain torch."""
    module = model.module.train()
    positions: Sequence[int] = range(len(fixtures.examples))
    batch = fixtures.batch(positions, fixtures.length(positions))
    outputs = module(**{name: tensor for name, tensor in batch.items() if name in model.forward.inputs})
    losses, weights = fixtures.task.loss({name: outputs[name] for name in fixtures.task.outputs}, batch)
    ((losses * weights).sum() / weights.sum()).backward()
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    torch.nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT_NORM)
    torch.optim.AdamW(parameters, lr=learning_rate, betas=BETAS, eps=EPSILON, weight_decay=0.0).step()
