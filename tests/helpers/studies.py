"""Made-up studies for reports: a realistic one, and edge cases."""

from __future__ import annotations

import math
from dataclasses import replace

from adaptkit.study.confirmation import Candidate, Confirmation, ConfirmationRun
from adaptkit.study.record import RungRecord, SplitRecord, StudySummary, TrialRecord
from tests.helpers.confirmations import ALL_FAILED, BEATS, DEFAULT_WINS, TIES, UNFINISHED

HOSTILE = "\x1b[31mred\x1b[0m \u202egnp.exe [bold]b[/bold] <script>alert(1)</script> |`*_@user\x07\r\n=cmd"

BASELINES = {"majority class": {"f1": 0.1, "accuracy": 0.93}, "words": {"f1": 0.8125}}
STOPPED = "stopped after epoch 3.00: the timeout was reached"

# learning rate, batch size, the height its curve reaches, how fast, rungs before it ended
CURVES = [
    (5.00e-4, 16, 0.868, 1.5, 12),
    (1.12e-3, 32, 0.872, 2.2, 12),
    (6.31e-5, 8, 0.741, 0.7, 4),
    (8.47e-4, 8, 0.884, 2.0, 12),
    (1.93e-3, 64, 0.861, 1.9, 8),
    (1.71e-4, 32, 0.779, 0.8, 4),
    (7.02e-4, 16, 0.889, 1.9, 12),
    (2.00e-3, 8, 0.412, 2.5, 3),
    (9.80e-4, 16, 0.892, 2.1, 12),
    (3.26e-4, 64, 0.768, 0.8, 4),
    (1.31e-3, 16, 0.881, 2.3, 12),
    (1.84e-3, 16, 0.871, 2.2, 8),
]
TYPES = {
    "person": 611,
    "organisation": 452,
    "place": 398,
    "work of art": 87,
    "event": 64,
    "Straße": 21,
    "東京": 9,
}


def _rungs(height: float, speed: float, count: int, number: int) -> tuple[RungRecord, ...]:
    return tuple(
        RungRecord(
            epoch=(step + 1) / 4,
            score=height * (1 - math.exp(-speed * (step + 1) / 2.6)) + 0.006 * math.sin(3.1 * step + number),
            loss=1.9 * math.exp(-speed * (step + 1) / 4) + 0.05,
        )
        for step in range(count)
    )


def _groups(height: float) -> dict[str, dict[str, float]]:
    return {
        name: {
            "precision": height + 0.04 - 0.05 * place,
            "recall": height + 0.02 - 0.06 * place,
            "f1": height + 0.03 - 0.055 * place,
            "support": support,
        }
        for place, (name, support) in enumerate(TYPES.items())
    }


def ner_trial(number: int, rate: float, batch: int, height: float, speed: float, count: int) -> TrialRecord:
    rungs = _rungs(height, speed, count, number)
    best = max(range(count), key=lambda rung: rungs[rung].score)
    score = rungs[best].score
    reason = "finished 3 epochs"
    if count < 12:
        reason = f"pruned after epoch {count / 4:g}: {score:.3f}, below the best third of its rung"
    return TrialRecord(
        number=number,
        state="complete" if count == 12 else "pruned",
        reason=reason,
        origin="search" if number else "default",
        hyperparameters={
            "learning_rate": rate,
            "batch_size": batch,
            "epochs": 3,
            "weight_decay": 0.01,
            "warmup": 0.1,
        },
        seed=17 + number,
        rungs=rungs,
        best_rung=best,
        values={"f1": score, "precision": score + 0.011, "recall": score - 0.009, "accuracy": 0.971},
        groups=_groups(score),
        seconds=61.0 + 9 * count,
    )


def failed_trial(
    number: int, reason: str = "out of memory: not even one example of this trial fits"
) -> TrialRecord:
    base = ner_trial(number, 2.0e-3, 8, 0.41, 2.0, 3)
    return replace(
        base, state="fail", reason=reason, rungs=base.rungs[:1], best_rung=None, values={}, groups={}
    )


def ner_trials() -> list[TrialRecord]:
    trials = [ner_trial(number, *curve) for number, curve in enumerate(CURVES)]
    broken = replace(
        trials[7],
        state="fail",
        reason="diverged after epoch 0.75: the training loss is not finite; try a lower learning rate",
        rungs=(*trials[7].rungs[:2], RungRecord(epoch=0.75, score=math.nan, loss=math.nan)),
        best_rung=None,
        values={},
        groups={},
    )
    return [*trials[:7], broken, *trials[8:]]


def ner_summary() -> StudySummary:
    return StudySummary(
        name="people-and-places",
        state="finished",
        task="ner",
        strategy="lora",
        model="sentence-transformers/all-MiniLM-L6-v2",
        head="token-classification",
        metric_is="strict F1 over entities",
        metric="f1",
        direction="maximize",
        groups_title="entity type",
        labels=("O", "B-person", "I-person", "B-place", "I-place"),
        data={
            "train": SplitRecord(source="letters/train.conll", rows=14041, skipped=12, examples=14102),
            "dev": SplitRecord(source="letters/dev.conll", rows=3250, examples=3259),
            "test": SplitRecord(source="letters/test.conll", rows=3453, examples=3460),
        },
        space={"learning_rate": "5e-5 to 2e-3, logarithmic", "batch_size": "8, 16, 32 or 64"},
        trials=12,
        trained_parameters=151_305,
        total_parameters=22_864_521,
        device="NVIDIA L4",
        precision="bf16",
        parallel_trials=8,
        trials_per_pass=8,
        micro_batch=16,
        best=8,
        test={"f1": 0.8791, "precision": 0.8846, "recall": 0.8737, "accuracy": 0.9688},
        test_groups=_groups(0.871),
        importances={"learning_rate": 0.783, "batch_size": 0.217},
        seconds={"data": 3.1, "model": 1.9, "features": 0.0, "train": 312.4, "score": 48.2, "export": 1.4},
        peak_memory_bytes=6_871_947_674,
        model_folder="studies/people-and-places/best",
        warnings=(
            "12 rows of letters/train.conll were skipped; adaptkit report --json lists them.",
            'The type "東京" occurs 9 times in dev: its figures rest on little.',
        ),
        versions={"adaptkit": "0.1.0", "torch": "2.10.0", "transformers": "5.3.0"},
        started="2031-03-04T09:12:33Z",
        updated="2031-03-04T09:18:41Z",
    )


def hostile() -> tuple[StudySummary, list[TrialRecord]]:
    """A study with escapes, markup and direction controls in every string from outside."""
    groups = {HOSTILE: {"f1": 0.5, HOSTILE: 0.4, "support": 3}, "[/]": {"f1": 0.6, "support": 2}}
    trial = replace(
        ner_trial(0, 5e-4, 16, 0.8, 2.0, 12),
        groups=groups,
        reason=f"finished {HOSTILE}",
        values={HOSTILE: 0.3},
        calibration={HOSTILE: 0.5},
    )
    run = ConfirmationRun(
        trial=0, run=0, seed=0, state="complete", reason=HOSTILE, score=0.5, values={HOSTILE: 0.3},
        groups=groups, calibration={HOSTILE: 0.5},
    )  # fmt: skip
    confirmed = Confirmation(
        searched_best=0, trials=[0], default=0, runs=1, winner=0, exported_run=0, exported=run,
        candidates=[Candidate(trial=0, scores=(0.5,), mean=0.5)],
    )  # fmt: skip
    broken = failed_trial(1, HOSTILE)
    summary = replace(
        ner_summary(),
        name=HOSTILE,
        task=HOSTILE,
        model=HOSTILE,
        metric=HOSTILE,
        metric_is=HOSTILE,
        groups_title=HOSTILE,
        labels=(HOSTILE,),
        data={HOSTILE: SplitRecord(source=HOSTILE, rows=1)},
        space={HOSTILE: HOSTILE},
        device=HOSTILE,
        best=0,
        test={HOSTILE: 0.2},
        test_intervals={HOSTILE: (0.1, 0.3)},
        test_groups=groups,
        importances={HOSTILE: 0.9},
        seconds={HOSTILE: 1.0},
        model_folder=HOSTILE,
        baselines={HOSTILE: {HOSTILE: 0.9}},
        test_baselines={HOSTILE: {HOSTILE: 0.95}},
        confirmation=confirmed,
        warnings=(HOSTILE,),
        versions={HOSTILE: HOSTILE},
    )
    return summary, [trial, broken]


def hundred_trials() -> list[TrialRecord]:
    return [ner_trial(number, *CURVES[number % 12][:2], 0.7 + number / 500, 2.0, 12) for number in range(100)]


def many_classes() -> tuple[StudySummary, list[TrialRecord]]:
    """77 classes, some with names longer than a line."""
    groups = {
        f"{'very_' * (place % 30)}class_{place}": {"f1": 0.9 - place / 200, "support": 500 - place}
        for place in range(77)
    }
    trial = replace(ner_trial(0, 5e-4, 16, 0.8, 2.0, 12), groups=groups)
    summary = replace(
        ner_summary(),
        name="n" * 600,
        groups_title="class",
        best=0,
        test_groups=groups,
        model_folder=f"studies/{'long/' * 60}best",
        data={"train": SplitRecord(source="s" * 700, rows=10**9, skipped=10**8, examples=10**9)},
    )
    return summary, [trial]


def edge_studies() -> dict[str, tuple[StudySummary, list[TrialRecord]]]:
    """Studies of every state and size, by name."""
    summary, trials = ner_summary(), ner_trials()
    unscored = replace(summary, best=None, test={}, test_groups={}, importances={}, model_folder=None)
    return {
        "finished": (summary, trials),
        "running": (replace(unscored, state="running"), trials[:5]),
        "interrupted": (replace(unscored, state="interrupted"), trials[:7]),
        "resumed": (summary, [*trials[:10], failed_trial(10, "interrupted: stopped by SIGINT")]),
        "failed": (replace(unscored, state="failed"), [failed_trial(number) for number in range(12)]),
        "no trials": (replace(unscored, state="running", seconds={}), []),
        "one trial": (replace(summary, trials=1, best=0), trials[:1]),
        "all pruned": (replace(unscored, state="interrupted"), [trials[2], trials[4]]),
        "hundred trials": (replace(summary, trials=100, best=99), hundred_trials()),
        "many classes": many_classes(),
        "hostile": hostile(),
        "minimised": (replace(summary, direction="minimize", best=None), trials),
        "full": (replace(summary, strategy="full"), trials),
        "baselines": (replace(summary, baselines=BASELINES), trials),
        "tested baselines": (
            replace(summary, baselines=BASELINES, test_baselines={"words": {"f1": 0.85}}),
            trials,
        ),
        "unbeaten": (
            replace(summary, strategy="frozen", baselines={**BASELINES, "words": {"f1": 0.95}}),
            trials,
        ),
        "folds": (
            replace(summary, baselines=BASELINES, folds=5, warnings=(), space={"l2": "1e-04 … 1e+00 (log)"}),
            trials,
        ),
        "stopped": (summary, [replace(trial, reason=STOPPED) for trial in trials]),
        "intervals": (
            replace(summary, test_intervals={"f1": (0.8641, 0.8925), "recall": (0.85, 0.895)}),
            trials,
        ),
        "calibrated": (
            summary,
            [replace(trial, calibration={"null_threshold": 0.341512}) for trial in trials],
        ),
        "own head": (replace(summary, head="", sample=True), trials),
        "frozen": (replace(summary, strategy="frozen", encoder_passes=1), trials),
        "nothing read": (replace(unscored, state="running", data={}, labels=(), seconds={}, space={}), []),
        "beats": (replace(summary, confirmation=BEATS, best=6), trials),
        "ties": (replace(summary, confirmation=TIES), trials),
        "default wins": (replace(summary, confirmation=DEFAULT_WINS, best=0), trials),
        "confirming": (replace(unscored, state="interrupted", confirmation=UNFINISHED), trials),
        "not confirmed": (replace(summary, confirmation=ALL_FAILED), trials),
        "confirmed folds": (
            replace(summary, confirmation=BEATS, best=6, folds=5, space={"l2": "1e-04 … 1e+00 (log)"}),
            trials,
        ),
        "infinite": (
            replace(summary, test={"f1": math.nan}, importances={"learning_rate": math.nan}, best=0),
            [
                replace(
                    trials[0], values={"f1": math.inf}, groups={"x": {"f1": math.nan, "support": math.nan}}
                )
            ],
        ),
    }
