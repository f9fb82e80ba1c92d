"""How much each hyperparameter matters: Optuna's PED-ANOVA over the trials of a study."""

from __future__ import annotations

from collections.abc import Sequence

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

MINIMUM_TRIALS = 8
"""With fewer scored trials there are no importances."""

SUCCESS_QUANTILE = 0.25
"""The best quarter counts as success, not the usual tenth: a tenth of a small study is too few trials."""


def importances(trials: Sequence[FrozenTrial], direction: StudyDirection) -> dict[str, float]:
    """Each searched hyperparameter's importance, in sum 1; empty if too few trials have different scores.

    A pruned trial counts with its best score: at that rung it was worse than the others.
    """
    study = optuna.create_study(direction=direction)
    common = _common_distributions(trials)
    study.add_trials(
        optuna.trial.create_trial(
            params=trial.params, distributions={name: common[name] for name in trial.params}, value=value
        )
        for trial in trials
        if (value := score_of(trial, direction)) is not None
    )
    values = [trial.value for trial in study.trials]
    if len(values) < MINIMUM_TRIALS or len(set(values)) == 1:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=SUCCESS_QUANTILE)
    shares = evaluator.evaluate(study)
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()} if total > 0 else {}


def _common_distributions(trials: Sequence[FrozenTrial]) -> dict[str, BaseDistribution]:
    """Each hyperparameter's distribution: of several ranges, which an extension gives, the widest."""
    common: dict[str, BaseDistribution] = {}
    for trial in trials:
        for name, one in trial.distributions.items():
            other = common.get(name, one)
            if isinstance(one, FloatDistribution) and isinstance(other, FloatDistribution):
                low, high = min(one.low, other.low), max(one.high, other.high)
                common[name] = FloatDistribution(low, high, log=one.log)
            else:
                common[name] = one
    return common


def score_of(trial: FrozenTrial, direction: StudyDirection) -> float | None:
    """The score of a complete trial, and the best so far of a pruned one; None for any other."""
    if trial.state == TrialState.COMPLETE:
        return trial.value
    scores = list(trial.intermediate_values.values())
    if trial.state != TrialState.PRUNED or not scores:
        return None
    return max(scores) if direction == StudyDirection.MAXIMIZE else min(scores)
