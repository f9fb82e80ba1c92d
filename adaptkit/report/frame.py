"""The trials of a study as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adaptkit.errors import ConfigError
from adaptkit.study.record import TrialRecord

if TYPE_CHECKING:
    import pandas


def as_frame(trials: Sequence[TrialRecord]) -> pandas.DataFrame:
    """One row per trial: number, value, state, params_NAME, values_NAME, and how and why it ended.

    Raises:
        ConfigError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ConfigError(
            "a DataFrame needs pandas, which is not installed",
            next_step="Install it: pip install pandas. Study.trials has the same numbers.",
            code="needs-pandas",
        ) from error
    params = dict.fromkeys(name for trial in trials for name in trial.hyperparameters)
    values = dict.fromkeys(name for trial in trials for name in trial.values)
    columns = [
        "number", "value", "state", *(f"params_{name}" for name in params),
        *(f"values_{name}" for name in values), "rungs", "epochs", "seconds", "seed", "origin", "reason",
    ]  # fmt: skip
    return pandas.DataFrame([_row(trial) for trial in trials], columns=columns)


def _row(trial: TrialRecord) -> dict[str, Any]:
    return {
        "number": trial.number,
        "value": trial.score,
        "state": trial.state,
        **{f"params_{name}": value for name, value in trial.hyperparameters.items()},
        **{f"values_{name}": value for name, value in trial.values.items()},
        "rungs": len(trial.rungs),
        "epochs": trial.rungs[-1].epoch if trial.rungs else 0.0,
        "seconds": trial.seconds,
        "seed": trial.seed,
        "origin": trial.origin,
        "reason": trial.reason,
    }
