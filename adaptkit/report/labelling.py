"""The Python code that makes labels of a head's logits, with transformers or sentence-transformers."""

from __future__ import annotations

from collections.abc import Mapping

from adaptkit.study.record import StudySummary

THRESHOLD = "threshold"
"""The calibrated number from which on a label is predicted."""

TASKS_OWN = "# This gives logits; adaptkit.load(folder) gives the task's predictions."

NOT_USED = (
    "# transformers may report an unexpected head and a missing pooler: neither",
    "# is used here. The head is a module of sentence-transformers.",
)
"""Where a complete model with a pooled head is loaded as sentence-transformers loads its encoder."""


def are_labels(summary: StudySummary, calibration: Mapping[str, float]) -> bool:
    """Whether it is known how the logits become labels: the most probable one, or all from a threshold on."""
    known = set(calibration) == ({THRESHOLD} if summary.gives == "labels" else set())
    return bool(summary.labels) and summary.max_length > 0 and summary.gives in ("label", "labels") and known


def with_sentence_transformers(summary: StudySummary, calibration: Mapping[str, float]) -> list[str]:
    """The lines that load a pooled model from ``folder`` and, if it is known how, label a text."""
    load = [*NOT_USED, "model = SentenceTransformer(folder)"]
    if not are_labels(summary, calibration):
        order = "in the order of the labels in config.json" if summary.labels else "[texts, outputs]"
        return [*load, TASKS_OWN, f'logits = model.encode(["a text"])  # {order}']
    names = "names = AutoConfig.from_pretrained(folder).id2label"
    logits = 'logits = model.encode(["a text"])  # [texts, labels]'
    probabilities = "1 / (1 + numpy.exp(-logits))"
    return [*load, names, logits, *_labels(summary, calibration, "argmax(1)", probabilities)]


def with_transformers(summary: StudySummary, calibration: Mapping[str, float]) -> list[str]:
    """The lines that label a text with ``model`` and ``tokenizer``; a comment if it is not known how."""
    if not are_labels(summary, calibration):
        return [TASKS_OWN]
    return [
        "names = model.config.id2label",
        "batch = tokenizer(",
        f'    ["a text"], truncation=True, max_length={summary.max_length}, return_tensors="pt"',
        ")",
        "logits = model(**batch).logits.detach()  # [texts, labels]",
        *_labels(summary, calibration, "argmax(1).tolist()", "logits.sigmoid().numpy()"),
    ]


def _labels(
    summary: StudySummary, calibration: Mapping[str, float], most_probable: str, probabilities: str
) -> list[str]:
    """The lines from ``logits`` and ``names`` to ``labels``."""
    if summary.gives == "label":
        return [f"labels = [names[place] for place in logits.{most_probable}]"]
    return [
        f"probabilities = {probabilities}",
        f"threshold = {float(calibration[THRESHOLD])!r}",
        "labels = [",
        "    [names[place] for place in (one >= threshold).nonzero()[0]]",
        "    for one in probabilities",
        "]",
    ]
