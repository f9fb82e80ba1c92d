from __future__ import annotations

from pathlib import Path
from typing import Any

from adaptkit.run.callbacks import Callback
from adaptkit.run.study import Study
from adaptkit.study.folder import StudyFolder
from adaptkit.tracking.earlier import EarlierTrials
from tests.helpers.studies import edge_studies


class Recorder(Callback):
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def on_rung_end(self, study: Any, trial: Any, rung: Any) -> None:
        self.calls.append((trial.number, rung.number, rung.score))

    def on_trial_end(self, study: Any, trial: Any) -> None:
        self.calls.append((trial.number, trial.state))


def test_trials_without_a_run_are_written_once() -> None:
    summary, trials = edge_studies()["finished"]
    study, recorder = Study(StudyFolder(Path("x")), summary, trials[:4]), Recorder()
    earlier = EarlierTrials(recorder, lambda study, number: number == 1)
    for _ in range(2):
        earlier.write(study, besides=3)
    assert [call[0] for call in recorder.calls if len(call) == 2] == [0, 2]
    assert [call[2] for call in recorder.calls if call[0] == 2 and len(call) == 3] == [
        rung.score for rung in trials[2].rungs
    ]
