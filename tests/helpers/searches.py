"""What the search's tests share: a search opened on a study, and trials that end without training."""

import math
from contextlib import AbstractContextManager

import optuna

from adaptkit.search.search import Search, open_search
from adaptkit.search.space import Space
from adaptkit.search.storage import STUDY_NAME, close_storage, open_storage
from adaptkit.search.suggestion import Suggestion
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import RungRecord, TrialRecord
from adaptkit.study.record import TrialState as RecordState

SPACE = Space(
    learning_rate=(1e-5, 2e-4),
    batch_sizes=(8, 16, 32),
    epochs=3,
    default_learning_rate=5e-5,
    default_batch_size=16,
)


def opened(
    study: StudyFolder, trials: int = 8, direction: str = "maximize", seed: int = 0
) -> AbstractContextManager[Search]:
    return open_search(
        study.database, study.read_trials(), space=SPACE, direction=direction, seed=seed, trials=trials
    )


def score_of(suggestion: Suggestion) -> float:
    return 1.0 - abs(math.log10(suggestion.hyperparameters["learning_rate"]) + 4.0)


def record_of(
    suggestion: Suggestion, state: RecordState = "complete", reason: str = "finished 3 epochs"
) -> TrialRecord:
    score = score_of(suggestion)
    rungs = (RungRecord(epoch=1.5, score=score, loss=0.5), RungRecord(epoch=3.0, score=score / 2, loss=0.4))
    return TrialRecord(
        number=suggestion.number,
        state=state,
        reason=reason,
        origin=suggestion.origin,
        hyperparameters=suggestion.hyperparameters,
        seed=suggestion.seed,
        split=suggestion.split,
        rungs=rungs if state != "fail" else (),
        best_rung=0 if state != "fail" else None,
    )


def end(study: StudyFolder, search: Search, record: TrialRecord) -> None:
    study.write_trial(record)
    search.tell(record)


def settle(study: StudyFolder, search: Search) -> None:
    for orphan in search.orphans:
        end(study, search, orphan)


def finish(study: StudyFolder, search: Search, together: int = 3) -> None:
    settle(study, search)
    while suggestions := search.ask(together):
        for suggestion in suggestions:
            search.report(suggestion.number, 0, score_of(suggestion))
            end(study, search, record_of(suggestion))


def optuna_trials(study: StudyFolder) -> list[optuna.trial.FrozenTrial]:
    storage = open_storage(study.database)
    try:
        return optuna.load_study(study_name=STUDY_NAME, storage=storage).trials
    finally:
        close_storage(storage)
