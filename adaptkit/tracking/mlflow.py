"""Writes a study to MLflow: an experiment for the study, and a run for each trial."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
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

FORBIDDEN = re.compile(r"[^\w\-. :/]")
"""The characters that MLflow's names of metrics cannot have."""


class MLflowCallback(Callback):
    """Writes each trial as a run of MLflow: parameters, scores after each rung, final scores.

    The experiment is named as the study. A continued study adds its new trials to the same experiment.
    """

    def __init__(self, tracking_uri: str | None = None, experiment: str | None = None) -> None:
        """Connect to MLflow.

        Args:
            tracking_uri: where the runs are stored; by default MLflow's own, such as MLFLOW_TRACKING_URI.
            experiment: the name of the experiment; by default the study's.

        Raises:
            ConfigError: MLflow is not installed, or the store cannot be used.
        """
        self._client = _connected(tracking_uri)
        self._experiment = experiment
        self._runs: dict[int, str] = {}
        self._earlier = EarlierTrials(self, lambda study, number: self._found(study, number) is not None)

    def on_trial_start(self, study: Study, trial: StartedTrial) -> None:
        """Start the trial's run."""
        self._earlier.write(study)
        self._run(study, trial)

    def on_rung_end(self, study: Study, trial: StartedTrial, rung: RungScore) -> None:
        """Write the scores after a rung; the step is the rung's number."""
        self._log(self._run(study, trial), rung_values(rung), step=rung.number)

    def on_trial_end(self, study: Study, trial: TrialRecord) -> None:
        """Write the final scores, and end the run."""
        self._earlier.write(study, besides=trial.number)
        run = self._run(study, trial)
        self._log(run, final_values(trial), step=len(trial.rungs))
        for name, value in (("state", trial.state), ("reason", trial.reason)):
            self._client.set_tag(run, f"adaptkit.{name}", value[:5000])
        failed = "KILLED" if trial.interrupted else "FAILED"
        self._client.set_terminated(run, failed if trial.state == "fail" else "FINISHED")

    def on_study_end(self, study: Study) -> None:
        """Mark the winner's run, and write its confirmed scores and those on the test rows."""
        self._earlier.write(study)
        best = study.best
        if study.summary.state != "finished" or best is None:
            return
        run = self._run(study, best)
        self._client.set_tag(run, "adaptkit.winner", "true")
        self._log(run, winner_values(study), step=len(best.rungs))

    def _run(self, study: Study, trial: StartedTrial | TrialRecord) -> str:
        """The id of the trial's run: one that this or an earlier call has started, or a new one."""
        if trial.number not in self._runs:
            self._runs[trial.number] = self._found(study, trial.number) or self._started(study, trial)
        return self._runs[trial.number]

    def _found(self, study: Study, number: int) -> str | None:
        its = f"tags.`adaptkit.identity` = '{identity(study.summary)}' AND tags.`adaptkit.trial` = '{number}'"
        found = self._client.search_runs([self._experiment_id(study)], its, max_results=1)
        return str(found[0].info.run_id) if found else None

    def _started(self, study: Study, trial: StartedTrial | TrialRecord) -> str:
        tags = {**about_study(study), **about_trial(trial), "identity": identity(study.summary)}
        run = self._client.create_run(
            self._experiment_id(study), run_name=f"trial {trial.number}",
            tags={f"adaptkit.{name}": value for name, value in tags.items()},
        )  # fmt: skip
        for name, value in trial.hyperparameters.items():
            self._client.log_param(run.info.run_id, name, value)
        return str(run.info.run_id)

    def _experiment_id(self, study: Study) -> str:
        name = self._experiment or study.name
        found = self._client.get_experiment_by_name(name)
        return str(found.experiment_id if found else self._client.create_experiment(name))

    def _log(self, run: str, values: Mapping[str, float], *, step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(FORBIDDEN.sub("_", name), value, now, step) for name, value in values.items()]
        self._client.log_batch(run, metrics=metrics)


def _connected(tracking_uri: str | None) -> Any:
    """The client of MLflow; raises ConfigError."""
    tracking = needed("mlflow.tracking", "mlflow")
    try:
        client = tracking.MlflowClient(tracking_uri=tracking_uri)
        client.search_experiments(max_results=1)
    except Exception as error:  # stores of all kinds raise errors of all kinds
        raise ConfigError(
            f"MLflow's store {tracking_uri or tracking.get_tracking_uri()!r} cannot be used: {error}",
            expected="a store such as sqlite:///mlflow.db, or the address of a server",
            next_step="Set MLFLOW_TRACKING_URI to it.",
            code="tracker-not-available",
        ) from error
    return client
