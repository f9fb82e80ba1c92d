"""The task contract: the one file that a plugin author needs to read.

A plugin is an ordinary Python distribution with one entry point::

    [project.entry-points."adaptkit.tasks"]
    ner = "adaptkit_ner:ner"

The entry point is a factory; its keyword arguments are the task's options (``--option KEY=VALUE``).
It returns a `Task`: a frozen dataclass of parts. There is no base class. The parts are used in this order:

    a data file ── readers ──▶ rows ── prepare ──▶ clean rows ── encode ──▶ examples
      ── collator ──▶ batches of tensors ── head, loss ──▶ training
      ── decode, merge_windows, apply_calibration ──▶ predictions ── metric ──▶ scores
                                                      predictions ── to_json ──▶ the user

A factory is called only when its task is used, so import torch, transformers and other heavy
libraries inside it. This module does not import torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.defaults import as_prediction, label_column, only_piece, same_row, text_column, uncalibrated
from adaptkit.defaults import cross_entropy as cross_entropy
from adaptkit.metric import Direction as Direction
from adaptkit.metric import Metric as Metric
from adaptkit.metric import Scores as Scores
from adaptkit.renamed import accepting

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

CONTRACT_VERSION = 1
"""The version of this contract. It rises when a plugin written for the previous version would break."""

Row = Mapping[str, Any]
"""One labelled data row as its author wrote it: column name → value."""


class SkipRow(ValueError):
    """Raised by `Task.prepare` for a valid row that cannot be used for training or scoring.

    An example is a row whose annotators did not agree on a label. Such a row is left out and counted with
    its reason, with or without ``--skip-bad-rows``.
    """


Prediction = Any
"""What the model predicts for one row, in the task's own terms (a label, a list of tags, an answer)."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One model input. A row gives one example, or several if it is longer than the model can read."""

    row: int
    """The position of its row in the rows passed to `encode`."""

    inputs: Mapping[str, Any]
    """What the collator pads and stacks: ``input_ids``, ``attention_mask``, ``labels``, ..."""

    info: Any = None
    """Whatever `decode` needs besides the model's outputs, such as the word of each sub-word."""


@dataclass(frozen=True, kw_only=True)
class SearchHints:
    """Where this task's search space differs from the strategies' own; None keeps the strategies' values."""

    learning_rate: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Strategy name → (lowest, highest)."""

    batch_sizes: Sequence[int] | None = None
    epochs: float | None = None


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of the data that a task accepts, for messages and ``adaptkit tasks NAME``."""

    name: str
    """The form in a few words: "one word and its tag per line"."""

    example: str
    """The lines of a file with one row or a few."""

    suffix: str = ".jsonl"
    """The suffix of such a file."""


@dataclass(frozen=True, kw_only=True)
class DataWarning:
    """What `Task.audit` found: rows that can be trained on, but are probably not what was meant."""

    problem: str
    """What is wrong, with the number of cases: "3 of 120 entities begin or end inside a word"."""

    row: int
    """The position of the first such row in the rows passed to `audit`."""

    quoted: str = ""
    """The first case in that row, as it is written there."""

    next_step: str = ""
    """What to do about it, as a sentence."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the rows of one source are prepared, as `Task.survey` found from all of them."""

    prepare: Callable[[Row], Row]
    """Takes the place of `Task.prepare` for these rows."""

    notes: Callable[[], Sequence[str]] = tuple
    """What was found, each in a few words, such as "tags are BIOES". Called after the rows were prepared."""

    next_step: str = ""
    """What helps if the rows lack the answer, such as an option that reads it from other columns."""

    warnings: Sequence[DataWarning] = ()
    """What is probably not meant, with positions in the rows that were surveyed."""


Encode = Callable[[Sequence[Row], "PreTrainedTokenizerBase", Sequence[str], int], Sequence[Example]]
"""``(rows, tokenizer, labels, max_length) -> examples``; no example may be longer than ``max_length``.

The examples of one row are consecutive, and follow the rows' order. Rows to be predicted have no answer:
leave ``labels`` out of their inputs."""

CollatorFactory = Callable[..., Callable[[list[dict[str, Any]]], Mapping[str, "torch.Tensor"]]]
"""``(tokenizer, pad_to_multiple_of=n) -> collator``: the signature of transformers' own data collators."""

Augment = Callable[[Mapping[str, "torch.Tensor"], "torch.Tensor"], Mapping[str, "torch.Tensor"]]
"""``(batch, seeds) -> batch``: ``seeds [...]`` has a number for each example ``[..., tokens]``, another one
in each trial and epoch, for `adaptkit.uniform_numbers`. Not called for scoring, nor under ``frozen``."""

HeadFactory = Callable[["PretrainedConfig", Sequence[str]], "torch.nn.Module"]
"""``(encoder_config, labels) -> module``. The module is called with hidden states ``[batch, tokens, width]``
and the attention mask ``[batch, tokens]``, 0 for padding, and with `Task.head_inputs` by name. It returns
logits, or a mapping of `Task.outputs` by name.

Trials trained together share all of the module but its parameters: training must change nothing else."""

Loss = Callable[
    [Mapping[str, "torch.Tensor"], Mapping[str, "torch.Tensor"]], tuple["torch.Tensor", "torch.Tensor"]
]
"""``(outputs, batch) -> (losses, weights)``, both ``[batch, ...]`` and of one shape: *un-reduced*.

The engine minimises ``sum(losses * weights) / sum(weights)`` over the complete effective batch, however
many micro-batches it is split into. Padding has weight 0. Do not branch on the value of a tensor."""

Decode = Callable[[Mapping[str, "np.ndarray[Any, Any]"], Sequence[Example], Sequence[str]], Sequence[Any]]
"""``(outputs, examples, labels) -> pieces``: one partial prediction per example."""

Baseline = Callable[[Sequence[Row], Sequence[Row], Sequence[str]], Mapping[str, Sequence[Prediction]]]
"""``(training rows, rows, labels) -> predictions``: the name of each baseline, and one prediction per row,
in the form that the metric takes. The rows to be predicted come without `Task.target_columns`."""

MAJORITY_CLASS = "majority class"
"""The name of the baseline that predicts the most frequent class: its accuracy is the share of that class."""

Reader = Callable[[Path], Iterator[tuple[int, Row]]]
"""``(path) -> (line number, row)...``; raises ValueError("line 7: ...") for a line that is not a row.

A generator that has raised an exception cannot continue. An iterator that can, such as a `map`, allows
``--skip-bad-rows`` to leave out the bad row and read on."""

OLD_NAMES = {
    "answers": "target_columns",
    "merge": "merge_windows",
    "calibrated": "apply_calibration",
    "parse": "parse_text",
    "present": "to_json",
}
"""The earlier names of parts of a task, which are accepted for one more version, and today's names."""


@accepting(OLD_NAMES)
@dataclass(frozen=True, kw_only=True)
class Task:
    """A task as a collection of parts. The parts without a default are required; the others are optional."""

    name: str

    columns: Mapping[str, str]
    """The columns that a row must have, each with a short description (shown in errors and help)."""

    head: str | HeadFactory
    """The name of a transformers head: ``"token-classification"``, ``"sequence-classification"``,
    ``"question-answering"``, ``"multiple-choice"`` or ``"masked-lm"``; or a factory of your own module."""

    encode: Encode
    decode: Decode
    metric: Metric
    collator: CollatorFactory
    loss: Loss = cross_entropy

    target_columns: Sequence[str] = ("label",)
    """The columns that hold the answer. `prepare` also receives rows to be predicted, which lack them."""

    head_inputs: Sequence[str] = ()
    """The batch's tensors ``[batch, ...]`` that a head of the task's own receives by name, such as the places
    of two entities. `encode` puts them into `Example.inputs`, also for rows to be predicted."""

    new_tokens: Sequence[str] = ()
    """Tokens that the tokenizer gets in addition, such as ``"[E1]"``; each occurrence in a text is one token.
    Their embeddings start near the mean of all. They are trained by full and lora; other strategies train
    them only if they train the embeddings."""

    augment: Callable[[PreTrainedTokenizerBase], Augment] | None = None
    """Makes what changes each training batch, such as a function that masks other tokens in each epoch."""

    outputs: Sequence[str] = ("logits",)
    """The model outputs that are passed to loss and decode."""

    prepare: Callable[[Row], Row] = same_row
    """Checks one row and converts it to the task's standard form. Raises ValueError that says what is wrong,
    or SkipRow for a valid row that is to be left out."""

    survey: Callable[[Sequence[Row]], Reading] | None = None
    """Finds in all rows of a source, also bad ones, what one row cannot show, such as the scheme of tags."""

    labels_of: Callable[[Row], Iterable[str]] | None = label_column
    """The label names that occur in a row; None for a task without labels."""

    label_names: Callable[[Sequence[str]], Sequence[str]] = tuple
    """The names of the head's outputs, in order, from the sorted label names of the training rows."""

    config_overrides: Mapping[str, Any] = field(default_factory=dict)
    """Settings for the model's configuration, such as ``{"num_labels": 1}``."""

    text_pair: tuple[str, str] | tuple[()] = ()
    """The two columns of a prepared row whose texts are compared; empty for other tasks. The encoder can then
    read the two texts apart, with `encode` giving the labels and all else that is not the model's."""

    merge_windows: Callable[[Row, Sequence[Any]], Prediction] = only_piece
    """Combines the pieces of one row's examples, in order, into one prediction."""

    calibrate: Callable[[Sequence[Prediction], Sequence[Row]], Mapping[str, float]] | None = None
    """Chooses numbers on the dev rows, such as a threshold, from ``(predictions, rows)``. They are saved with
    the model and must be finite: use `sys.float_info.max` for a limit that nothing reaches. None if the task
    has no such numbers."""

    apply_calibration: Callable[[Prediction, Mapping[str, float]], Prediction] = uncalibrated
    """Applies those numbers to a prediction. The metric and `to_json` receive only such predictions."""

    baseline: Baseline | None = None
    """Simple models that the report compares the study's model with, such as `adaptkit.class_baselines`. They
    take a few seconds. None if the task has no such models."""

    parse_text: Callable[[str], Row] = text_column
    """Makes a row to be predicted from a text given on the command line."""

    to_json: Callable[[Row, Prediction], Mapping[str, Any]] = as_prediction
    """Converts a prediction to values that can be written as JSON, for `adaptkit predict`."""

    readers: Mapping[str, Reader] = field(default_factory=dict)
    """Readers of the task's own file formats by suffix (``".conll"``); ``""`` means every unknown suffix.
    They precede adaptkit's for CSV, TSV, JSON and JSON Lines, unless the content is recognised as another of
    these. Parquet, Excel, spaCy's and YAML files are read by adaptkit alone."""

    sample: Path | None = None
    """A folder with ``train.*``, ``dev.*`` and ``test.*``: the data used when the user names none."""

    word_level: bool = False
    """Whether `encode` passes texts already split into words; byte-level tokenizers then need
    ``add_prefix_space``."""

    forms: Sequence[Form] = ()
    """The forms of the data that readers and `prepare` accept, the usual one first, each with an example."""

    audit: Callable[[Sequence[Row]], Iterable[DataWarning]] | None = None
    """Looks for what is probably wrong in the prepared, labelled rows of a split; gives a warning for each
    kind of it. None if the task has nothing to look for."""

    stratify_by: Callable[[Row], str] | None = None
    """What a random split keeps in proportion; by default the row's labels."""

    group_by: Callable[[Row], str] | None = None
    """What a random split keeps together: rows with the same text stay in one split, such as all questions
    about one context. By default rows that differ in their answers only."""

    hints: SearchHints = field(default_factory=SearchHints)

    options: Mapping[str, Any] = field(default_factory=dict)
    """The factory's arguments, with the values of its defaults. adaptkit sets them, and saves them with an
    exported model so that the task can be made again. A value that is given here counts as the default."""

    distribution: str = ""
    """The distribution that the task comes from, and its version. adaptkit sets it."""

    contract: int = 1
    """The `CONTRACT_VERSION` that the plugin is written for. It stays 1 for plugins that do not set it."""
