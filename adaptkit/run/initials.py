"""Where confirmation runs start: another draw of everything that starts at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from adaptkit.config import StudyConfig
    from adaptkit.engine.training import Training
    from adaptkit.task import Task


def initials_of(
    config: StudyConfig, task: Task, labels: Sequence[str], training: Training, seeds: Sequence[int],
    redrawn: Callable[[str], bool],
) -> dict[int, torch.Tensor]:  # fmt: skip
    """Each seed → the parameters ``[P]`` that its runs start with; empty if they all start as in the search.

    Args:
        config: names the model and the strategy.
        task: the task whose head is on the model.
        labels: the names of the task's labels.
        training: what the search trained with.
        seeds: of the runs.
        redrawn: whether the parameter of this name is drawn again; the others start as in the search.

    Raises:
        ModelError: the model cannot be loaded any more.
    """
    if not any(map(redrawn, training.layout.columns)):
        return {}
    return {seed: _initial(config, task, labels, training, seed, redrawn) for seed in seeds}


def _initial(
    config: StudyConfig, task: Task, labels: Sequence[str], training: Training, seed: int,
    redrawn: Callable[[str], bool],
) -> torch.Tensor:  # fmt: skip
    from adaptkit.engine.trial_stack import layout_of, read_slot
    from adaptkit.models.loading import load_model
    from adaptkit.run.resolve import strategy_of
    from adaptkit.strategies.apply import adapted

    other = load_model(task, config.model, labels, seed=seed, max_length=config.max_length)
    module = adapted(other, strategy_of(config))
    layout = layout_of(module)
    drawn = read_slot(module, layout)  # [P] of this layout, which has the embeddings of all tokens
    initial = training.initial.clone()  # [P]
    for name, columns in training.layout.columns.items():
        if redrawn(name) and layout.shapes.get(name) == training.layout.shapes[name]:
            initial[columns] = drawn[layout.columns[name]]
    return initial
