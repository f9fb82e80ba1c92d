"""Predicts with an exported model, and scores it on labelled rows."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from adaptkit.config import columns_of
from adaptkit.data.options import ReadOptions
from adaptkit.errors import UserError
from adaptkit.export.inputs import is_single, prepared_inputs
from adaptkit.export.loading import Description, load_exported, read_description
from adaptkit.export.truncated import TruncatedRows
from adaptkit.export.versions import installed_task, naming_versions, other_versions
from adaptkit.models.pooling import with_pooling
from adaptkit.tasks import registry
from adaptkit.tasks.calls import calling
from adaptkit.tasks.metrics import with_metric

if TYPE_CHECKING:
    from concurrent.futures import Future

    from adaptkit.export.prediction import Network, Watch
    from adaptkit.task import Example, Prediction, Row, Scores, Task

CHARACTERS_AT_ONCE = 2**22
ROWS_AT_ONCE = 2048
"""So many rows are encoded together, so that the memory does not grow with their number."""

Chunk: TypeAlias = "tuple[list[Row], UserError | None]"
"""Rows that are encoded together, and the error that ended the reading after them."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Predictor:
    """An exported model with its task."""

    task: Task
    model: Network
    description: Description

    warnings: Sequence[str] = ()
    """What is different from when the model was made, such as the version of its task's plugin."""

    def __repr__(self) -> str:
        labels = f", {len(names)} labels" if (names := self.description.labels) else ""
        return f"<Predictor: {self.task.name}{labels}, at most {self.model.max_length} tokens>"

    def predictions(self, rows: Sequence[Row]) -> list[Prediction]:
        """One prediction per row, in the task's own form.

        Args:
            rows: rows as the task's `prepare` returns them.

        Raises:
            TrialError: the model's outputs are not finite, or the task's decode failed.
            UserError: reading the rows failed.
        """
        from adaptkit.export.prediction import encoded

        found: list[Prediction] = []
        for chunk, failure in chunks(rows):
            if failure is not None:
                raise failure
            found += self.predictions_of(chunk, encoded(self.model, self.task, chunk))
        return found

    def predictions_and_losses(self, rows: Sequence[Row]) -> tuple[list[Prediction], list[float]]:
        """`predictions` of labelled rows, and the loss of each row. Raises TaskError if the loss fails."""
        from adaptkit.export.losses import RowLosses
        from adaptkit.export.prediction import encoded

        found: list[Prediction] = []
        losses: list[float] = []
        for chunk, failure in chunks(rows):
            if failure is not None:
                raise failure
            examples = encoded(self.model, self.task, chunk)
            its = RowLosses(self.task, examples, len(chunk))
            found += self.predictions_of(chunk, examples, its.take)
            losses += its.means()
        return found, losses

    def predictions_of(
        self, rows: Sequence[Row], examples: Sequence[Example], watch: Watch | None = None
    ) -> list[Prediction]:
        """`predictions`, from examples of `encoded`, with the ``watch`` of `predict_examples`."""
        from adaptkit.engine.evaluate import calibrated
        from adaptkit.export.prediction import predict_examples

        found = predict_examples(self.model, self.task, rows, examples, watch)
        return calibrated(self.task, found, self.description.calibration)

    @overload
    def predict(
        self, data: str | Row, *, columns: Mapping[str, str | int] | None = None
    ) -> dict[str, Any]: ...

    @overload
    def predict(
        self,
        data: Any,
        *,
        columns: Mapping[str, str | int] | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
        reader: str | None = None,
    ) -> list[dict[str, Any]]: ...

    def predict(
        self,
        data: Any,
        *,
        columns: Mapping[str, str | int] | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
        reader: str | None = None,
    ) -> Any:
        """The prediction of one text or row, or a list with one for each, as JSON-ready values.

        Args:
            data: a text, a row as a dictionary, or several of them: a list, a DataFrame, a
                `datasets.Dataset`, or a file as a `pathlib.Path`. Answers in the rows are ignored.
            columns: the task's column → the column of the rows; by default as in training.
            delimiter: the character between the fields of a file's table, or "tab".
            encoding: the encoding of a text file; UTF-8 by default.
            reader: the reader of a plugin for a file, by name.

        Raises:
            DataError: the task rejects one of the texts or rows.
            ConfigError: there is no such encoding, delimiter or reader.
            TrialError: the model's outputs are not finite, or the task's decode failed.
        """
        options = ReadOptions(
            columns=columns_of(columns or {}), delimiter=delimiter, encoding=encoding, reader=reader
        )
        options.check()
        rows = prepared_inputs(self.task, data, options, self.description.columns, self.row_of)
        counts = TruncatedRows()
        found = list(self.stream(rows, truncated=counts))
        if warning := counts.in_words(self.model.max_length):
            warnings.warn(warning, stacklevel=2)
        return found[0] if is_single(data) else found

    def row_of(self, text: str) -> Row:
        """The prepared row of a text; raises ValueError if the task rejects it."""
        with calling(self.task, "prepare", passing=lambda error: isinstance(error, ValueError)):
            return self.task.prepare(self.task.parse_text(text))

    def present(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """One prediction per prepared row, as JSON-ready values.

        Raises:
            TaskError: the task's to_json failed, or returned something that is not JSON.
        """
        return self.in_json(rows, self.predictions(rows))

    def in_json(self, rows: Sequence[Row], predictions: Sequence[Prediction]) -> list[dict[str, Any]]:
        """The predictions as values that can be written as JSON; `present` lists the errors."""
        with calling(self.task, "to_json"):
            found = [dict(self.task.to_json(row, one)) for row, one in zip(rows, predictions, strict=True)]
            json.dumps(found)
        return found

    def stream(
        self, rows: Iterable[Row], *, truncated: TruncatedRows | None = None
    ) -> Iterator[dict[str, Any]]:
        """The predictions of any number of prepared rows, in their order, with bounded memory.

        While some rows are computed, the next ones are tokenised in another thread. If reading the rows
        fails, the rows before are predicted first.

        Args:
            rows: rows as the task's `prepare` returns them.
            truncated: counts the rows that are longer than the model reads.

        Raises:
            UserError: reading the rows failed.
            TaskError: a part of the task failed.
            TrialError: the model's outputs are not finite, or the task's decode failed.
        """
        from concurrent.futures import ThreadPoolExecutor

        following: Future[list[Example]] | None = None
        with ThreadPoolExecutor(1, "adaptkit-encode") as pool:  # it starts a thread with its first work
            for (rows_now, failure), after in with_next(chunks(rows)):
                examples = following.result() if following else self._encoded(rows_now, truncated)
                following = pool.submit(self._encoded, after[0], truncated) if after else None
                yield from self.in_json(rows_now, self.predictions_of(rows_now, examples))
                if failure is not None:
                    raise failure

    def _encoded(self, rows: Sequence[Row], truncated: TruncatedRows | None) -> list[Example]:
        from adaptkit.export.prediction import encoded

        examples = encoded(self.model, self.task, rows)
        if truncated is not None:
            truncated.add(self.model, self.task, rows, examples)
        return examples

    def score(self, rows: Sequence[Row], metric: str | None = None) -> Scores:
        """The task's scores on labelled rows."""
        from adaptkit.engine.evaluate import score

        return score(self.task, self.predictions(rows), rows, metric or self.task.metric.name)


def chunks(rows: Iterable[Row]) -> Iterator[Chunk]:
    """The rows in lists of at most `ROWS_AT_ONCE` rows and about `CHARACTERS_AT_ONCE` characters.

    The last list comes with the error that ended the rows, if one did.
    """
    chunk: list[Row] = []
    characters = 0
    failure: UserError | None = None
    try:
        for row in rows:
            chunk.append(row)
            characters += sum(len(value) for value in row.values() if isinstance(value, (str, list, tuple)))
            if len(chunk) == ROWS_AT_ONCE or characters > CHARACTERS_AT_ONCE:
                yield chunk, None
                chunk, characters = [], 0
    except UserError as error:
        failure = error
    if chunk or failure:
        yield chunk, failure


def with_next(chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Chunk | None]]:
    """Each chunk with the one after it, which is read first; the last with None."""
    before: Chunk | None = None
    for chunk in chunks:
        if before is not None:
            yield before, chunk
        before = chunk
    if before is not None:
        yield before, None


def load(path: str | Path, *, device: str = "auto", task: str | None = None) -> Predictor:
    """Load a model from a folder that adaptkit exported.

    Python warns if another version of the task's plugin is installed than the one that made the model.

    Args:
        path: the folder.
        device: "auto", "cpu", "cuda" or "cuda:N".
        task: a task, as ``distribution:name``, to use instead of the one that the model was made with.

    Raises:
        ModelError: the folder was not exported by adaptkit, or its base model cannot be loaded.
        StudyError: one of its files is damaged.
        TaskError: the task's plugin is not installed, or is broken.
    """
    predictor = load_quietly(path, device=device, task=task)
    for warning in predictor.warnings:
        warnings.warn(warning, stacklevel=2)
    return predictor


def load_quietly(path: str | Path, *, device: str, task: str | None = None) -> Predictor:
    """The same as `load`; the warnings are in the predictor only."""
    folder = Path(path)
    description = read_description(folder)
    listing = installed_task(description, task)
    found = [other_versions(description, listing)]
    with naming_versions(description, listing):
        made = with_pooling(registry.load(listing.full_name, description.options), description.pooling)
        model = _network(folder, made, description, device)
    try:
        made = with_metric(made, description.metric or None, description.metric_options)
    except UserError as error:  # predictions need no metric
        found.append(f"the model's metric cannot be used, only the task's own numbers: {error}")
    return Predictor(task=made, model=model, description=description, warnings=[one for one in found if one])


def _network(folder: Path, task: Task, description: Description, device: str) -> Network:
    """The folder's model, computed by ONNX Runtime or by torch."""
    from adaptkit.export.prediction import TOKENS_AT_ONCE, TOKENS_AT_ONCE_ON_CPU, Network, torch_outputs
    from adaptkit.system.devices import resolve_device

    if description.onnx:
        from adaptkit.export.onnx_model import load_onnx

        return load_onnx(folder, task, description, device)
    place = resolve_device(device)
    model = load_exported(folder, task, description, place)
    return Network(
        tokenizer=model.tokenizer,
        labels=model.labels,
        max_length=model.max_length,
        outputs=torch_outputs(model.forward),
        tokens_at_once=TOKENS_AT_ONCE_ON_CPU if place == "cpu" else TOKENS_AT_ONCE,
    )
