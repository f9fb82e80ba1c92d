"""Where confirmation runs start: another draw of everything that starts at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from adaptkit.config import StudyConfig
    from adaptkit.engine.training import Training
    from adaptkit.task import Task


def initials_of(
    config: StudyConfig, task: Task, labels: Sequence[str], training: Training, seeds: Sequence[int],
    *, solved_start: bool,
) -> dict[int, dict[str, torch.Tensor]]:  # fmt: skip
    """Each seed → the parameters that its runs draw again, by name; empty if all start as in the search.

    Args:
        config: names the model and the strategy.
        task: the task whose head is on the model.
        labels: the names of the task's labels.
        training: what the search trained with.
        seeds: of the runs.
        solved_start: whether the head starts solved. Then none of it is drawn again.

    Raises:
        ModelError: the model cannot be loaded any more.
    """
    if start_alike(training, solved_start=solved_start):
        return {}
    found: dict[int, dict[str, torch.Tensor]] = {}
    for seed in seeds:
        found[seed] = _drawn(config, task, labels, training, seed, solved_start=solved_start)
        if not found[seed] and seed != config.seed:
            return {}  # nothing starts at random, such as a head that the model brings along
    return found


def start_alike(training: Training, *, solved_start: bool) -> bool:
    """Whether all runs have the same weights at first, as none draws any parameter again."""
    return not any(_is_redrawn(name, solved_start=solved_start) for name in training.layout.columns)


def _is_redrawn(name: str, *, solved_start: bool) -> bool:
    """Whether a run draws this parameter again, if it starts at random.

    It draws none of a head that starts solved: the last layer was solved for the layers before it, so these
    are the same for all runs.
    """
    return "lora_" in name or not solved_start


def _drawn(
    config: StudyConfig, task: Task, labels: Sequence[str], training: Training, seed: int,
    *, solved_start: bool,
) -> dict[str, torch.Tensor]:  # fmt: skip
    """The parameters that start with other values under this seed, flattened, by name."""
    import torch

    from adaptkit.engine.trial_stack import layout_of, read_slot
    from adaptkit.models.loading import load_model
    from adaptkit.run.resolve import strategy_of
    from adaptkit.strategies.apply import adapted

    other = load_model(task, config.model, labels, seed=seed, max_length=config.max_length)
    module = adapted(other, strategy_of(config))
    layout = layout_of(module)
    drawn = read_slot(module, layout)  # [P] of this layout, which has the embeddings of all tokens
    names = [
        name
        for name, shape in training.layout.shapes.items()
        if _is_redrawn(name, solved_start=solved_start) and layout.shapes.get(name) == shape
    ]
    known = training.initial.cpu()  # [P]
    return {
        name: values.clone()  # not a view, which would keep all of `drawn`
        for name in names
        if not torch.equal(values := drawn[layout.columns[name]], known[training.layout.columns[name]])
    }
