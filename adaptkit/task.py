"""What a task is: the one file a plugin author reads.

A plugin is an ordinary Python distribution with one entry point::

    [project.entry-points."adaptkit.tasks"]
    ner = "adaptkit_ner:ner"

The entry point is a factory; its keyword arguments are the task's options (``--option KEY=VALUE``).
It returns a `Task`: a frozen dataclass of parts, nothing to inherit from. The parts meet in this order:

    a data file ── readers ──▶ rows ── prepare ──▶ clean rows ── encode ──▶ examples
      ── collator ──▶ batches of tensors ── head, loss ──▶ training
      ── decode, merge, calibrated ──▶ predictions ── metric ──▶ scores
                                       predictions ── present ──▶ the user

A factory is called only when its task is used, so import torch, transformers and other heavy
libraries inside it. This module knows nothing of the rest of adaptkit, and imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

CONTRACT_VERSION = 1
"""The version of this contract. It rises when a plugin written for the old one would break."""

Direction = Literal["maximize", "minimize"]

Row = Mapping[str, Any]
"""One labelled example as its author wrote it: column name → value."""


class SkipRow(ValueError):
    """Raised by `Task.prepare` for a row that is no mistake, and yet cannot be learnt from or scored.

    Such a row is left out and counted with its reason, whatever ``--skip-bad-rows`` says: one whose
    annotators did not agree on a label, for example.
    """


Prediction = Any
"""What the model says of one row, in the task's own terms (a label, a list of tags, an answer)."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One model input. A row gives one example, or several if it is longer than the model."""

    row: int
    """The position, in the rows handed to `encode`, of the row it was made from."""

    inputs: Mapping[str, Any]
    """What the collator pads and stacks: ``input_ids``, ``attention_mask``, ``labels``, ..."""

    info: Any = None
    """Whatever `decode` needs to find the way back, such as the word of each sub-word."""


@dataclass(frozen=True, kw_only=True)
class Scores:
    """A metric's result."""

    values: Mapping[str, float]
    """Each reported number by its name; the optimised one is among them."""

    groups: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """The same or other numbers per class, entity type, ...; a table in the report."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """How predictions are scored. One number is optimised; several may be reported."""

    name: str
    """The number that is optimised unless ``--metric`` names another."""

    direction: Direction

    compute: Callable[[Sequence[Prediction], Sequence[Row]], Scores]
    """``(predictions, rows)``, one prediction a row, in the rows' order."""

    others: Mapping[str, Direction] = field(default_factory=dict)
    """The other reported numbers that ``--metric`` may name, each with its direction."""

    groups_title: str = "class"
    """What one line of `Scores.groups` is about: "class", "entity type", ..."""


@dataclass(frozen=True, kw_only=True)
class SearchHints:
    """Where this task's search space differs from the strategies' own; None keeps theirs."""

    learning_rate: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Strategy name → (lowest, highest)."""

    batch_sizes: Sequence[int] | None = None

    epochs: float | None = None


Encode = Callable[[Sequence[Row], "PreTrainedTokenizerBase", Sequence[str], int], Sequence[Example]]
"""``(rows, tokenizer, labels, max_length) -> examples``; no example may be longer than ``max_length``.

Examples of one row stand together and in the rows' order. Rows to be predicted carry no answer:
leave ``labels`` out of their inputs then."""

CollatorFactory = Callable[..., Callable[[list[dict[str, Any]]], Mapping[str, "torch.Tensor"]]]
"""``(tokenizer, pad_to_multiple_of=n) -> collator``: the signature transformers' own data collators have."""

HeadFactory = Callable[["PretrainedConfig", Sequence[str]], "torch.nn.Module"]
"""``(encoder_config, labels) -> module``, called with hidden states ``[batch, tokens, width]`` and the
attention mask ``[batch, tokens]``, 0 for padding, giving logits, or a mapping of `Task.outputs` by name.

Trials trained together share everything in it but its parameters, so training may change nothing else."""

Loss = Callable[
    [Mapping[str, "torch.Tensor"], Mapping[str, "torch.Tensor"]], tuple["torch.Tensor", "torch.Tensor"]
]
"""``(outputs, batch) -> (losses, weights)``, both ``[batch, ...]`` and of one shape: *un-reduced*.

The engine minimises ``sum(losses * weights) / sum(weights)`` over the whole effective batch, however
many micro-batches it was cut into. Padding has weight 0. Branch on no tensor's value."""

Decode = Callable[[Mapping[str, "np.ndarray[Any, Any]"], Sequence[Example], Sequence[str]], Sequence[Any]]
"""``(outputs, examples, labels) -> pieces``: one piece of a prediction per example."""

Reader = Callable[[Path], Iterator[tuple[int, Row]]]
"""``(path) -> (line number, row)...``; raises ValueError("line 7: ...") for what is no row at all.

A generator that has raised is at its end. An iterator that can be asked for the next row, such as a `map`,
lets ``--skip-bad-rows`` leave the bad one out."""


def cross_entropy(
    outputs: Mapping[str, torch.Tensor], batch: Mapping[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy of ``logits [batch, ..., classes]`` with ``labels [batch, ...]``; -100 is no item."""
    from torch.nn.functional import cross_entropy as torch_cross_entropy

    labels = batch["labels"]  # [batch, ...]
    logits = outputs["logits"].float()  # [batch, ..., classes]
    losses = torch_cross_entropy(
        logits.flatten(0, -2), labels.flatten(), ignore_index=-100, reduction="none"
    ).view(labels.shape)  # [batch, ...]
    return losses, (labels != -100).to(losses.dtype)


def label_column(row: Row) -> Iterable[str]:
    """The one label of a row that has a ``label`` column."""
    return (row["label"],)


def same_row(row: Row) -> Row:
    """The row as it is: nothing to check, nothing to change."""
    return row


def only_piece(row: Row, pieces: Sequence[Any]) -> Prediction:
    """The prediction of a row that gave exactly one example."""
    (piece,) = pieces
    return piece


def uncalibrated(prediction: Prediction, calibration: Mapping[str, float]) -> Prediction:
    """The prediction as it is: the task has nothing to calibrate."""
    return prediction


def text_column(text: str) -> Row:
    """A row with its text in the ``text`` column."""
    return {"text": text}


def as_prediction(row: Row, prediction: Prediction) -> Mapping[str, Any]:
    """The prediction itself under the name ``prediction``."""
    return {"prediction": prediction}


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task, by its parts. The five without a default make a plugin; the rest make it comfortable."""

    name: str

    columns: Mapping[str, str]
    """The columns a row must have, each with a word on what stands in it (shown in errors and help)."""

    head: str | HeadFactory
    """A transformers auto-head by its task tag: ``"token-classification"``, ``"sequence-classification"``,
    ``"question-answering"``, ``"multiple-choice"``; or a factory of the author's own module."""

    encode: Encode
    decode: Decode
    metric: Metric
    collator: CollatorFactory
    loss: Loss = cross_entropy

    answers: Sequence[str] = ("label",)
    """The columns that hold the answer. `prepare` is given rows to be predicted too, without these."""

    outputs: Sequence[str] = ("logits",)
    """The model's outputs that loss and decode are given."""

    prepare: Callable[[Row], Row] = same_row
    """Checks one row and puts it into the task's one form; raises ValueError saying what is wrong, or SkipRow
    for a row that is to be left out though nothing is wrong with it."""

    labels_of: Callable[[Row], Iterable[str]] | None = label_column
    """The label names that occur in a row, or None for a task without labels."""

    label_names: Callable[[Sequence[str]], Sequence[str]] = tuple
    """The head's outputs, in order, from the sorted names that occur in the training rows."""

    config_overrides: Mapping[str, Any] = field(default_factory=dict)
    """Settings for the model's configuration, such as ``{"num_labels": 1}``."""

    merge: Callable[[Row, Sequence[Any]], Prediction] = only_piece
    """One prediction out of the pieces of one row's examples, in order."""

    calibrate: Callable[[Sequence[Prediction], Sequence[Row]], Mapping[str, float]] | None = None
    """Numbers to be chosen on the dev rows, such as a threshold, from ``(predictions, rows)``. They are
    kept with the model, as finite numbers: `sys.float_info.max` is a limit that nothing reaches. None: there
    are none."""

    calibrated: Callable[[Prediction, Mapping[str, float]], Prediction] = uncalibrated
    """A prediction with those numbers applied; metric and `present` see only such predictions."""

    parse: Callable[[str], Row] = text_column
    """A row to be predicted, out of a text given on the command line."""

    present: Callable[[Row, Prediction], Mapping[str, Any]] = as_prediction
    """A prediction as JSON-ready values, for `adaptkit predict`."""

    readers: Mapping[str, Reader] = field(default_factory=dict)
    """Readers of the task's own file formats by suffix (``".conll"``); ``""`` takes every unknown suffix.
    They come before adaptkit's own for CSV, TSV, JSON Lines and Parquet."""

    sample: Path | None = None
    """A folder with ``train.*``, ``dev.*`` and ``test.*``: what is tuned when no data is named."""

    word_level: bool = False
    """Encodes words that are split already, so that byte-level tokenizers need ``add_prefix_space``."""

    stratify_by: Callable[[Row], str] | None = None
    """What a random split keeps in proportion; by default the row's labels."""

    hints: SearchHints = field(default_factory=SearchHints)

    options: Mapping[str, Any] = field(default_factory=dict)
    """The factory's arguments, kept with an exported model so that it can be predicted with."""

    contract: int = CONTRACT_VERSION
