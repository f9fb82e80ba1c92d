"""Checks on the way out: pieces, predictions, and what the user is shown."""

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
"""What is tried on `Task.parse`, whose form is the task's own affair."""


def pieces(fixtures: Fixtures) -> None:
    """One piece for each example, whatever other examples and however much padding come with it."""
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
    """One prediction for each row, with its answer or without it."""
    for rows in (fixtures.rows, fixtures.unlabelled):
        predicted(fixtures, rows)


def parsed_and_presented(fixtures: Fixtures) -> None:
    """Predictions are shown as JSON-ready values, and a text is refused with ValueError or taken."""
    _refuse_unpresentable(fixtures, fixtures.unlabelled)
    taken = [row for text in TEXTS for row in _parsed(fixtures, text)]
    try:
        _refuse_unpresentable(fixtures, taken)
    except Exception as error:
        raise Nonconformity(
            f"a row that parse made of a text, {taken[0]!r:.100}, failed: {type(error).__name__}: {error}",
            expected="a row as the task's own, without its answer, or ValueError",
            next_step="Give the Task a parse that fills its columns; the default fills only 'text'.",
        ) from error
    if not taken:
        raise NotApplicable("parse takes none of the texts that the kit tries; present was looked at")


def _refuse_unpresentable(fixtures: Fixtures, rows: Sequence[Row]) -> None:
    for row, prediction in zip(rows, predicted(fixtures, rows), strict=True):
        refuse_unpresentable(fixtures, row, prediction)


def predicted(fixtures: Fixtures, rows: Sequence[Row]) -> list[Prediction]:
    """The untrained model's predictions, calibrated on the chosen rows.

    Raises:
        TrialError: an output was not finite, or decode, merge, calibrate or calibrated failed.
    """
    return calibrated(fixtures.task, fixtures.predicted(rows), fixtures.calibration)


def refuse_unpresentable(fixtures: Fixtures, row: Row, prediction: Prediction) -> None:
    """Raises Nonconformity unless the prediction is presented as JSON-ready values."""
    shown = fixtures.task.present(row, prediction)
    try:
        json.dumps(dict(shown), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Nonconformity(
            f"present gave {shown!r:.120}, which is no JSON: {error}",
            expected="a dictionary of texts, finite numbers, truth values, lists and dictionaries",
            next_step="Turn NumPy's values into Python's own with .item() or .tolist().",
        ) from error


def decoded(fixtures: Fixtures, outputs: Mapping[str, Any], positions: Sequence[int]) -> list[Any]:
    """The pieces of examples; raises Nonconformity unless there is one for each."""
    examples = [fixtures.examples[position] for position in positions]
    found = list(fixtures.task.decode(outputs, examples, fixtures.labels))
    if len(found) != len(examples):
        raise Nonconformity(
            f"decode gave {len(found)} pieces for {len(examples)} examples",
            expected="one piece for each example, in their order",
            next_step="Let decode give a list of one piece an example; what makes one of several is merge.",
        )
    return found


def _refuse_difference(how: str, position: int, expected: Any, found: Any) -> None:
    if not alike(expected, found):
        raise Nonconformity(
            f"example {position} {how} gives {found!r:.100} instead of {expected!r:.100}",
            expected="a piece that depends on the example's own tokens alone",
            next_step="Look only at the example's own entry, and at as many tokens as its inputs have.",
        )


def _outputs(fixtures: Fixtures, *, more: int) -> dict[str, np.ndarray[Any, Any]]:
    length = fixtures.length(fixtures.some) + more
    outputs = fixtures.outputs(fixtures.batch(fixtures.some, length))
    return {name: output.float().numpy() for name, output in outputs.items()}


def _padded(
    outputs: Mapping[str, np.ndarray[Any, Any]], longer: Mapping[str, np.ndarray[Any, Any]]
) -> dict[str, np.ndarray[Any, Any]]:
    """The outputs, with those of padding after them where they have a dimension of tokens."""
    padded = {}
    for name, array in outputs.items():
        whole = longer[name].copy()
        whole[tuple(slice(size) for size in array.shape)] = array
        padded[name] = whole
    return padded


def _parsed(fixtures: Fixtures, text: str) -> list[Row]:
    """The row of a text; none if the task refuses it."""
    try:
        return [fixtures.task.prepare(fixtures.task.parse(text))]
    except ValueError:
        return []
