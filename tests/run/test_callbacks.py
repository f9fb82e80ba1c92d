from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.errors import ConfigError
from adaptkit.run.callbacks import EVENTS, checked_callbacks
from tests.helpers.data import moods

ROWS = [{"text": text, "label": label} for text, label in moods(48, 1)]


class Recorder(adaptkit.Callback):
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def on_trial_start(self, study: Any, trial: Any) -> None:
        self.calls.append(("start", trial.number, dict(trial.hyperparameters)))

    def on_rung_end(self, study: Any, trial: Any, rung: Any) -> None:
        self.calls.append(("rung", trial.number, rung.number, rung.score, dict(rung.values)))

    def on_trial_end(self, study: Any, trial: Any) -> None:
        assert trial in study.trials
        assert (study.folder.trials / f"{trial.number:04d}.json").exists()
        self.calls.append(("end", trial.number, trial.state))

    def on_study_end(self, study: Any) -> None:
        self.calls.append(("study", study.summary.state))

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.calls if call[0] == kind]


class Broken:
    def on_trial_start(self, study: Any, trial: Any) -> None:
        raise KeyError("at the start")

    def on_trial_end(self, study: Any, trial: Any) -> None:
        raise adaptkit.AdaptkitError("at the end")


def tuned(tiny_folder: Path, tmp_path: Path, callbacks: Any, **changes: Any) -> Any:
    given = {"strategy": "full", "trials": 3, "epochs": 1, "confirm": 0, **changes}
    return adaptkit.tune(
        "text-classification", train=ROWS, dev=0.3, model=tiny_folder, studies=tmp_path, device="cpu",
        study="study", progress=False, callbacks=callbacks, **given,
    )  # fmt: skip


@pytest.mark.parametrize("strategy", ["full", "frozen"])
def test_callbacks_see_every_trial(strategy: str, tiny_folder: Path, tmp_path: Path) -> None:
    recorder = Recorder()
    epochs = {"epochs": None} if strategy == "frozen" else {}
    study = tuned(tiny_folder, tmp_path, recorder, strategy=strategy, **epochs)
    assert sorted(recorder.of("start")) == [(trial.number, trial.hyperparameters) for trial in study.trials]
    assert sorted(recorder.of("end")) == [(trial.number, trial.state) for trial in study.trials]
    assert recorder.of("study") == [("finished",)]
    for trial in study.trials:
        scores = [call[2] for call in recorder.of("rung") if call[0] == trial.number]
        assert scores == [rung.score for rung in trial.rungs]
    assert recorder.calls[-1][0] == "study"


def test_an_exception_is_reported_and_nothing_is_lost(tiny_folder: Path, tmp_path: Path) -> None:
    recorder = Recorder()
    study = tuned(tiny_folder, tmp_path, [Broken(), recorder])
    assert len(study.trials) == len(recorder.of("end")) == 3
    assert study.summary.state == "finished"
    reported = [
        warning
        for warning in adaptkit.open_study(study.folder.path).summary.warnings
        if "callback" in warning
    ]
    assert len(reported) == 2, "each kind once"
    assert "the callback Broken.on_trial_start failed: KeyError: 'at the start'" in reported[0]
    assert f"{Path(__file__).name}:" in reported[0]
    assert "Broken.on_trial_end failed: AdaptkitError: at the end" in reported[1]


def test_a_continued_study_calls_for_new_trials_only(tiny_folder: Path, tmp_path: Path) -> None:
    tuned(tiny_folder, tmp_path, ())
    recorder = Recorder()
    tuned(tiny_folder, tmp_path, recorder, trials=4)
    assert recorder.of("end") == [(3, "complete")] or recorder.of("end") == [(3, "pruned")]
    again = Recorder()
    tuned(tiny_folder, tmp_path, again, trials=4)
    assert again.calls == [("study", "finished")]


@pytest.mark.parametrize("stop", EVENTS[:3])
def test_an_interrupt_in_a_callback_loses_nothing(stop: str, tiny_folder: Path, tmp_path: Path) -> None:
    recorder, signals = Recorder(), [signal.SIGINT]

    class Stopping:
        pass

    setattr(Stopping, stop, lambda *about: signals and signal.raise_signal(signals.pop()))
    with pytest.raises(KeyboardInterrupt):
        tuned(tiny_folder, tmp_path, [Stopping(), recorder])
    assert recorder.of("study") == [("interrupted",)]
    started, ended = ({call[0] for call in recorder.of(kind)} for kind in ("start", "end"))
    assert started == ended, "trials that were training have ended as interrupted"
    study = tuned(tiny_folder, tmp_path, ())
    assert sum(not trial.interrupted for trial in study.trials) == 3


def test_a_second_interrupt_ends_the_call_at_once(tiny_folder: Path, tmp_path: Path) -> None:
    class Stopping(Recorder):
        def on_trial_start(self, study: Any, trial: Any) -> None:
            signal.raise_signal(signal.SIGINT)

    stopping = Stopping()
    with pytest.raises(KeyboardInterrupt) as caught:
        tuned(tiny_folder, tmp_path, stopping)
    assert not isinstance(caught.value, adaptkit.AdaptkitError)
    assert adaptkit.open_study("study", studies=tmp_path).summary.state == "interrupted"
    study = tuned(tiny_folder, tmp_path, ())
    assert sum(not trial.interrupted for trial in study.trials) == 3


@pytest.mark.parametrize("given", [3, [object()], Recorder, ["on_trial_end"], None])
def test_what_is_no_callback_is_refused(given: Any) -> None:
    with pytest.raises(ConfigError, match=r"^callbacks: ") as refused:
        checked_callbacks(given)
    assert refused.value.code == "not-a-callback"


def test_one_or_several_callbacks_are_accepted() -> None:
    one = Recorder()
    assert checked_callbacks(one) == checked_callbacks([one]) == checked_callbacks((one,)) == (one,)
    assert checked_callbacks(()) == ()
