"""Writes a study to Weights & Biases: a group with a run for each trial, and one for the winner."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adaptkit.errors import ConfigError
from adaptkit.run.callbacks import Callback, RungScore, StartedTrial
from adaptkit.run.study import Study
from adaptkit.study.record import TrialRecord
from adaptkit.tracking.earlier import EarlierTrials
from adaptkit.tracking.values import (
    about_study,
    about_trial,
    final_values,
    identity,
    needed,
    rung_values,
    winner_values,
)

WINNER = "winner"
"""In the place of a trial's number: the run with the winner."""


class WandbCallback(Callback):
    """Writes each trial as a run of Weights & Biases: parameters, scores after each rung, final scores.

    The runs of a study are one group, with the job type "trial". One more run, with the job type "study", has
    the winner: a run that has ended cannot be written to again while W&B is offline. Offline runs
    (WANDB_MODE=offline) are uploaded by ``wandb sync``.
    """

    def __init__(
        self,
        project: str | None = None,
        entity: str | None = None,
        directory: str | os.PathLike[str] | None = None,
    ) -> None:
        """Check that runs can be written.

        Args:
            project: the project; by default WANDB_PROJECT, or "adaptkit".
            entity: the user or team; by default W&B's own.
            directory: where local files are written; by default WANDB_DIR, or the current folder.

        Raises:
            ConfigError: wandb is not installed, or it has no API key and is not offline.
        """
        self._wandb: Any = needed("wandb", "wandb")
        _refuse_without_key(self._wandb)
        self._given = {
            "project": project or os.environ.get("WANDB_PROJECT") or "adaptkit",
            "entity": entity,
            "dir": os.environ.get("WANDB_DIR") if directory is None else os.fspath(directory),
        }
        self._open: dict[int, Any] = {}
        self._changed = False
        self._earlier = EarlierTrials(self, self._was_written)

    def on_trial_start(self, study: Study, trial: StartedTrial) -> None:
        """Start the trial's run."""
        self._earlier.write(study)
        self._run(study, trial)

    def on_rung_end(self, study: Study, trial: StartedTrial, rung: RungScore) -> None:
        """Write the scores after a rung; the step is the rung's number."""
        self._run(study, trial).log(rung_values(rung), step=rung.number)

    def on_trial_end(self, study: Study, trial: TrialRecord) -> None:
        """Write the final scores, and end the run."""
        self._earlier.write(study, besides=trial.number)
        run = self._run(study, trial)
        run.summary.update({**final_values(trial), "state": trial.state, "reason": trial.reason})
        self._open.pop(trial.number).finish(exit_code=1 if trial.state == "fail" else 0)
        self._changed = True

    def on_study_end(self, study: Study) -> None:
        """End the runs that are still open, and write the run with the winner."""
        self._earlier.write(study)
        for number in list(self._open):
            self._open.pop(number).finish(exit_code=1)
        best = study.best
        if study.summary.state == "finished" and best is not None:
            if self._changed or not self._was_written(study, WINNER):
                self._write_winner(study, best)
            self._changed = False

    def _write_winner(self, study: Study, best: TrialRecord) -> None:
        config = {**best.hyperparameters, **about_study(study)}
        run = self._started(study, WINNER, "study", f"{study.name} winner", config)
        values = {**final_values(best), **winner_values(study)}
        run.summary.update({**values, "winner": best.number, "winner_run": _run_id(study, best.number)})
        run.finish()

    def _run(self, study: Study, trial: StartedTrial | TrialRecord) -> Any:
        number = trial.number
        if number not in self._open:
            config = {**trial.hyperparameters, **about_study(study), **about_trial(trial)}
            self._open[number] = self._started(study, number, "trial", f"{study.name} trial {number}", config)
        return self._open[number]

    def _started(
        self, study: Study, which: int | str, job: str, name: str, config: Mapping[str, object]
    ) -> Any:
        return self._wandb.init(
            **self._given, group=study.name, job_type=job, name=name, id=_run_id(study, which),
            resume="allow", reinit="create_new", config=dict(config),
            settings=self._wandb.Settings(silent=True, console="off"),
        )  # fmt: skip

    def _was_written(self, study: Study, which: int | str) -> bool:
        """Whether there are local files of this run, which W&B keeps of every run."""
        folder = Path(self._given["dir"] or ".")
        return any(folder.glob(f"*wandb/*run-*-{_run_id(study, which)}"))


def _run_id(study: Study, which: int | str) -> str:
    """The id of a trial's run, by its number, or of the run with the winner."""
    end = f"{which:04d}" if isinstance(which, int) else which
    return f"{identity(study.summary)}-{end}"


def _refuse_without_key(wandb: Any) -> None:
    """Raise ConfigError if W&B would ask for an API key while the study runs."""
    if wandb.setup().settings.mode in ("online", "shared") and not wandb.login(prompt=False):
        raise ConfigError(
            "Weights & Biases has no API key",
            expected="a key, or the offline mode",
            next_step="Log in with 'wandb login', or set WANDB_MODE=offline.",
            code="tracker-not-available",
        )
