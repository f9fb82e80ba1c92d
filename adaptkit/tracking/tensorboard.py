"""Writes a study for TensorBoard: a folder for each trial."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from adaptkit.run.callbacks import Callback, RungScore, StartedTrial
from adaptkit.run.study import Study
from adaptkit.study.record import TrialRecord
from adaptkit.tracking.earlier import EarlierTrials
from adaptkit.tracking.values import final_values, needed, rung_values, winner_values


class TensorBoardCallback(Callback):
    """Writes each trial as a run of TensorBoard: parameters, scores after each rung, final scores.

    The runs are in the study's folder: ``tensorboard --logdir studies/NAME/tensorboard``.
    """

    def __init__(self, log_dir: str | os.PathLike[str] | None = None) -> None:
        """Prepare to write.

        Args:
            log_dir: the folder of the runs; by default ``tensorboard`` in the study's folder.

        Raises:
            ConfigError: tensorboard is not installed.
        """
        self._writer: Any = needed("torch.utils.tensorboard", "tensorboard").SummaryWriter
        self._log_dir = log_dir
        self._open: dict[int, Any] = {}
        self._earlier = EarlierTrials(self, lambda study, number: self._folder(study, number).exists())

    def on_trial_start(self, study: Study, trial: StartedTrial) -> None:
        """Start the trial's run."""
        self._earlier.write(study)
        self._run(study, trial.number)

    def on_rung_end(self, study: Study, trial: StartedTrial, rung: RungScore) -> None:
        """Write the scores after a rung; the step is the rung's number."""
        writer = self._run(study, trial.number)
        for name, value in rung_values(rung).items():
            writer.add_scalar(name, value, rung.number)
        writer.flush()

    def on_trial_end(self, study: Study, trial: TrialRecord) -> None:
        """Write the parameters and the final scores, and close the run."""
        self._earlier.write(study, besides=trial.number)
        writer = self._run(study, trial.number)
        writer.add_text("state", f"{trial.state}: {trial.reason}", 0)
        writer.add_hparams(
            {**trial.hyperparameters, "origin": trial.origin}, final_values(trial), run_name=".",
            global_step=len(trial.rungs),
        )  # fmt: skip
        self._open.pop(trial.number).close()

    def on_study_end(self, study: Study) -> None:
        """Write the winner's confirmed scores and those on the test rows."""
        self._earlier.write(study)
        best, values = study.best, winner_values(study)
        if study.summary.state == "finished" and best is not None and values:
            writer = self._run(study, best.number)
            for name, value in values.items():
                writer.add_scalar(name, value, len(best.rungs))
        for number in list(self._open):
            self._open.pop(number).close()

    def _run(self, study: Study, number: int) -> Any:
        if number not in self._open:
            self._open[number] = self._writer(str(self._folder(study, number)))
        return self._open[number]

    def _folder(self, study: Study, number: int) -> Path:
        return Path(self._log_dir or study.folder.path / "tensorboard") / f"trial-{number:04d}"
