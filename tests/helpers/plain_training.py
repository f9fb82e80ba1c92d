"""A training loop in plain torch, which the engine's results are compared with."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from adaptkit.data.plan import Plan
from adaptkit.engine.patches.vocabulary import trim, write_trial
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import read_slot
from adaptkit.engine.types import Trial
from tests.helpers.number_task import number_rows
from tests.helpers.populations import last_slots, make_training

TRIALS = (
    Trial(number=0, learning_rate=2e-3, batch_size=4, epochs=2, seed=11),
    Trial(number=1, learning_rate=5e-3, batch_size=8, epochs=2, seed=12, weight_decay=0.1),
    Trial(number=2, learning_rate=1e-3, batch_size=16, epochs=2, seed=13, warmup=0.5),
)


def assert_trained_as_in_plain_torch(loaded: Any, strategy: str, head: str, device: str = "cpu") -> None:
    """Check that trials trained together, each trial alone, and a plain loop give the same logits."""
    rows = number_rows(21, head)
    training = make_training(copy.deepcopy(loaded), strategy, head, rows, device=device)
    together = last_slots(training, TRIALS, together=3)
    alone = last_slots(training, TRIALS, together=1)
    module = plain_module(loaded, training, strategy)
    before = logits(module, training, training.initial)
    # Frozen features are kept in half precision, whose numbers are exact to about 1 in 2,000.
    tolerance = 2e-2 if strategy == "frozen" else 2e-4
    for trial in TRIALS:
        plain = plain_loop(loaded, training, trial, rows, strategy)
        slots = (plain, together[trial.number], alone[trial.number])
        expected, ours, lone = (logits(module, training, slot) for slot in slots)
        assert (expected - before).abs().max() > 0.005, "the trial has to have learnt something"
        torch.testing.assert_close(ours, lone, atol=2e-4, rtol=1e-4)
        torch.testing.assert_close(ours, expected, atol=tolerance, rtol=1e-3)


def plain_loop(
    loaded: Any, training: Training, trial: Trial, slots: Sequence[Any], strategy: str, **loss_settings: Any
) -> torch.Tensor:
    """Trains one trial: nn.Module, AdamW, one pass for each step; no views, no vmap, no cut encoder.

    ``loss_settings`` are those of torch's cross-entropy.
    """
    module = plain_module(loaded, training, strategy)
    write_trial(module, training.start_of(trial), training.vocabulary)
    device = training.forward.device
    trained = [p for _, p in sorted_parameters(module)]
    decayed = [p for p in trained if p.dim() >= 2]
    vectors = [p for p in trained if p.dim() < 2]
    adamw = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": trial.weight_decay}, {"params": vectors, "weight_decay": 0.0}],
        lr=1.0,
        fused=True,
    )
    batches = effective_batches(training.plan, trial)
    warm = round(trial.warmup * len(batches))
    for step, batch in enumerate(batches):
        factor = (step + 1) / (warm + 1) if step < warm else (len(batches) - step) / (len(batches) - warm)
        for group in adamw.param_groups:
            group["lr"] = trial.learning_rate * factor
        adamw.zero_grad()
        longest = max(len(slots[i]["ids"]) for i in batch)
        padded = [(slots[i]["ids"], longest - len(slots[i]["ids"])) for i in batch]
        ids = torch.tensor([its + [0] * left for its, left in padded], device=device)
        mask = torch.tensor([[1] * len(its) + [0] * left for its, left in padded], device=device)
        logits = module(input_ids=ids, attention_mask=mask).logits
        if isinstance(slots[0]["answer"], list):
            answers = [slots[i]["answer"] + [-100] * (longest - len(slots[i]["answer"])) for i in batch]
            targets = torch.tensor(answers, device=device).flatten()
            loss = cross_entropy(logits.flatten(0, 1), targets, **loss_settings)
        else:
            targets = torch.tensor([slots[i]["answer"] for i in batch], device=device)
            loss = cross_entropy(logits, targets, **loss_settings)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        adamw.step()
    return slot_of(module, training)


def plain_module(loaded: Any, training: Training, strategy: str) -> torch.nn.Module:
    """A copy of the model, with transformers' own attention, adapted by the strategy."""
    from adaptkit.strategies.apply import adapted
    from adaptkit.strategies.registry import built_in

    copied = copy.deepcopy(loaded)
    if copied.module._can_set_attn_implementation():
        copied.module.set_attn_implementation("eager")
    module = adapted(copied, built_in(strategy, 4)).eval()
    write_trial(module, training.initial, training.vocabulary)
    return module.to(training.forward.device)


def slot_of(module: torch.nn.Module, training: Training) -> torch.Tensor:
    """A plain model's trained parameters as a slot; of its embeddings, those of the tokens that occur."""
    if training.vocabulary is not None:
        trim(module, training.vocabulary)
    return read_slot(module, training.layout)


def sorted_parameters(module: torch.nn.Module) -> list[tuple[str, torch.nn.Parameter]]:
    return [(name, p) for name, p in module.named_parameters() if p.requires_grad]


def effective_batches(plan: Plan, trial: Trial) -> list[list[int]]:
    """The examples of each optimiser step, as the plan orders them."""
    batches, rungs = [], max(1, round(trial.epochs * plan.rungs_per_epoch))
    batch: list[int] = []
    for rung in range(rungs):
        epoch, within = divmod(rung, plan.rungs_per_epoch)
        contents = plan.contents(trial.seed, epoch, trial.split)
        taken = [0] * len(contents)
        for bucket in plan.sequence(trial.batch_size):
            places = contents[bucket][within][taken[bucket]]
            taken[bucket] += 1
            batch += plan.members[bucket][places[places >= 0]].tolist()
            if len(batch) >= trial.batch_size:
                batches.append(batch)
                batch = []
        if within == plan.rungs_per_epoch - 1 and batch:
            batches.append(batch)
            batch = []
    return batches


def logits(module: torch.nn.Module, training: Training, slot: torch.Tensor) -> torch.Tensor:
    """The plain model's logits with a slot's weights.

    Logits are compared, not parameters: the bias of a key changes no attention, so its gradient is
    rounding noise, which Adam scales up to full steps.
    """
    write_trial(module, slot, training.vocabulary)
    ids = torch.tensor([[7, 9, 23, 41, 5, 6, 50, 33, 12, 18, 27, 44], [3, 4, 5, 6, 7, 8, 9, 10, 0, 0, 0, 0]])
    ids = ids.to(training.forward.device)
    with torch.no_grad():
        found: torch.Tensor = module(input_ids=ids, attention_mask=(ids > 0).long()).logits
    return found.cpu()
