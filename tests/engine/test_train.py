"""The engine against plain torch: trials trained together are each exactly a plain training loop."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.prepare import prepare_model, scoring_data, training_data
from adaptkit.engine.train import Population
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import layout_of, read_slot, write_slot
from adaptkit.engine.types import Trial
from adaptkit.strategies.registry import built_in
from adaptkit.task import Scores
from tests.helpers.number_task import number_rows, number_task
from tests.helpers.plain_training import TRIALS, assert_trained_as_in_plain_torch, logits, plain_module
from tests.helpers.populations import HEADS, ListScheduler, greedy_above, last_slots, make_training, train

FAMILIES = ("bert", "roberta", "distilbert", "modernbert", "deberta-v2", "mpnet")
STRATEGIES = ("frozen", "lora", "full")


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("family", FAMILIES)
def test_together_alone_and_plain_torch_agree(family: str, strategy: str, head: str, tiny_model: Any) -> None:
    assert_trained_as_in_plain_torch(tiny_model(family, HEADS[head]), strategy, head)


def test_permuting_the_trials_permutes_the_results(tiny_model: Any) -> None:
    slots = number_rows(37)
    first = train(make_training(tiny_model("bert"), "full", "token-classification", slots), TRIALS, 3)
    other = train(make_training(tiny_model("bert"), "full", "token-classification", slots), TRIALS[::-1], 3)
    for trial in TRIALS:
        one, two = (scheduler.outcomes[trial.number].kept for scheduler in (first, other))
        assert one is not None
        assert two is not None
        assert (one.rung, one.score) == (two.rung, two.score)
        assert one.loss == pytest.approx(two.loss, abs=1e-5)


def test_micro_batches_add_up_to_the_batch(tiny_model: Any) -> None:
    slots = number_rows(64)
    trial = [Trial(number=0, learning_rate=2e-3, batch_size=32, epochs=1, seed=4)]
    training = make_training(
        tiny_model("bert"), "full", "token-classification", slots, micro_batch=32, rungs=1
    )
    uncut = last_slots(training, trial, together=1, limits=BatchLimits(slots=1, examples=32))[0]
    cut = last_slots(training, trial, together=1, limits=BatchLimits(slots=1, examples=8))[0]
    module = plain_module(tiny_model("bert"), training, "full")
    one, two = (logits(module, training, slot) for slot in (uncut, cut))
    torch.testing.assert_close(one, two, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("patience", "rungs"), [(0, 6), (2, 3), (9, 6)])
def test_patience_ends_a_trial_that_does_not_improve(patience: int, rungs: int, tiny_model: Any) -> None:
    trial = Trial(number=0, learning_rate=1e-12, batch_size=8, epochs=3, patience=patience)
    training = make_training(
        tiny_model("bert"), "frozen", "token-classification", number_rows(16), micro_batch=8, rungs=2
    )
    scheduler = train(training, [trial], 1)
    assert len(scheduler.reports) == rungs
    outcome = scheduler.outcomes[0]
    assert outcome.state == "complete"
    assert ("no better score in 2 evaluations" in outcome.reason) == (patience == 2)


def test_a_diverged_slot_changes_no_bit_of_its_neighbours(tiny_model: Any) -> None:
    slots = number_rows(37)
    wild = Trial(number=1, learning_rate=1e30, batch_size=4, epochs=2, seed=12)
    calm = train(make_training(tiny_model("bert"), "full", "token-classification", slots), TRIALS, 3)
    mixed = train(
        make_training(tiny_model("bert"), "full", "token-classification", slots),
        (TRIALS[0], wild, TRIALS[2]),
        3,
    )
    assert mixed.outcomes[1].state == "fail"
    assert "diverged" in mixed.outcomes[1].reason
    for number in (0, 2):
        assert len([r for r in mixed.reports if r.trial.number == number]) == 4
    first_rung = {(r.trial.number, r.rung): (r.loss, r.score) for r in calm.reports}
    for report in mixed.reports:
        if report.trial.number != 1 and report.rung == 0:
            assert (report.loss, report.score) == first_rung[report.trial.number, 0]


def test_freed_slots_are_refilled_with_trials_on_their_own_data(tiny_model: Any) -> None:
    slots = number_rows(37)
    late = Trial(number=3, learning_rate=2e-3, batch_size=8, epochs=1, seed=21)
    trials = (*TRIALS, late)
    training = make_training(tiny_model("bert"), "full", "token-classification", slots)
    scheduler = train(training, trials, 3, prune={1: 0})
    assert scheduler.outcomes[1].state == "pruned"
    assert scheduler.outcomes[1].reason == "on request"
    assert {n: o.state for n, o in scheduler.outcomes.items()} == {
        0: "complete",
        1: "pruned",
        2: "complete",
        3: "complete",
    }
    alone = train(make_training(tiny_model("bert"), "full", "token-classification", slots), [late], 1)
    one, two = ([r.loss for r in j.reports if r.trial.number == 3] for j in (scheduler, alone))
    assert one == pytest.approx(two, abs=1e-5)


def test_the_best_rung_is_the_score_and_its_slot_is_kept(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(37))
    scheduler = train(training, [Trial(number=0, learning_rate=5e-3, batch_size=4, epochs=3)], 1)
    outcome = scheduler.outcomes[0]
    best = max([*scheduler.reports], key=lambda report: report.score)
    assert outcome.kept is not None
    assert outcome.kept.score >= best.score
    model = copy.deepcopy(training.forward.module)
    write_slot(model, training.layout, outcome.parameters)
    from adaptkit.engine.evaluate import predict_rows, score

    slot = {name: parameter.unsqueeze(0) for name, parameter in model.named_parameters()}
    (predictions,) = predict_rows(training.forward, slot, training.dev, BatchLimits(slots=1, examples=4))
    assert not isinstance(predictions, Exception)
    again = score(training.dev.task, predictions, training.dev.rows, "accuracy")
    assert again.values["accuracy"] == pytest.approx(outcome.kept.score)


def test_every_example_is_seen_once_an_epoch(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "frozen", "token-classification", number_rows(41))
    scheduler = train(training, [Trial(number=0, learning_rate=1e-3, batch_size=8, epochs=3)], 1)
    assert scheduler.examples == 3 * 41


def test_a_metric_that_gives_infinity_fails_its_trial(tiny_model: Any) -> None:
    from adaptkit.task import Metric

    metric = Metric(
        name="accuracy", direction="maximize", compute=lambda p, r: Scores(values={"accuracy": math.inf})
    )
    training = make_training(
        tiny_model("bert"), "frozen", "token-classification", number_rows(20), metric=metric
    )
    scheduler = train(training, TRIALS[:1], 1)
    assert scheduler.outcomes[0].state == "fail"
    assert "'numbers' gave accuracy = inf" in scheduler.outcomes[0].reason


def test_stopping_midway_keeps_what_was_scored(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "frozen", "token-classification", number_rows(40))
    scheduler = ListScheduler(TRIALS[:2])
    scheduler.stop_after = 2 * 30  # examples: in the second of four rungs
    Population(training, 2, BatchLimits(slots=2, examples=4)).run(scheduler)
    assert {o.state for o in scheduler.outcomes.values()} == {"stopped"}
    assert all(o.kept is not None for o in scheduler.outcomes.values())
    assert all("the timeout was reached" in o.reason for o in scheduler.outcomes.values())
    assert list(scheduler.outcomes) == sorted(scheduler.outcomes)  # the order in which they are tried again
    never = ListScheduler(TRIALS[:2])
    never.stop_after = 1
    Population(training, 2, BatchLimits(slots=2, examples=4)).run(never)
    assert {(o.state, o.kept) for o in never.outcomes.values()} == {("stopped", None)}


def test_stopping_midway_does_not_hide_a_trial_that_failed(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(40))
    greedy_above(training.forward.module, 0)
    scheduler = ListScheduler(TRIALS[:1])
    scheduler.stop_after = 1
    Population(training, 1, BatchLimits(slots=1, examples=4)).run(scheduler)
    assert scheduler.outcomes[0].state == "fail"
    assert "out of memory" in scheduler.outcomes[0].reason


def test_the_encoder_reads_the_data_once_for_all_trials(tiny_model: Any) -> None:
    number = number_task()
    loaded = tiny_model("bert")
    read = 0

    def count(module: Any, args: Any, kwargs: Any, output: Any) -> None:
        nonlocal read
        read += kwargs["input_ids"].shape[0]

    model = prepare_model(
        number, loaded, ("a", "b", "c"), built_in("frozen", 4), device="cpu", bfloat16=False
    )
    assert model.encoder is not None
    model.encoder.encoder.register_forward_hook(count, with_kwargs=True)
    plan, buckets = training_data(model, number, number_rows(37), micro_batch=4, rungs_per_epoch=2, seed=3)
    layout = layout_of(model.module)
    training = Training(
        forward=model.forward,
        layout=layout,
        initial=read_slot(model.module, layout),
        plan=plan,
        buckets=buckets,
        dev=scoring_data(model, number, number_rows(9, seed=5)),
        metric="accuracy",
        direction="maximize",
    )
    trials = [Trial(number=n, learning_rate=1e-3, batch_size=8, epochs=5, seed=n) for n in range(20)]
    scheduler = train(training, trials, 8)
    assert len(scheduler.outcomes) == 20
    assert read == 37 + 9
    assert model.encoder.examples_read == 37 + 9


def test_dropout_is_on_in_training_and_off_in_scoring(tiny_model: Any) -> None:
    loaded = tiny_model("bert", dropout=0.5)
    training = make_training(loaded, "full", "token-classification", number_rows(37))
    trials = [Trial(number=n, learning_rate=1e-9, batch_size=4, epochs=1, seed=1) for n in range(2)]
    scheduler = train(training, trials, 2)
    first, second = (next(r for r in scheduler.reports if r.trial.number == n) for n in range(2))
    assert first.loss != second.loss, "each slot has its own dropout"
    assert first.score == second.score, "scoring has none"
    assert np.isfinite(first.loss)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("family", FAMILIES)
def test_slots_together_train_with_dropout(family: str, strategy: str, tiny_model: Any) -> None:
    loaded = tiny_model(family, dropout=0.3)
    training = make_training(loaded, strategy, "token-classification", number_rows(12))
    trials = [Trial(number=n, learning_rate=1e-3, batch_size=4, epochs=1, seed=1) for n in range(2)]
    slots = last_slots(training, trials, together=2)
    assert all(bool(slot.isfinite().all()) for slot in slots.values())
    assert not torch.equal(slots[0], slots[1]), "the same data, and each its own dropout"


def test_a_population_that_does_not_fit_is_made_smaller(tiny_model: Any, monkeypatch: Any) -> None:
    from adaptkit.engine import train as module

    training = make_training(tiny_model("bert"), "frozen", "token-classification", number_rows(20))
    made = module.TrialStack

    def only_two(layout: Any, capacity: int, device: Any) -> Any:
        # What is asked of the allocator beyond two slots is a petabyte, which it truly refuses.
        torch.empty(2**48 if capacity > 2 else 1)
        return made(layout, capacity, device)

    monkeypatch.setattr(module, "TrialStack", only_two)
    scheduler = ListScheduler(TRIALS)
    population = module.populate(training, 8, BatchLimits(slots=8, examples=4))
    assert population.stack.capacity == 2
    population.run(scheduler)
    assert {outcome.state for outcome in scheduler.outcomes.values()} == {"complete"}
