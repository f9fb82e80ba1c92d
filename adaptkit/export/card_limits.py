"""Two parts of the model card: what the model's limits are, and what its training took."""

from __future__ import annotations

from adaptkit.report.escaping import code, prose
from adaptkit.report.formatting import duration, score, size
from adaptkit.report.setting import phases
from adaptkit.study.record import StudySummary, TrialRecord

LABELS_SHOWN = 30
WEAK = 0.5
"""Classes with a lower recall are listed."""

CLASSES_SHOWN = 5


def limits(summary: StudySummary, trial: TrialRecord) -> list[str]:
    """What the study knows of where the model is not to be trusted. Nothing is assumed."""
    lines = [
        "Its scores are those of the rows above. How it does on other kinds of text, on other languages or "
        "later was not measured.",
        *_labels(summary),
        *(prose(warning) for warning in summary.truncation),
        *_left_out(summary),
        *_weak(summary, trial),
        *_untested(summary),
    ]
    return ["## Limits", "\n".join(f"- {line}" for line in lines)]


def training(summary: StudySummary, trial: TrialRecord) -> list[str]:
    """Time, device and memory, as the study measured them."""
    lines = [f"device: {prose(summary.device)}, {prose(summary.precision)}" if summary.device else ""]
    if trial.seconds:
        lines.append(f"this trial: {duration(trial.seconds)}, shared with the trials trained beside it")
    if phases(summary):
        spent = duration(sum(summary.seconds.values()))
        lines.append(f"the whole study: {spent} ({prose(', '.join(phases(summary)))})")
    if summary.peak_memory_bytes:
        lines.append(f"memory: {size(summary.peak_memory_bytes)} at most")
    shown = [line for line in lines if line]
    if not shown:
        return []
    return ["## Training", "\n".join(f"- {line}" for line in shown), "Its energy was not measured."]


def _labels(summary: StudySummary) -> list[str]:
    """The only answers that it gives."""
    if not summary.labels:
        return []
    first = ", ".join(code(label) for label in summary.labels[:LABELS_SHOWN])
    more = len(summary.labels) - LABELS_SHOWN
    beside = f", and {more} more in `config.json`" if more > 0 else ""
    return [f"It can give these {len(summary.labels)} labels only: {first}{beside}."]


def _left_out(summary: StudySummary) -> list[str]:
    return [
        f"{split.skipped:,} rows of {prose(name)} were left out."
        for name, split in summary.data.items()
        if split.skipped
    ]


def _weak(summary: StudySummary, trial: TrialRecord) -> list[str]:
    """The classes that it finds least, by the test rows if they are scored, else by those that scored it."""
    scored = summary.test_groups or trial.groups
    groups = {name: group for name, group in scored.items() if group.get("support", 1) > 0}
    found = {name: group["recall"] for name, group in groups.items() if "recall" in group}
    weak = [name for name in found if found[name] < WEAK]
    weak.sort(key=lambda name: (found[name], -groups[name].get("support", 0), name))
    if not weak:
        return []
    shown = ", ".join(f"{code(name)} {score(found[name])}" for name in weak[:CLASSES_SHOWN])
    beside = f", and {len(weak) - CLASSES_SHOWN} more" if len(weak) > CLASSES_SHOWN else ""
    where = "on test" if summary.test_groups else "out of fold" if summary.folds else "on dev"
    return [f"It finds less than half of some: recall {where} of {shown}{beside}."]


def _untested(summary: StudySummary) -> list[str]:
    """What is not known of its scores."""
    if not summary.test:
        return ["It was not scored on test rows, so there is no score that its choice did not influence."]
    if summary.metric in summary.test_intervals:
        return ["Another test set of the same size would give another score: see the interval above."]
    return []
