"""Checks of the export: a trained tiny model is exported, and loaded as new objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import nn

from adaptkit.config import StudyConfig
from adaptkit.engine.forward import Forward
from adaptkit.engine.patches.vocabulary import write_trial
from adaptkit.engine.rehearsal import some_head_inputs
from adaptkit.errors import ExportError
from adaptkit.export.loading import load_exported, read_description
from adaptkit.export.saving import TrialToExport, export
from adaptkit.models.custom_head import HEAD
from adaptkit.strategies.apply import adapted
from adaptkit.strategy import Strategy
from adaptkit.testing.compare import difference
from adaptkit.testing.findings import Nonconformity
from adaptkit.testing.fixtures import SEED, Fixtures
from adaptkit.testing.trained import trained, training_of
from adaptkit.testing.training import TRIALS, parameters_of

TOLERANCE = 1e-3

FIX = (
    "Keep all tensors of the head in parameters or persistent buffers: torch.nn.Parameter, nn.ParameterList "
    "or register_buffer, not in plain attributes or lists."
)


def round_trip(strategy: Strategy) -> Callable[[Fixtures], None]:
    """The check that a model trained by the strategy gives the same outputs after it is saved and loaded."""

    def check(fixtures: Fixtures) -> None:
        training = training_of(fixtures.model_by(strategy), fixtures.task, fixtures.rows)
        parameters = parameters_of(trained(training, TRIALS[:1], 1)[0])
        folder = fixtures.folder / f"exported-{strategy.name}"
        config = StudyConfig(
            task=fixtures.task.name,
            model=str(fixtures.encoder),
            strategy=strategy.name,
            seed=SEED,
        )
        winner = TrialToExport(
            config=config, strategy=strategy, task=fixtures.task, labels=fixtures.labels,
            parameters=parameters, vocabulary=training.vocabulary, head_inputs=some_head_inputs(training),
            calibration={}, card="", plugin="", versions={},
        )  # fmt: skip
        try:
            export(winner, folder)
        except ExportError as error:
            problem = error.problem + _unsaved(fixtures.model.module)
            raise Nonconformity(problem, expected=error.expected, next_step=FIX) from error
        loaded = load_exported(folder, fixtures.task, read_description(folder), "cpu")
        found = _outputs(fixtures, loaded.forward)
        apart = difference(
            found, _outputs(fixtures, _forward(fixtures, strategy, parameters, training.vocabulary))
        )
        if not apart <= TOLERANCE:
            raise Nonconformity(
                f"saved and loaded back, the model's outputs differ by {apart:.1e} of the largest",
                expected="the outputs of the trained model",
                next_step=FIX,
            )

    return check


def _forward(
    fixtures: Fixtures, strategy: Strategy, parameters: torch.Tensor, vocabulary: torch.Tensor | None
) -> Forward:
    """The trained model: its ``parameters [P]`` are written into new objects."""
    module = adapted(fixtures.loaded(), strategy)
    write_trial(module, parameters, vocabulary)
    return replace(fixtures.model.forward, module=module)


@torch.no_grad()
def _outputs(fixtures: Fixtures, forward: Forward) -> torch.Tensor:
    """All outputs for a batch of the task, flat."""
    batch = fixtures.batch(fixtures.some, fixtures.length(fixtures.some))
    forward.module.eval()
    return torch.cat([output.flatten() for output in forward.outputs({}, batch).values()])  # [numbers]


def _unsaved(module: nn.Module) -> str:
    """The tensors of the task's head that a checkpoint does not save, in words; empty if there are none."""
    head = getattr(module, HEAD, None)
    names = [
        f"{path}.{name}" if path else name
        for path, part in (head.named_modules() if head is not None else ())
        for name, value in vars(part).items()
        if not name.startswith("_") and _holds_tensors(value)
    ]
    names += [name for name, _ in head.named_buffers() if name not in head.state_dict()] if head else []
    return f"; a checkpoint does not save these attributes of the head: {', '.join(names)}" if names else ""


def _holds_tensors(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_tensors, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_tensors, value))
    return isinstance(value, (torch.Tensor, nn.Module))
