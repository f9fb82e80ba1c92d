"""Both sides train the same complete list of trials on the same rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.speed import adaptkit_study, trainer_search
from benchmarks.speed.against_search import refuse_others
from benchmarks.speed.outcome import Outcome, Scored, TrialOutcome, outcome_of

pytestmark = [
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
]


def clock() -> Callable[[], float]:
    """A clock that counts its calls."""
    ticks = itertools.count()
    return lambda: float(next(ticks))


@pytest.mark.parametrize(
    ("strategy", "task"), [("full", "text-classification"), ("lora", "ner"), ("frozen", "ner")]
)
def test_both_sides_train_the_list_to_its_end(setting: Callable[..., Any], strategy: str, task: str) -> None:
    wanted = setting(strategy, task)
    theirs, ours = (side.run(wanted, clock()) for side in (trainer_search, adaptkit_study))
    for outcome in (theirs, ours):
        refuse_others("this side", wanted, outcome)
        assert [trial.state for trial in outcome.trials] == ["complete"] * 3
        assert [[one.epoch for one in trial.scored] for trial in outcome.trials] == [[1.0, 2.0]] * 3
        assert outcome.training > 0
        assert outcome.best is not None
    # adaptkit does not train the embeddings of tokens that do not occur.
    assert (theirs.trained_parameters == ours.trained_parameters) or strategy == "full"
    assert theirs.trained_parameters >= ours.trained_parameters > 0
    assert theirs.encoder_epochs == 6
    assert ours.encoder_epochs == (1 if strategy == "frozen" else 6)
    assert outcome_of(ours.as_values()) == ours


def test_both_sides_score_the_same(setting: Callable[..., Any], data_folder: Path) -> None:
    """Both sides overfit to a score of 1, so predictions sorted by length are matched with their rows."""
    rows = str(data_folder / "text-classification" / "train.csv")
    wanted = setting("full", dev=rows, epochs=10, trials=[{"learning_rate": 1e-2, "batch_size": 8}])
    scores = [side.run(wanted, clock()).best for side in (trainer_search, adaptkit_study)]
    assert scores == [1.0, 1.0]


def test_pruned_trials_are_reported_as_pruned(setting: Callable[..., Any]) -> None:
    rates = (1e-9, 1e-2, 1e-2, 1e-9, 1e-9, 1e-9)
    wanted = setting(
        "full", epochs=8, pruning=True, trials=[{"learning_rate": rate, "batch_size": 8} for rate in rates]
    )
    outcome = adaptkit_study.run(wanted, clock())
    refuse_others("adaptkit, pruning", wanted, outcome)
    states = [trial.state for trial in outcome.trials]
    assert states[0] == "complete", "the first is the default, which is never pruned"
    assert "pruned" in states
    assert all(trial.epochs < 8 for trial in outcome.trials if trial.state == "pruned")
    assert outcome.seconds_to_best is not None


@pytest.mark.parametrize(("state", "epochs"), [("fail", 1.0), ("pruned", 1.0), ("complete", 1.0)])
def test_an_incomplete_trial_is_rejected(setting: Callable[..., Any], state: Any, epochs: float) -> None:
    wanted = setting("full", epochs=2, trials=[{"learning_rate": 1e-2, "batch_size": 8}])
    trial = TrialOutcome(
        learning_rate=1e-2, batch_size=8, state=state, scored=[Scored(epoch=epochs, score=0.5, at=1.0)]
    )
    outcome = Outcome(
        trials=[trial], direction="maximize", before_training=0, training=1, trained_parameters=1,
        encoder_epochs=0,
    )  # fmt: skip
    with pytest.raises(RuntimeError, match="not all of 2 epochs"):
        refuse_others("adaptkit", wanted, outcome)


def test_another_list_is_rejected(setting: Callable[..., Any]) -> None:
    wanted = setting("full")
    nothing = Outcome(
        trials=[], direction="maximize", before_training=0, training=1, trained_parameters=1, encoder_epochs=0
    )
    with pytest.raises(RuntimeError, match="not the list"):
        refuse_others("adaptkit", wanted, nothing)
