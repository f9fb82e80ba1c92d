"""What "auto" resolves to: how the head pools, whether it is solved, and what scores the trials."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adaptkit.config import LAST_WITH_BOTH, StudyConfig
from adaptkit.data.folds import groups_of
from adaptkit.errors import ConfigError
from adaptkit.models.depth import TOKEN_HEADS, default_layers, refuse_layers, width_of
from adaptkit.models.pooling import POOLED_HEADS
from adaptkit.run.penalty import penalty_space
from adaptkit.run.pooling import PAIR, poolings_for
from adaptkit.run.reshuffling import refuse_reshuffle
from adaptkit.run.resolve import strategy_of
from adaptkit.run.soup import refuse_soup
from adaptkit.run.weighting import UNWEIGHTED, Weighting, resolve_weighting
from adaptkit.search.space import (
    EXAMPLES_TO_SEE,
    MORE_EXAMPLES_TO_SEE,
    MOST_EPOCHS,
    MOST_EPOCHS_OF_SPANS,
    RANGES_VERSION,
    USUAL_WIDTH,
    SearchSpace,
    space_for,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adaptkit.data.load import Dataset
    from adaptkit.study.provenance import Provenance
    from adaptkit.task import Task

POOLED = ("mean", "first", "normalized-mean", "normalized-first", PAIR)

MOST_ROWS_FOR_FOLDS, MOST_SENTENCES_FOR_FOLDS = 3_000, 300
"""Up to so many rows folds score the trials, for heads on texts and on tokens. Chosen, not measured."""

SPAN_HEADS = ("question-answering",)
"""Heads on tokens, too, that start at random and at the usual rates."""

FIRST_FOR_TOKENS, FIRST_FOR_TEXTS_TOGETHER, FIRST_FOR_SPANS, FIRST_FOR_SEVERAL_LABELS = 5, 6, 7, 12
"""The versions of the ranges that have more epochs for tags of tokens, for texts read together, for spans,
and for several labels of a text."""

SEVERAL_LABELS = "multi_label_classification"
"""The ``problem_type`` of transformers' configurations for heads with any number of labels for a text."""

MOST_ROWS_TO_SOLVE = 50_000
"""Up to so many training rows a head is solved. Chosen, not measured."""


STEP_OPTIONS = {
    "learning_rate": "--lr",
    "batch_sizes": "--batch-size",
    "epochs": "--epochs",
    "evals_per_epoch": "--evals-per-epoch",
}
"""The fields of the search that are about gradient steps, with their options."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """How the study's models are built and trained, where the configuration says "auto"."""

    pooling: str
    """One of `POOLED`, or "checkpoint" for the head of transformers or of the task's plugin."""

    poolings: Sequence[str] = ()
    """Those that `adaptkit.run.pooling` chooses from; it needs no choice if there is one."""

    pooling_scores: Mapping[str, float] = field(default_factory=dict)
    """What each of them scores; empty if none was chosen."""

    solver: str
    """"lbfgs" for a head that is solved, "adamw" for gradient steps."""

    head_init: str = "random"
    """"solved" for a head that starts solved on the frozen encoder, where the encoder trains; or "random"."""

    folds: int
    """The folds of cross-validation; 0 where dev rows score the trials."""

    layers: int
    """How many of the encoder's layers are used; 0 for all."""

    weighting: Weighting = UNWEIGHTED
    """How much the classes count in the loss."""

    ranges: int = RANGES_VERSION
    """The version of the strategies' ranges; see `adaptkit.search.space`."""

    note: str = ""
    """What options changed that they do not say themselves; empty for nothing."""


def resolve_method(config: StudyConfig, task: Task, earlier: Provenance | None, data: Dataset) -> Method:
    """The method of a study.

    Args:
        config: the configuration.
        task: the task as its plugin gives it.
        earlier: what the study resolved to when it started, if it has.
        data: the rows.

    Raises:
        ConfigError: the task or the strategy has no such method.
    """
    steps = _asks_for_steps(config, task)
    poolings = poolings_for(config, task, earlier, rows=len(data.train), steps=steps)
    pooling = poolings[0]
    solver = _solver(config, task, pooling, earlier, rows=len(data.train))
    refuse_soup(config, solver)
    refuse_reshuffle(config, data)
    layers = config.layers if config.layers is not None else earlier.layers if earlier else None
    if layers is None:
        layers = default_layers(task, config.model)
    refuse_layers(layers, config.model)
    return Method(
        pooling=pooling,
        poolings=poolings if solver == "lbfgs" or len(poolings) == 1 else poolings[:1],
        solver=solver,
        head_init=_head_init(config, task, pooling, earlier),
        folds=_folds(config, task, solver, pooling, earlier, data),
        layers=layers,
        weighting=resolve_weighting(config.search, task, data.labels),
        ranges=earlier.ranges if earlier else RANGES_VERSION,
        note=_note_on_steps(config, task, solver, data),
    )


def _solver(config: StudyConfig, task: Task, pooling: str, earlier: Provenance | None, *, rows: int) -> str:
    """As configured, else the started study's, else the default; ConfigError if it cannot be."""
    solver: str = config.head_solver
    if solver == "auto":
        solver = earlier.solver if earlier else _default_solver(config, task, pooling, rows)
    if solver == "lbfgs" and strategy_of(config).trains_encoder:
        raise ConfigError(
            f"--head-solver lbfgs with --strategy {config.strategy}",
            expected="--strategy frozen: with the others the encoder trains, too",
            next_step="Leave --head-solver out.",
            code="solver-strategy",
        )
    if solver == "lbfgs" and _options_for_steps(config):
        raise ConfigError(
            "--lr, --batch-size, --epochs or --evals-per-epoch with a head that is solved",
            expected="options of gradient steps only where a head is trained in steps",
            next_step="Leave these options out, or set --head-solver adamw.",
            code="solver-steps",
        )
    return solver


def _head_init(config: StudyConfig, task: Task, pooling: str, earlier: Provenance | None) -> str:
    """As configured, else the started study's, else solved where a head with a linear layer is trained."""
    linear = pooling in POOLED or task.head in (*TOKEN_HEADS, *POOLED_HEADS)
    possible = strategy_of(config).trains_encoder and linear
    if config.head_init == "solved" and not possible:
        raise ConfigError(
            "--head-init solved",
            expected="--strategy lora or full, and a head on texts or tokens whose last layer is linear",
            next_step="Leave --head-init out.",
            code="head-init",
        )
    if config.head_init != "auto":
        return config.head_init
    return earlier.head_init if earlier else "solved" if possible else "random"


def _folds(
    config: StudyConfig, task: Task, solver: str, pooling: str, earlier: Provenance | None, data: Dataset
) -> int:
    """As configured, else the started study's, else the default; ConfigError if it cannot be."""
    fraction = config.data.dev_fraction
    split_off = fraction is not None and (earlier is None or earlier.ranges > LAST_WITH_BOTH)
    folds = config.folds if config.folds is not None else earlier.folds if earlier else None
    if split_off and config.folds:
        raise ConfigError(
            f"--folds {folds} with --dev-fraction {fraction:g}",
            expected="one of them: with folds, all rows score each trial",
            next_step="Leave --folds or --dev-fraction out.",
            code="folds-fraction",
        )
    if split_off:
        folds = 0
    if folds is None:
        folds = 0 if config.reshuffle else _default_folds(task, solver, pooling, data)
    if folds and (solver != "lbfgs" or not data.dev_from_train or folds == 1):
        raise ConfigError(
            f"--folds {folds}",
            expected="2 or more, with a head that is solved (--strategy frozen) and no dev rows of their own",
            next_step="Set --folds 0, or leave the option out.",
            code="folds",
        )
    if folds > (groups := _groups(task, data) if folds else 0):
        raise ConfigError(
            f"--folds {folds}, but the rows are in {groups} groups that have to stay together",
            expected="at most as many folds as groups",
            next_step="Set --folds 0, or a smaller number of folds.",
            code="too-many-folds",
        )
    return folds


def _default_folds(task: Task, solver: str, pooling: str, data: Dataset) -> int:
    """Five for small data without dev rows, where they are cheap: heads that are solved, on few numbers."""
    rows = len(data.train) + len(data.dev)
    most = MOST_ROWS_FOR_FOLDS if pooling in POOLED else MOST_SENTENCES_FOR_FOLDS
    if solver != "lbfgs" or not data.dev_from_train or rows > most:
        return 0
    return min(5, _groups(task, data))


def _groups(task: Task, data: Dataset) -> int:
    """How many groups of rows can be in different folds."""
    return len(set(groups_of(task, data.train.joined(data.dev))))


def _default_solver(config: StudyConfig, task: Task, pooling: str, rows: int) -> str:
    """Heads of one linear layer are solved, unless options or hints are about gradient steps."""
    linear = pooling in POOLED or task.head == "token-classification"
    wanted = not strategy_of(config).trains_encoder and linear and not _asks_for_steps(config, task)
    return "lbfgs" if wanted and rows <= MOST_ROWS_TO_SOLVE else "adamw"


def _asks_for_steps(config: StudyConfig, task: Task) -> bool:
    """Whether options or the task's hints are about gradient steps."""
    hints = task.hints
    hinted = hints.batch_sizes is not None or hints.epochs is not None or "frozen" in hints.learning_rate
    return hinted or bool(_options_for_steps(config))


def _options_for_steps(config: StudyConfig) -> list[str]:
    """The given options that a head that is solved cannot use."""
    return [option for name, option in STEP_OPTIONS.items() if getattr(config.search, name) is not None]


def _note_on_steps(config: StudyConfig, task: Task, solver: str, data: Dataset) -> str:
    """That options of gradient steps are why the head is not solved; empty if they are not."""
    given = _options_for_steps(config)
    if solver == "lbfgs" or not given or config.head_solver != "auto":
        return ""
    none: dict[str, Any] = dict.fromkeys(STEP_OPTIONS)
    without = replace(config, search=replace(config.search, **none))
    rows = len(data.train)
    pooling = poolings_for(without, task, None, rows=rows, steps=_asks_for_steps(without, task))[0]
    if _default_solver(without, task, pooling, rows) != "lbfgs":
        return ""
    chosen = config.folds is not None or config.reshuffle or config.data.dev_fraction is not None
    folds = 0 if chosen else _default_folds(task, "lbfgs", pooling, data)
    these = "this option" if len(given) == 1 else "these options"
    steps, solved = ("", "") if not folds else (" and scored on dev rows", f" and scored in {folds} folds")
    return (
        f"{', '.join(given)}: the head is trained in gradient steps{steps}; without {these} it is "
        f"solved{solved}"
    )


def space_of(config: StudyConfig, task: Task, method: Method, data: Dataset) -> SearchSpace:
    """What is searched with this method."""
    if method.solver == "lbfgs":
        return penalty_space(task, method.pooling, method.ranges)
    strategy = strategy_of(config)
    width = (width_of(config.model) if strategy.space.for_width else 0) or USUAL_WIDTH
    return space_for(
        strategy,
        config.search,
        task.hints,
        rows=len(data.train),
        width=width,
        on_tokens=task.head in TOKEN_HEADS,
        version=method.ranges,
        examples=_examples_to_see(task, method),
        most_epochs=_most_epochs(config, task, method),
    )


def _examples_to_see(task: Task, method: Method) -> int:
    """The examples that a trial sees at least.

    They are more for heads on tokens, for texts read together, and for several labels of a text.
    """
    first = FIRST_FOR_SPANS if task.head in SPAN_HEADS else FIRST_FOR_TOKENS
    on_tokens = task.head in (*TOKEN_HEADS, *SPAN_HEADS) and method.ranges >= first
    together = task.text_pair and method.pooling != PAIR and method.ranges >= FIRST_FOR_TEXTS_TOGETHER
    several = task.config_overrides.get("problem_type") == SEVERAL_LABELS
    several = several and method.ranges >= FIRST_FOR_SEVERAL_LABELS
    return MORE_EXAMPLES_TO_SEE if on_tokens or together or several else EXAMPLES_TO_SEE


def _most_epochs(config: StudyConfig, task: Task, method: Method) -> int:
    """The epochs that few rows have at most: more where an encoder is trained to find spans."""
    spans = task.head in SPAN_HEADS and method.ranges >= FIRST_FOR_SPANS
    return MOST_EPOCHS_OF_SPANS if spans and strategy_of(config).trains_encoder else MOST_EPOCHS
