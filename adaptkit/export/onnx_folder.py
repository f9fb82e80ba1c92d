"""Writes a folder with ``model.onnx`` and all that predicting needs, and compares the model with torch's."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.data.encode import encode
from adaptkit.engine.evaluate import calibrated, score
from adaptkit.errors import ExportError
from adaptkit.export.loading import DESCRIPTION, Description
from adaptkit.export.onnx_model import ONNX, Precision, load_onnx
from adaptkit.export.onnx_script import SCRIPT, script
from adaptkit.export.onnx_writing import (
    proof_batches,
    reduce_precision,
    refuse_differences,
    write_onnx,
)
from adaptkit.export.prediction import encoded, predict_examples
from adaptkit.export.saving import CARD
from adaptkit.models.files import CONFIG
from adaptkit.system.files import new_folder, write_json
from adaptkit.system.manifest import write_manifest

if TYPE_CHECKING:
    from adaptkit.engine.prepare import Model
    from adaptkit.task import Row, Task

POINT = 0.01
"""One point of a metric."""


@dataclass(frozen=True, kw_only=True)
class OnnxExport:
    """A model to be written as ONNX."""

    task: Task
    """With the head that the model has."""

    plugin_task: Task
    """As its plugin makes it."""

    model: Model
    weights: Path
    """The model's folder."""

    description: Description
    rows: Sequence[Row]
    """Prepared rows, labelled if the precision is reduced. The models are compared on some of them."""

    card: Callable[[Description], str]
    precision: Precision = "fp32"
    metric: str = ""
    direction: str = "maximize"
    most_loss: float = 1.0
    """In points of the metric."""


def write_onnx_folder(given: OnnxExport, to: Path) -> Description:
    """Write the folder. If anything fails, nothing is written.

    Returns:
        What ``adaptkit.json`` says.

    Raises:
        ConfigError: the packages for it are not installed.
        ExportError: the model cannot be converted, gives other outputs, or loses too much by its precision.
        StudyError: the folder cannot be written.
    """
    model, task = given.model, given.task
    examples = encode(task, given.rows, model.tokenizer, model.labels, model.max_length)
    batches = proof_batches(model, task, examples)
    with new_folder(to) as aside:
        _copy_files(given, aside)
        write_onnx(model, task, batches[0], aside / ONNX)
        refuse_differences(model.forward, task, aside / ONNX, batches)
        description = replace(given.description, base_model=None, onnx=given.precision)
        if given.precision != "fp32":
            description = replace(description, onnx_scores=_reduced(given, aside))
        write_json(aside / DESCRIPTION, asdict(description))
        (aside / CARD).write_text(given.card(description), encoding="utf-8")
        write_manifest(aside, [path.name for path in aside.iterdir() if path.name != CARD])
    return description


def _copy_files(given: OnnxExport, to: Path) -> None:
    """The tokenizer, the configuration, and the program that predicts."""
    given.model.tokenizer.save_pretrained(to)
    shutil.copyfile(given.weights / CONFIG, to / CONFIG)
    about = given.description
    text = script(
        given.plugin_task, about.labels, about.options, given.model.tokenizer, pooling=about.pooling
    )
    (to / SCRIPT).write_text(text, encoding="utf-8")


def _reduced(given: OnnxExport, folder: Path) -> dict[str, float]:
    """Reduce the precision of the model in the folder, and score it before and after on the rows.

    Raises:
        ExportError: the score is worse by more than the user allows.
    """
    before = _score(given, folder)
    reduce_precision(folder / ONNX, given.precision)
    after = _score(given, folder)
    loss = (before - after if given.direction == "maximize" else after - before) / POINT
    if not loss <= given.most_loss:
        raise ExportError(
            f"{given.precision} changes {given.metric} on the {len(given.rows):,} dev rows from {before:.4f}"
            f" to {after:.4f}: {loss:.2f} points worse",
            expected=f"at most {given.most_loss:g} points",
            next_step="No folder was written. Allow more with --max-loss, or leave out --int8 and --fp16.",
            code="loss-too-high",
        )
    return {"fp32": before, given.precision: after}


def _score(given: OnnxExport, folder: Path) -> float:
    """The score of ``model.onnx`` on the rows."""
    task, rows = given.task, given.rows
    network = load_onnx(folder, task, given.description, "cpu")
    predictions = predict_examples(network, task, rows, encoded(network, task, rows))
    chosen = calibrated(task, predictions, given.description.calibration)
    return float(score(task, chosen, rows, given.metric).values[given.metric])
