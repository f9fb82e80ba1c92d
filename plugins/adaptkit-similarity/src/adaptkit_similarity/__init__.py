"""Sentence similarity as an adaptkit task: how similar the meaning of two sentences is, as a number.

Imports torch and transformers only when the task is used.
"""

from __future__ import annotations

from functools import partial
from operator import itemgetter
from pathlib import Path

from adaptkit import Task, similarity_baselines


def similarity(*, lowest: float = 0.0, highest: float = 5.0) -> Task:
    """How similar the meaning of two sentences is, from ``lowest`` (not at all) to ``highest`` (the same).

    Raises ValueError unless ``lowest`` is less than ``highest``.
    """
    from transformers import DataCollatorWithPadding

    from adaptkit_similarity.forms import FORMS
    from adaptkit_similarity.learning import decode, squared_error
    from adaptkit_similarity.metric import metric_for
    from adaptkit_similarity.pairs import SCORE, encode, parse, prepare, present
    from adaptkit_similarity.scale import Scale

    scale = Scale(lowest=lowest, highest=highest)
    return Task(
        name="similarity",
        columns={
            "sentence1": "a sentence",
            "sentence2": "another sentence",
            "score": f"how similar their meaning is, {scale}",
        },
        target_columns=SCORE,
        head="sequence-classification",
        config_overrides={"num_labels": 1, "problem_type": "regression"},
        labels_of=None,
        text_pair=("sentence1", "sentence2"),
        collator=DataCollatorWithPadding,
        prepare=partial(prepare, scale=scale),
        encode=partial(encode, scale=scale),
        loss=squared_error,
        decode=partial(decode, scale=scale),
        metric=metric_for(scale),
        baseline=similarity_baselines("sentence1", "sentence2"),
        parse_text=parse,
        to_json=present,
        stratify_by=lambda row: scale.band(row["score"]),
        group_by=itemgetter("sentence1"),
        sample=Path(__file__).parent / "sample",
        forms=FORMS,
        options={"lowest": lowest, "highest": highest},
    )
