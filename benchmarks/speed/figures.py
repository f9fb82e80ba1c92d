"""What a comparison comes to: each side's figures, and the ratios of the pairs. Knows records, no sides.

A record is what `against_search` writes: a setting, a device, the work, and pairs of outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import mean, median
from typing import Any

from benchmarks.speed.accounting import Work
from benchmarks.speed.outcome import Outcome, outcome_of

TRAINER, ADAPTKIT, PRUNED = "Trainer", "adaptkit", "adaptkit, pruning"
SIDES = (TRAINER, ADAPTKIT, PRUNED)


def figures_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The medians over the pairs, by side, and how the sides compare."""
    sides = {name: outcomes(record, name) for name in SIDES}
    return {
        "sides": {name: side_figures(record, name, found) for name, found in sides.items() if found},
        "against Trainer": against(sides[TRAINER], sides[ADAPTKIT]),
        "pruning": pruning(sides[ADAPTKIT], sides[PRUNED]),
    }


def outcomes(record: Mapping[str, Any], side: str) -> list[Outcome]:
    """The side's outcomes, pair by pair."""
    return [outcome_of(pair["sides"][side]) for pair in record["pairs"] if side in pair["sides"]]


def side_figures(record: Mapping[str, Any], side: str, found: Sequence[Outcome]) -> dict[str, float | None]:
    """Seconds, bytes, and rates a second of training; the scores are of the last metric's own unit."""
    work, strategy, peak = Work(**record["work"]), record["setting"]["strategy"], record["device"]["peak"]
    if side == TRAINER:
        work = replace(work, one_token_weights=0)
    return {
        "seconds": median(one.seconds for one in found),
        "process_seconds": median(one.imports + one.seconds for one in found),
        "import_seconds": median(one.imports for one in found),
        "before_training_seconds": median(one.before_training for one in found),
        "training_seconds": median(one.training for one in found),
        "examples_per_second": median(work.examples * _epochs(one) / one.training for one in found),
        "tokens_per_second": median(work.tokens * _epochs(one) / one.training for one in found),
        "share_of_peak": median(work.arithmetic(strategy, one) / one.training / peak for one in found),
        "peak_memory": median(one.peak_memory for one in found),
        "peak_device_memory": median(one.peak_device_memory for one in found),
        "trained_parameters": found[0].trained_parameters,
        "best": _median([one.best for one in found]),
        "seconds_to_best": _median([one.seconds_to_best for one in found]),
    }


def against(theirs: Sequence[Outcome], ours: Sequence[Outcome]) -> dict[str, Any]:
    """How many times as fast adaptkit was, pair by pair, and by how much its scores differ."""
    pairs = list(zip(theirs, ours, strict=False))
    if not pairs:
        return {}
    whole = [_process(their) / _process(our) for their, our in pairs]
    return {
        **spread("times_as_fast", [their.seconds / our.seconds for their, our in pairs]),
        **spread("times_as_fast_with_imports", whole),
        "best_difference": _median([better_by(our.best, their.best, our) for their, our in pairs]),
        "trial_difference": _median([trial_difference(their, our) for their, our in pairs]),
    }


def pruning(without: Sequence[Outcome], pruned: Sequence[Outcome]) -> dict[str, Any]:
    """What pruning saves and costs, pair by pair: its seconds are shares of those without it."""
    pairs = list(zip(without, pruned, strict=False))
    if not pairs:
        return {}
    to_best = [
        on.seconds_to_best / off.seconds_to_best
        for off, on in pairs
        if on.seconds_to_best is not None and off.seconds_to_best is not None
    ]
    found_after = [on.seconds_to_best / off.seconds for off, on in pairs if on.seconds_to_best is not None]
    return {
        **spread("share_of_seconds_to_best", to_best),
        **spread("best_after_share_of_all", found_after),
        **spread("share_of_seconds", [on.seconds / off.seconds for off, on in pairs]),
        "best_difference": _median([better_by(on.best, off.best, on) for off, on in pairs]),
    }


def better_by(ours: float | None, theirs: float | None, outcome: Outcome) -> float | None:
    """By how much the first score is better than the second; negative if it is worse."""
    if ours is None or theirs is None:
        return None
    return ours - theirs if outcome.direction == "maximize" else theirs - ours


def trial_difference(theirs: Outcome, ours: Outcome) -> float | None:
    """By how much a trial's best score is better on our side, as the mean over the list."""
    direction = ours.direction
    pairs = zip(theirs.trials, ours.trials, strict=True)
    found = [better_by(our.best(direction), their.best(direction), ours) for their, our in pairs]
    known = [one for one in found if one is not None]
    return mean(known) if known else None


def spread(name: str, values: Sequence[float]) -> dict[str, Any]:
    """The values, and their median under the plain name."""
    return {name: _median(values), f"{name}_each": list(values)}


def _epochs(outcome: Outcome) -> float:
    return sum(trial.epochs for trial in outcome.trials)


def _process(outcome: Outcome) -> float:
    return outcome.imports + outcome.seconds


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
