"""The task for tags that do not form entities, such as parts of speech, derived from the entity task."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from adaptkit import located_words
from adaptkit_ner.baselines import frequent_tags
from adaptkit_ner.decoding import decode_words, gathered
from adaptkit_ner.forms import PLAIN_FORMS
from adaptkit_ner.rows import matching
from adaptkit_ner.rows import prepare as prepare_words
from adaptkit_ner.tag_metric import METRIC, NO_TAG
from adaptkit_ner.words import TAGS, given_tags, given_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adaptkit import Row, Task
    from adaptkit_ner.decoding import Piece


def without_spans(task: Task, tag_names: Sequence[str] | None = None) -> Task:
    """The entity task, changed so that it learns and scores the tag of each word independently."""
    return replace(
        task,
        columns={**task.columns, "tags": "a tag for each word, such as NOUN"},
        prepare=partial(prepare, tag_names=tag_names),
        survey=None,
        labels_of=lambda row: set(row["tags"]),
        label_names=tuple,
        decode=decode_words,
        merge_windows=merge,
        metric=METRIC,
        baseline=frequent_tags,
        forms=PLAIN_FORMS,
        audit=None,
        to_json=present,
    )


def prepare(row: Row, *, tag_names: Sequence[str] | None = None) -> Row:
    """A row with ``tokens`` and ``tags``, or tokens or a text to be predicted, in the standard form.

    Raises ValueError that says what is wrong with the row.
    """
    if row.get("entities") is not None:
        raise ValueError("the row has entities; expected tokens and tags (entities need --option spans=true)")
    tags = given_tags(row, tag_names)
    if tags is None:
        return prepare_words(row)
    if given_tokens(row) is None:
        raise ValueError("tags without tokens; expected a list of words with a tag for each")
    words = prepare_words({name: value for name, value in row.items() if name not in TAGS})
    for position, (token, tag) in enumerate(
        zip(words["tokens"], matching(tags, words["tokens"]), strict=True), 1
    ):
        if not tag.strip():
            raise ValueError(f"token {position} ({token!r:.40}): tag {tag!r:.40}; expected a name")
    return {**words, "tags": list(tags)}


def merge(row: Row, pieces: Sequence[Piece]) -> dict[str, Any]:
    """The tags of a row, each with its probability; `NO_TAG` for a word without sub-words."""
    tags, probabilities = gathered(row, pieces, unseen=(NO_TAG, 0.0))
    return {"tags": tags, "probabilities": probabilities}


def present(row: Row, prediction: Mapping[str, Any]) -> dict[str, Any]:
    """The text and its words, each with its tag, its characters and the probability of the tag.

    If the row has no text, the words are joined with spaces.
    """
    text, spans = located_words(row)
    words = zip(spans, prediction["tags"], prediction["probabilities"], strict=True)
    return {
        "text": text,
        "tokens": [
            {"text": text[start:end], "tag": tag, "start": start, "end": end, "score": probability}
            for (start, end), tag, probability in words
        ],
    }
