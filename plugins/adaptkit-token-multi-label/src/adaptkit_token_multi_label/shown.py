"""Predictions as users read them: tokens with their labels, and the runs of tokens with the same label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adaptkit import located_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from adaptkit import Row


def to_json(row: Row, prediction: Mapping[str, Any]) -> dict[str, Any]:
    """The text, its entities, and its tokens that have labels, each with characters and probabilities.

    An entity is a run of neighbouring tokens with the same label; its score is their mean probability. If the
    row has no text, the tokens are joined with spaces.
    """
    text, spans = located_words(row)
    names, probabilities, labels = (prediction[name] for name in ("names", "probabilities", "labels"))
    tokens = [
        {
            "text": text[start:end], "start": start, "end": end,
            "labels": {name: float(its[names.index(name)]) for name in chosen},
        }
        for (start, end), chosen, its in zip(spans, labels, probabilities, strict=True)
        if chosen
    ]  # fmt: skip
    entities = [
        _shown(name, first, end, text, spans, probabilities[:, place])
        for place, name in enumerate(names)
        for first, end in _runs([name in chosen for chosen in labels])
    ]
    entities.sort(key=lambda one: (one["start"], -one["end"], one["label"]))
    return {"text": text, "entities": entities, "tokens": tokens}


def _shown(
    name: str, first: int, end: int, text: str, spans: Sequence[tuple[int, int]],
    probabilities: NDArray[np.float32],
) -> dict[str, Any]:  # fmt: skip
    """The entity from a token to before another one; the probabilities of its label are ``[tokens]``."""
    place = {"start": spans[first][0], "end": spans[end - 1][1]}
    score = float(probabilities[first:end].mean())
    return {"text": text[place["start"] : place["end"]], "label": name, **place, "score": score}


def _runs(members: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The first place of each run of true values, and the place after its last one."""
    first = None
    for place, member in enumerate([*members, False]):
        if member and first is None:
            first = place
        elif not member and first is not None:
            yield first, place
            first = None
