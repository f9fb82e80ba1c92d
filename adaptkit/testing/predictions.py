"""Checks of the outputs: pieces, predictions, and their form for users."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adaptkit.engine.evaluate import calibrated
from adaptkit.task import Prediction, Row
from adaptkit.testing.compare import alike
from adaptkit.testing.findings import Nonconformity, NotApplicable
from adaptkit.testing.fixtures import Fixtures

TEXTS = ("a short text", "one text ||| another text", "one text\tanother text", "one text | another text")
"""The texts that `Task.parse_text` is called with. A task may reject any of them."""


def pieces(fixtures: Fixtures) -> None:
    """There is one piece per example, and it does not depend on other examples or on padding."""
    outputs = _outputs(fixtures, more=0)
    together = decoded(fixtures, outputs, fixtures.some)
    for position in fixtures.some:
        one = {name: array[position : position + 1] for name, array in outputs.items()}
        (alone,) = decoded(fixtures, one, [fixtures.some[position]])
        _refuse_difference("decoded alone", position, together[position], alone)
    padded = decoded(fixtures, _padded(outputs, _outputs(fixtures, more=16)), fixtures.some)
    for position in fixtures.some:
        _refuse_difference("decoded with more padding", position, together[position], padded[position])


def merged(fixtures: Fixtures) -> None:
    """There is one prediction per row, with or without its answer."""
    for rows in (fixtures.rows, fixtures.unlabelled):
        predicted(fixtures, rows)


def parsed_and_presented(fixtures: Fixtures) -> None:
    """Predictions are presented as JSON-ready values, and parse_text accepts a text or raises ValueError."""
    _refuse_unpresentable(fixtures, fixtures.unlabelled)
    accepted = [row for text in TEXTS for row in _parsed(fixtures, text)]
    try:
        _refuse_unpresentable(fixtures, accepted)
    except Exception as error:
        raise Nonconformity(
            f"a row that parse_text returned, {accepted[0]!r:.100}, failed: {type(error).__name__}: {error}",
            expected="a valid row without its answer, or ValueError",
            next_step="Give the Task a parse_text that fills its columns; the default fills only 'text'.",
        ) from error
    if not accepted:
        raise NotApplicable("parse_text accepts none of the kit's texts; to_json was checked")


def _refuse_unpresentable(fixtures: Fixtures, rows: Sequence[Row]) -> None:
    for row, prediction in zip(rows, predicted(fixtures, rows), strict=True):
        refuse_unpresentable(fixtures, row, prediction)


def predicted(fixtures: Fixtures, rows: Sequence[Row]) -> list[Prediction]:
    """The untrained model's predictions, calibrated on the chosen rows.

    Raises:
        TrialError: an output is not finite, or decode, merge_windows, calibrate or apply_calibration failed.
    """
    return calibrated(fixtures.task, fixtures.predicted(rows), fixtures.calibration)


def refuse_unpresentable(fixtures: Fixtures, row: Row, prediction: Prediction) -> None:
    """Raise Nonconformity unless the prediction is presented as JSON-ready values."""
    shown = fixtures.task.to_json(row, prediction)
    try:
        json.dumps(dict(shown), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Nonconformity(
            f"to_json returned {shown!r:.120}, which is not valid JSON: {error}",
            expected="a dictionary of texts, finite numbers, booleans, lists and dictionaries",
            next_step="Convert NumPy's values to Python's with .item() or .tolist().",
        ) from error


def decoded(fixtures: Fixtures, outputs: Mapping[str, Any], positions: Sequence[int]) -> list[Any]:
    """The pieces of examples; raises Nonconformity unless there is one per example."""
    examples = [fixtures.examples[position] for position in positions]
    found = list(fixtures.task.decode(outputs, examples, fixtures.labels))
    if len(found) != len(examples):
        raise Nonconformity(
            f"decode returned {len(found)} pieces for {len(examples)} examples",
            expected="one piece for each example, in their order",
            next_step="Let decode return one piece per example; merge_windows combines the pieces of a row.",
        )
    return found


def _refuse_difference(how: str, position: int, expected: Any, found: Any) -> None:
    if not alike(expected, found):
        raise Nonconformity(
            f"example {position} {how} gives {found!r:.100} instead of {expected!r:.100}",
            expected="a piece that depends on the example's own tokens alone",
            next_step="Use only the example's own entry, and only as many tokens as its inputs have.",
        )


def _outputs(fixtures: Fixtures, *, more: int) -> dict[str, np.ndarray[Any, Any]]:
    length = fixtures.length(fixtures.some) + more
    outputs = fixtures.outputs(fixtures.batch(fixtures.some, length))
    return {name: output.float().numpy() for name, output in outputs.items()}


def _padded(
    outputs: Mapping[str, np.ndarray[Any, Any]], longer: Mapping[str, np.ndarray[Any, Any]]
) -> dict[str, np.ndarray[Any, Any]]:
    """The outputs, followed by those of padding if they have a dimension of tokens."""
    padded = {}
    for name, array in outputs.items():
        padded[name] = longer[name].copy()
        padded[name][tuple(slice(size) for size in array.shape)] = array
    return padded


def _parsed(fixtures: Fixtures, text: str) -> list[Row]:
    """The row of a text, in a list; an empty list if the task rejects it."""
    try:
        return [fixtures.task.prepare(fixtures.task.parse_text(text))]
    except ValueError:
        return []
