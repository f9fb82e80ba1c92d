"""What the checks share: a task's rows, the tiny model with the task's head, and batches of examples.

Everything is created on first use, by the same functions that a study uses. If that fails, the check that
needs it fails.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path

import torch
from torch import nn

from adaptkit.data.checks import prepare_rows
from adaptkit.data.encode import collate, encode, length_of
from adaptkit.data.labels import labels_in, labels_of
from adaptkit.data.plan import LENGTH_STEP
from adaptkit.data.rows import RawRow, RawSplit, Rows, texts_in
from adaptkit.data.sources import one_split
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.evaluate import calibrate, predict_rows
from adaptkit.engine.prepare import Model, prepare_model, scoring_data
from adaptkit.errors import DataError, TrialError
from adaptkit.models.loading import LoadedModel, load_model
from adaptkit.strategies.registry import built_in
from adaptkit.strategy import Strategy
from adaptkit.task import Example, Prediction, Row, Task
from adaptkit.testing.findings import Nonconformity
from adaptkit.testing.tiny import write_encoder
from adaptkit.testing.trained import Learnt, overfit

READ = 400
"""The most rows that are read from a source."""

KEPT = 12
"""The most rows that the checks use."""

FEWEST = 4
LORA_RANK = 2
SEED = 7


class Fixtures:
    """A task, and what its checks need."""

    def __init__(self, task: Task, given: Sequence[Row] | None, folder: Path) -> None:
        self.task = task
        self.given = given
        self.folder = folder
        """An empty folder for the files of the checks."""

    @cached_property
    def clean(self) -> Rows:
        """All rows, prepared. The origin of each is its position in `raw`, counted from 1."""
        raw = [RawRow(f"row {number}", row) for number, row in enumerate(self.raw, start=1)]
        try:
            return prepare_rows(self.task, RawSplit("the rows", raw), columns={}, skip_bad_rows=False)
        except DataError as error:
            raise Nonconformity(
                error.problem,
                expected=error.expected,
                next_step="Correct prepare, or give the kit valid rows, with the task's column names.",
            ) from error

    @cached_property
    def raw(self) -> Sequence[Row]:
        """The rows as a reader returns them: the given ones, or those of the sample."""
        if self.given is not None:
            return list(self.given)
        if self.task.sample is None:
            raise Nonconformity(
                f"task {self.task.name!r} has no sample, and no rows were given",
                expected=f"at least {FEWEST} rows to check the task with",
                next_step="Give the Task a sample, or pass rows to the kit: assert_conforms(task, rows=...), "
                "or adaptkit tasks --check NAME --data FILE.",
            )
        return rows_from(self.task, str(self.task.sample))

    @cached_property
    def chosen(self) -> Rows:
        """A few prepared rows, with as many labels and strata as possible."""
        chosen = self.clean.take(_various(self.task, self.clean.values))
        if len(chosen) < FEWEST:
            raise Nonconformity(
                f"{len(chosen)} rows",
                expected=f"at least {FEWEST} rows to check the task with",
                next_step="Pass more rows to the kit, or add rows to the sample.",
            )
        return chosen

    @property
    def rows(self) -> Sequence[Row]:
        """The chosen rows, prepared, with their answers."""
        return self.chosen.values

    @cached_property
    def raw_chosen(self) -> list[Row]:
        """The chosen rows as they were read."""
        return [self.raw[int(origin.removeprefix("row ")) - 1] for origin in self.chosen.origins]

    @cached_property
    def unlabelled(self) -> list[Row]:
        """The chosen rows, prepared without their answers, like rows to predict."""
        return [self.task.prepare(without_answers(self.task, row)) for row in self.raw_chosen]

    @cached_property
    def labels(self) -> Sequence[str]:
        """The labels of the chosen rows, in the order of the head's outputs."""
        return labels_in(self.task, self.chosen)

    @cached_property
    def encoder(self) -> Path:
        """The folder of the tiny encoder, whose tokenizer is trained on the rows' texts."""
        return write_encoder(self.folder / "encoder", self.texts)

    @cached_property
    def texts(self) -> Sequence[str]:
        """The texts that tokenizers are trained on."""
        return list(texts_in([*self.rows, *self.raw_chosen]))

    def loaded(self) -> LoadedModel:
        """The tiny encoder with the task's head, as new objects with the same weights each time."""
        loaded = load_model(self.task, str(self.encoder), self.labels, seed=SEED, max_length=None)
        for module in loaded.module.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0  # in the task's head: the kit compares numbers
        return loaded

    def model_by(self, strategy: Strategy) -> Model:
        """A new tiny model, prepared by the strategy."""
        return prepare_model(self.task, self.loaded(), self.labels, strategy, device="cpu", bfloat16=False)

    @cached_property
    def model(self) -> Model:
        """The tiny model, untrained."""
        return self.model_by(built_in("full"))

    @cached_property
    def learnt(self) -> Learnt:
        """The tiny model before and after overfitting on the chosen rows."""
        return overfit(self.model_by(built_in("full")), self.task, self.rows)

    @cached_property
    def examples(self) -> Sequence[Example]:
        """The examples of the chosen rows."""
        return self.encoded(self.rows)

    def encoded(self, rows: Sequence[Row]) -> Sequence[Example]:
        """The examples of rows, checked as in a study."""
        return encode(self.task, rows, self.model.tokenizer, self.labels, self.model.max_length)

    def batch(self, positions: Sequence[int], length: int) -> Mapping[str, torch.Tensor]:
        """The examples at ``positions``, collated and padded to ``length``: name → ``[batch, ...]``."""
        return collate(self.task, self.examples, positions, self.model.tokenizer, length).tensors

    @cached_property
    def some(self) -> Sequence[int]:
        """The positions of the examples that the checks put into a batch."""
        return range(min(len(self.examples), KEPT))

    def length(self, positions: Sequence[int]) -> int:
        """The smallest length that the examples at ``positions`` can be padded to."""
        longest = max(length_of(self.examples[position]) for position in positions)
        return math.ceil(longest / LENGTH_STEP) * LENGTH_STEP

    @torch.no_grad()
    def outputs(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The untrained model's outputs: name → [batch, ...]."""
        self.model.module.eval()
        return {name: output[0] for name, output in self.model.forward.outputs({}, batch).items()}

    def predicted(self, rows: Sequence[Row]) -> list[Prediction]:
        """The untrained model's predictions for prepared rows, before `apply_calibration`."""
        data = scoring_data(self.model, self.task, rows)
        (result,) = predict_rows(self.model.forward, {}, data, BatchLimits(slots=1, examples=4))
        if isinstance(result, TrialError):
            raise result
        return result

    @cached_property
    def calibration(self) -> Mapping[str, float]:
        """The numbers that the task chooses on the chosen rows."""
        return calibrate(self.task, self.predicted(self.rows), self.rows)


def rows_from(task: Task, source: str) -> list[Row]:
    """The first rows of the training split of a file, a folder or a hub id, as a reader returns them.

    Raises:
        DataError: the source cannot be read.
    """
    split = one_split(source, "train", task, ())
    return [row.values for row in islice(split.rows, READ) if not row.problem]


def without_answers(task: Task, row: Row) -> Row:
    """A row as it was read, without the columns of the answer."""
    return {name: value for name, value in row.items() if name not in task.target_columns}


def _various(task: Task, rows: Sequence[Row]) -> list[int]:
    """The positions of a few rows: first those with a new label or stratum, then the first of the others."""
    seen: set[object] = set()
    new: list[int] = []
    rest: list[int] = []
    for position, row in enumerate(rows):
        kinds: set[object] = set(labels_of(task, row))
        if task.stratify_by is not None:
            kinds.add(("stratum", task.stratify_by(row)))
        (rest if kinds <= seen else new).append(position)
        seen |= kinds
    return sorted([*new[: KEPT // 2], *rest, *new[KEPT // 2 :]][:KEPT])
