"""Extractive question answering as an adaptkit task: a span of the context as the answer, or no answer.

Imports torch and transformers only when the task is used.
"""

from __future__ import annotations

from functools import partial
from operator import itemgetter
from pathlib import Path

from adaptkit import Task


def qa(
    *, doc_stride: int = 128, n_best: int = 20, max_answer_length: int = 30, max_question_length: int = 64
) -> Task:
    """Extractive question answering.

    Args:
        doc_stride: the number of tokens that two windows of a long context share.
        n_best: the number of starts and ends of a window that are combined, and of spans kept for a question.
        max_answer_length: the most tokens of an answer.
        max_question_length: the number of tokens that a question is truncated to.

    Raises:
        ValueError: an option is not a positive integer (``doc_stride`` may be 0).
    """
    from adaptkit_qa.audit import audit
    from adaptkit_qa.baselines import baselines
    from adaptkit_qa.decoding import decode, merge
    from adaptkit_qa.encoding import collator, encode
    from adaptkit_qa.forms import FORMS
    from adaptkit_qa.loss import span_loss
    from adaptkit_qa.metric import METRIC
    from adaptkit_qa.rows import answerability, parse, prepare, present
    from adaptkit_qa.squad import read
    from adaptkit_qa.threshold import calibrate, calibrated

    options = {
        "doc_stride": doc_stride,
        "n_best": n_best,
        "max_answer_length": max_answer_length,
        "max_question_length": max_question_length,
    }
    _check(options)
    return Task(
        name="qa",
        columns={
            "question": "the question, a text",
            "context": "the text that may contain the answer",
            "answers": "{text: [...], answer_start: [...]}, or a list of {text, start}; empty: no answer",
        },
        target_columns=("answers", "entities", "answer_start", "answer_text"),
        head="question-answering",
        outputs=("start_logits", "end_logits"),
        config_overrides={"num_labels": 2},  # a start and an end, also for a model trained for another task
        labels_of=None,
        prepare=prepare,
        encode=partial(encode, doc_stride=doc_stride, max_question_length=max_question_length),
        collator=collator,
        loss=span_loss,
        decode=partial(decode, n_best=n_best, max_answer_length=max_answer_length),
        merge_windows=partial(merge, n_best=n_best),
        calibrate=calibrate,
        apply_calibration=calibrated,
        metric=METRIC,
        baseline=baselines,
        parse_text=parse,
        to_json=present,
        readers={".json": read},
        sample=Path(__file__).parent / "sample",
        forms=FORMS,
        audit=partial(audit, max_question_length=max_question_length),
        stratify_by=answerability,
        group_by=itemgetter("context"),
        options=options,
    )


def _check(options: dict[str, int]) -> None:
    for name, value in options.items():
        lowest = 0 if name == "doc_stride" else 1
        if type(value) is not int or value < lowest:
            raise ValueError(f"{name} = {value!r:.80}; expected an integer of at least {lowest}")
