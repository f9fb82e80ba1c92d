"""The task for tags that do not form entities, such as parts of speech, derived from the entity task."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptkit_ner.baselines import frequent_tags
from adaptkit_ner.decoding import decode_words, gathered
from adaptkit_ner.forms import PLAIN_FORMS
from adaptkit_ner.rows import located, tags_of
from adaptkit_ner.rows import prepare as prepare_words
from adaptkit_ner.tag_metric import METRIC, NO_TAG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adaptkit import Row, Task
    from adaptkit_ner.decoding import Piece


def without_spans(task: Task) -> Task:
    """The entity task, changed so that it learns and scores the tag of each word independently."""
    return replace(
        task,
        columns={**task.columns, "tags": "a tag for each word, such as NOUN"},
        prepare=prepare,
        labels_of=lambda row: set(row["tags"]),
        label_names=tuple,
        decode=decode_words,
        merge=merge,
        metric=METRIC,
        baseline=frequent_tags,
        forms=PLAIN_FORMS,
        audit=None,
        present=present,
    )


def prepare(row: Row) -> Row:
    """A row with ``tokens`` and ``tags``, or tokens or a text to be predicted, in the standard form.

    Raises ValueError that says what is wrong with the row.
    """
    if row.get("entities") is not None:
        raise ValueError("the row has entities; expected tokens and tags (entities need --option spans=true)")
    if row.get("tags") is None:
        return prepare_words(row)
    if row.get("tokens") is None:
        raise ValueError("tags without tokens; expected a list of words with a tag for each")
    words = prepare_words({name: value for name, value in row.items() if name != "tags"})
    tags = tags_of(row["tags"], words["tokens"])
    for position, (token, tag) in enumerate(zip(words["tokens"], tags, strict=True), start=1):
        if not tag.strip():
            raise ValueError(f"token {position} ({token!r:.40}): tag {tag!r:.40}; expected a name")
    return {**words, "tags": tags}


def merge(row: Row, pieces: Sequence[Piece]) -> dict[str, Any]:
    """The tags of a row, each with its probability; `NO_TAG` for a word without sub-words."""
    tags, probabilities = gathered(row, pieces, unseen=(NO_TAG, 0.0))
    return {"tags": tags, "probabilities": probabilities}


def present(row: Row, prediction: Mapping[str, Any]) -> dict[str, Any]:
    """The text and its words, each with its tag, its characters and the probability of the tag.

    If the row has no text, the words are joined with spaces.
    """
    text, spans = located(row)
    words = zip(spans, prediction["tags"], prediction["probabilities"], strict=True)
    return {
        "text": text,
        "tokens": [
            {"text": text[start:end], "tag": tag, "start": start, "end": end, "score": probability}
            for (start, end), tag, probability in words
        ],
    }
