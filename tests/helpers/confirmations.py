"""Made-up confirmations of the trials of `tests.helpers.studies.ner_trials`, for reports."""

from __future__ import annotations

from statistics import fmean, stdev

from adaptkit.study.confirmation import Candidate, Confirmation, ConfirmationRun


def confirmation(
    winner: int | None, scores: dict[int, tuple[float, ...]], ends: tuple[float, float] | None = None
) -> Confirmation:
    """The confirmation of `ner_trials`, whose best trial is 8, with these scores of the runs."""
    means = {trial: fmean(its) for trial, its in scores.items() if its}
    done = winner is not None
    made = [
        Candidate(
            trial=trial, scores=its, failed=3 - len(its) if done else 0,
            mean=means.get(trial) if done else None, deviation=stdev(its) if done and len(its) > 1 else None,
            difference=means[trial] - means[0] if done and trial and trial in means and 0 in means else None,
            low=ends[0] if ends and trial else None, high=ends[1] if ends and trial else None,
        )
        for trial, its in scores.items()
    ]  # fmt: skip
    best = max(scores[winner], default=None) if winner is not None else None
    exported = None
    if winner is not None and best is not None:
        values = {"f1": best, "precision": best, "recall": None}
        exported = ConfirmationRun(
            trial=winner, run=1, seed=99, state="complete", score=best, values=values,
            groups={"person": {"f1": 0.91, "support": 611, "recall": None}}, calibration={},
        )  # fmt: skip
    return Confirmation(
        searched_best=8, trials=list(scores), default=0, runs=3, candidates=made, winner=winner,
        exported_run=None if exported is None else 1, exported=exported,
    )  # fmt: skip


BEATS = confirmation(
    6, {8: (0.881, 0.888, 0.889), 6: (0.889, 0.893, 0.897), 0: (0.861, 0.87, 0.866)}, (0.0120, 0.0421)
)
TIES = confirmation(8, {8: (0.871, 0.899, 0.88), 0: (0.869, 0.891, 0.879)}, (-0.0043, 0.0131))
DEFAULT_WINS = confirmation(0, {8: (0.861, 0.869, 0.86), 0: (0.869, 0.891, 0.879)}, (-0.0243, -0.0031))
UNFINISHED = confirmation(None, {8: (0.871, 0.899), 6: (0.889,), 0: ()})
ALL_FAILED = confirmation(8, {8: (), 0: ()})
