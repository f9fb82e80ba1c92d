"""Multiple choice as an adaptkit task: which of several answers to a question is correct.

Imports torch and transformers only when the task is used.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from adaptkit import Task


def multiple_choice(*, first: int | None = None) -> Task:
    """Which of several choices is correct.

    ``first`` is the number of the first choice, 0 or 1, for answers that are numbers. None means 0, and
    refuses number answers of rows whose choices are in lettered columns or in columns numbered from 1.
    Raises ValueError for any other value.
    """
    from adaptkit_multiple_choice.baselines import baselines
    from adaptkit_multiple_choice.encoding import collator, encode
    from adaptkit_multiple_choice.forms import FORMS
    from adaptkit_multiple_choice.learning import choice_loss, decode
    from adaptkit_multiple_choice.metric import METRIC
    from adaptkit_multiple_choice.rows import ANSWER, parse, prepare, present

    if first not in (None, 0, 1):
        raise ValueError(f"first = {first!r:.80}; expected 0 or 1")
    return Task(
        name="multiple-choice",
        columns={
            "question": "the question, or the beginning of a text",
            "choices": "a list of two or more answers or endings; or columns such as choice0, choice1, ...",
            "answer": "the correct choice: its letter, its number, or its text",
        },
        target_columns=ANSWER,
        head="multiple-choice",
        labels_of=None,
        collator=collator,
        prepare=partial(prepare, first=first),
        encode=encode,
        loss=choice_loss,
        decode=decode,
        metric=METRIC,
        baseline=baselines,
        parse_text=parse,
        to_json=present,
        sample=Path(__file__).parent / "sample",
        forms=FORMS,
        options={"first": first},
    )
