"""What a trial counts with for importances and for the extension of a range."""

from __future__ import annotations

import pytest
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from adaptkit.search.importance import score_of


@pytest.mark.parametrize(
    ("state", "maximized", "minimized"),
    [(TrialState.COMPLETE, 0.8, 0.8), (TrialState.PRUNED, 0.9, 0.7), (TrialState.FAIL, None, None)],
)
def test_a_complete_trial_counts_with_the_rung_that_it_keeps(
    state: TrialState, maximized: float | None, minimized: float | None
) -> None:
    value = 0.8 if state == TrialState.COMPLETE else None
    trial = create_trial(state=state, value=value, intermediate_values={0: 0.9, 1: 0.7, 2: 0.8})
    assert score_of(trial, StudyDirection.MAXIMIZE) == maximized
    assert score_of(trial, StudyDirection.MINIMIZE) == minimized
