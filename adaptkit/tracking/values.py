"""What is written to an experiment tracker, under the same names for all of them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from adaptkit.errors import ConfigError
from adaptkit.run.callbacks import RungScore, StartedTrial
from adaptkit.run.study import Study
from adaptkit.study.record import StudySummary, TrialRecord


def about_study(study: Study) -> dict[str, str]:
    """What all trials of the study have in common."""
    summary = study.summary
    return {
        "study": study.name, "task": summary.task, "strategy": summary.strategy, "model": summary.model,
        "metric": summary.metric, "data": summary.data["train"].source if "train" in summary.data else "",
    }  # fmt: skip


def about_trial(trial: StartedTrial | TrialRecord) -> dict[str, str]:
    """What the trial is, besides its parameters."""
    return {"trial": str(trial.number), "origin": trial.origin, "seed": str(trial.seed)}


def rung_values(rung: RungScore) -> dict[str, float]:
    """The scores after a rung: ``dev/NAME`` for each number on the dev rows, the loss and the epoch."""
    dev = {f"dev/{name}": value for name, value in rung.values.items()}
    return finite({**dev, "train/loss": rung.loss, "epoch": rung.epoch})


def final_values(trial: TrialRecord) -> dict[str, float]:
    """The scores that count, those of the kept rung: ``final/NAME``; and the trial's seconds."""
    final = {f"final/{name}": value for name, value in trial.values.items()}
    return finite({**final, "seconds": trial.seconds})


def winner_values(study: Study) -> dict[str, float]:
    """What is known of the winner at the end: its confirmed scores, and its scores on the test rows.

    ``confirmed/mean``, ``confirmed/deviation`` and ``confirmed/difference`` (from the default, with its ends
    ``_low`` and ``_high``) are over the runs with new seeds. ``test/NAME`` is a number on the test rows, with
    the ends of its interval ``test/NAME_low`` and ``test/NAME_high``.
    """
    test: dict[str, float | None] = {f"test/{name}": value for name, value in study.summary.test.items()}
    for name, (low, high) in study.summary.test_intervals.items():
        test |= {f"test/{name}_low": low, f"test/{name}_high": high}
    known = {**_confirmed(study), **test}
    return finite({name: value for name, value in known.items() if value is not None})


def _confirmed(study: Study) -> dict[str, float | None]:
    found = study.confirmation
    if found is None or found.winner is None:
        return {}
    winner = next((one for one in found.candidates if one.trial == found.winner), None)
    if winner is None:
        return {}
    return {
        "confirmed/mean": winner.mean, "confirmed/deviation": winner.deviation,
        "confirmed/difference": winner.difference, "confirmed/difference_low": winner.low,
        "confirmed/difference_high": winner.high,
    }  # fmt: skip


def finite(values: Mapping[str, float]) -> dict[str, float]:
    """The values without those that are not finite, which trackers cannot show."""
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}


def identity(summary: StudySummary) -> str:
    """A short name of the study, different from that of a later study of the same name."""
    return hashlib.sha256(f"{summary.name} {summary.started}".encode()).hexdigest()[:8]


def needed(module: str, extra: str) -> Any:
    """The module of a tracker; raises ConfigError with the command that installs it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"tracking with {extra} needs a package that is not installed ({error})",
            next_step=f"Install it: pip install 'adaptkit[{extra}]'.",
            code="tracker-not-installed",
        ) from error
