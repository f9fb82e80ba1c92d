"""The winner compared with the baselines: on the rows that scored the trials, and on the test rows.

The sentences contain names from plugins as they are. The module for each format escapes them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from adaptkit.report import formatting
from adaptkit.study.record import StudySummary, TrialRecord

NEXT_STEPS = {  # none of them is more trials: the report says whether these may help
    "frozen": "Try --strategy full or --strategy lora, or use the baseline.",
    "lora": "Try --strategy frozen, more epochs (--epochs), or use the baseline.",
    "full": "Try --strategy frozen, more epochs (--epochs), or use the baseline.",
}


def best_baseline(summary: StudySummary, *, on_test: bool = False) -> tuple[str, float] | None:
    """The name and the score of the best baseline; None if no baseline was scored."""
    scored = summary.test_baselines if on_test else summary.baselines
    scores = {name: values.get(summary.metric) for name, values in scored.items()}
    known = [(name, one) for name, one in scores.items() if one is not None and math.isfinite(one)]
    sign = 1 if summary.direction == "maximize" else -1
    return max(known, key=lambda item: sign * item[1], default=None)


def beats_baselines(summary: StudySummary, best: TrialRecord) -> bool | None:
    """Whether a trial scores better than every baseline, as shown; None if there is nothing to compare."""
    return _is_better(summary, best.score, best_baseline(summary))


def beats_baselines_on_test(summary: StudySummary) -> bool | None:
    """Whether the winner is better than every baseline on the test rows, too; None if that is not known."""
    return _is_better(summary, summary.test.get(summary.metric), best_baseline(summary, on_test=True))


def _is_better(summary: StudySummary, score: float | None, baseline: tuple[str, float] | None) -> bool | None:
    if baseline is None or score is None or not math.isfinite(score):
        return None
    if formatting.score(score) == formatting.score(baseline[1]):
        return False
    return score > baseline[1] if summary.direction == "maximize" else score < baseline[1]


def scored_baselines(
    summary: StudySummary, split: str
) -> list[tuple[str, Mapping[str, Mapping[str, float]]]]:
    """What the baselines were scored on, in a word, and the numbers of each; without what has none.

    Args:
        summary: the study.
        split: what scored the trials, in a word.
    """
    return [pair for pair in ((split, summary.baselines), ("test", summary.test_baselines)) if pair[1]]


def beaten(summary: StudySummary, best: TrialRecord) -> list[str]:
    """How much better the winner is than the best baseline, and the same on test; nothing if it is not."""
    sentences = []
    if beats_baselines(summary, best):
        sentences.append(f"This is {_gain(best.score, best_baseline(summary), 'the best baseline')}")
    if beats_baselines_on_test(summary):
        others = set(summary.baselines) - set(summary.test_baselines)  # such as a head solved to start with
        against = "the best baseline scored there" if others else "the best baseline"
        gain = _gain(summary.test[summary.metric], best_baseline(summary, on_test=True), against)
        sentences.append(f"On test, this model is {gain}")
    return [" ".join(sentences)] if sentences else []


def _gain(score: float | None, baseline: tuple[str, float] | None, against: str) -> str:
    name, its = baseline or ("", math.nan)
    gain = formatting.score(abs((score or 0.0) - its))
    return f"{gain} better than {against}, {name} ({formatting.score(its)})."


def unbeaten(summary: StudySummary, best: TrialRecord) -> str:
    """That a baseline is as good as the winner or better, and the next step if one can help; else empty."""
    baseline = best_baseline(summary)
    if baseline is None or beats_baselines(summary, best) is not False:
        return ""
    name, score = baseline
    if is_perfect(summary, best):
        return (
            f"The baseline {name} and this model both score {formatting.score(score)}, which no model can "
            "beat on these rows. The baseline is simpler, and enough for rows like these."
        )
    shown = f"The baseline {name} scores {formatting.score(score)} on the same rows"
    return f"{shown}: this model does not beat it. {_next_step(summary)}"


def unbeaten_on_test(summary: StudySummary, best: TrialRecord) -> str:
    """That a baseline is as good on test as the winner, or better; empty if not, or if both are perfect."""
    baseline = best_baseline(summary, on_test=True)
    if baseline is None or beats_baselines_on_test(summary) is not False:
        return ""
    own, its = (formatting.score(one) for one in (summary.test[summary.metric], baseline[1]))
    if own == its == formatting.score(_perfect(summary)):
        return ""
    sentence = f"On test, the baseline {baseline[0]} scores {its} and this model {own}"
    if unbeaten(summary, best):  # which says the next step
        return f"{sentence}, so it is not better there, either."
    return f"{sentence}, so it is not better there. {_next_step(summary)}"


def _next_step(summary: StudySummary) -> str:
    return NEXT_STEPS.get(summary.strategy, "Try another --strategy, or use the baseline.")


def is_perfect(summary: StudySummary, best: TrialRecord) -> bool:
    """Whether no score is better than the trial's, as shown: 1, or 0 where less is better."""
    return best.score is not None and formatting.score(best.score) == formatting.score(_perfect(summary))


def _perfect(summary: StudySummary) -> float:
    return 1.0 if summary.direction == "maximize" else 0.0
