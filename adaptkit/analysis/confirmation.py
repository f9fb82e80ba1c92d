"""The result of a confirmation: means, deviations, and intervals of the difference from the default.

The interval is a paired bootstrap over seeds and dev rows: a resample draws runs, the same of both
configurations, and takes their scores on the same resample of the dev rows.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from adaptkit.study.confirmation import CLEAR, NORMAL, Candidate, ConfirmationRun

DRAWS = 1000
"""Draws of the runs; each takes one of the resamples of the dev rows."""


def candidate_of(
    trial: int, runs: Sequence[ConfirmationRun], default: Sequence[ConfirmationRun] | None
) -> Candidate:
    """What the runs of one configuration scored, compared with those of the default.

    Args:
        trial: the number of the configuration's trial.
        runs: its runs.
        default: the default's runs; None if this is the default.
    """
    scored = [run for run in runs if run.score is not None and math.isfinite(run.score)]
    scores = [run.score for run in scored if run.score is not None]
    failed = len(runs) - len(scores)
    if not scores:
        return Candidate(trial=trial, scores=(), failed=failed)
    mean = statistics.fmean(scores)
    deviation = statistics.stdev(scores) if len(scores) > 1 else None
    its = Candidate(trial=trial, scores=tuple(scores), failed=failed, mean=mean, deviation=deviation)
    pairs = _pairs(scored, default or ())
    if not pairs:
        return its
    difference = statistics.fmean((one.score or 0.0) - (other.score or 0.0) for one, other in pairs)
    low, high = _interval(pairs, difference) or (None, None)
    return replace(its, difference=difference, low=low, high=high)


def winner_of(candidates: Sequence[Candidate], direction: str, default: int) -> int | None:
    """The trial whose configuration has the best mean; None if none has one.

    Of equals it is the default, or else the earliest. It is the default, too, if the best mean is not better
    than the default's by `CLEAR` standard errors. Where these are not known, the best mean wins.
    """
    sign = 1 if direction == "maximize" else -1
    scored = {one.trial: one for one in candidates if one.mean is not None}

    def place(one: Candidate) -> tuple[float, bool, int]:
        return sign * (one.mean or 0.0), one.trial == default, -one.trial

    best = max(scored.values(), key=place, default=None)
    if best is None:
        return None
    error, lead = best.standard_error, sign * (best.difference or 0.0)
    unclear = error is not None and (lead <= 0 or lead < CLEAR * error)
    return default if unclear and default in scored else best.trial


def error_of_mean(runs: Sequence[ConfirmationRun]) -> float | None:
    """The standard error of the mean score of the runs, over resamples of the dev rows.

    Runs without a score are left out. None if it is not known.
    """
    scored = [run for run in runs if run.score is not None]
    counts = {len(run.resampled) for run in scored}
    if len(counts) != 1 or 0 in counts:
        return None
    means = np.array([_numbers(run) for run in scored]).mean(axis=0)  # [resamples]
    finite = means[np.isfinite(means)]
    return float(finite.std()) if 2 * len(finite) >= len(means) else None


def best_run(runs: Sequence[ConfirmationRun], direction: str) -> ConfirmationRun | None:
    """The run with the best score; None if none has a score."""
    sign = 1 if direction == "maximize" else -1
    scored = [run for run in runs if run.score is not None and math.isfinite(run.score)]
    return max(scored, key=lambda run: sign * (run.score or 0.0), default=None)


def _pairs(
    runs: Sequence[ConfirmationRun], default: Sequence[ConfirmationRun]
) -> list[tuple[ConfirmationRun, ConfirmationRun]]:
    """The complete runs of both with the same seed."""
    others = {run.run: run for run in default if run.score is not None and math.isfinite(run.score)}
    return [(run, others[run.run]) for run in runs if run.run in others]


def _interval(
    pairs: Sequence[tuple[ConfirmationRun, ConfirmationRun]], difference: float
) -> tuple[float, float] | None:
    """The 95% interval of the mean difference, by the standard error of resamples; None if not known."""
    counts = {len(one.resampled) for pair in pairs for one in pair}
    if len(counts) != 1 or 0 in counts:
        return None
    differences = np.array([_numbers(one) - _numbers(other) for one, other in pairs])  # [runs, resamples]
    runs, resamples = differences.shape
    drawn = np.random.default_rng(0).integers(0, runs, (DRAWS, runs))  # [draws, runs]
    means = differences[drawn, (np.arange(DRAWS) % resamples)[:, None]].mean(1)  # [draws]
    finite = means[np.isfinite(means)]
    if 2 * len(finite) < DRAWS:
        return None
    half = NORMAL * float(finite.std())
    return difference - half, difference + half


def _numbers(run: ConfirmationRun) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """``[resamples]``, NaN where there is no score."""
    return np.array([math.nan if one is None else one for one in run.resampled], dtype=np.float64)
