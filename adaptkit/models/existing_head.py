"""The head that a model brings along: its rows are matched to the task's labels by name, or it is replaced.

A head of the right size would otherwise be taken over by position, although its labels have other names or
another order.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from adaptkit.documents import read_json
from adaptkit.errors import TaskError
from adaptkit.models.adapters import DESCRIPTION
from adaptkit.models.custom_head import HEAD, make_head
from adaptkit.models.files import CONFIG, weight_files
from adaptkit.models.pooled_head import pooled_head

if TYPE_CHECKING:
    from adaptkit.task import Task

UNNAMED = {"0": "LABEL_0", "1": "LABEL_1"}
"""The labels of a configuration that has none."""

GENERIC = re.compile(r"LABEL_(\d+)")
WITH_A_HEAD = re.compile(r"For(SequenceClassification|TokenClassification|QuestionAnswering|MultipleChoice)$")


@dataclass(frozen=True, kw_only=True)
class ExistingHead:
    """What a model folder says about its head."""

    labels: Sequence[str]
    """The names of its outputs, in order; empty if they have no names of their own."""

    weights: frozenset[str]
    """The names of all tensors in the folder."""

    pooling: str
    """How adaptkit's head in the folder pools; empty for other heads."""

    saved_by: str
    """The class of transformers that saved a model with a head; empty for an encoder alone."""


@dataclass(frozen=True, kw_only=True)
class HeadMatch:
    """What became of the head that a model brought along."""

    newly_initialized: frozenset[str]
    note: str = ""
    """For the user; empty if the model brought none."""

    kept: bool = False
    """Whether all of its outputs are taken over."""


def existing_head(location: str) -> ExistingHead:
    """Read from a model folder what its head is for. Files that cannot be read are left to transformers."""
    folder = Path(location)
    config, description = _mapping(folder / CONFIG), _mapping(folder / DESCRIPTION)
    architectures = config.get("architectures")
    saved_by = str(architectures[0]) if isinstance(architectures, list) and architectures else ""
    return ExistingHead(
        labels=_in_order(config.get("id2label", UNNAMED)),
        weights=frozenset(_names(folder)),
        pooling=str(description.get("pooling", "")),
        saved_by=saved_by if WITH_A_HEAD.search(saved_by) else "",
    )


def match_head(
    module: Any, found: ExistingHead, task: Task, labels: Sequence[str], location: str, new: frozenset[str]
) -> HeadMatch:
    """Replace or reorder the head of a loaded model, so that each row is the one of its label.

    Args:
        module: the loaded model, with the head's weights taken over by position where the shapes fit.
        found: what the folder says about its head.
        task: the task.
        labels: its labels, in the order of the head's outputs.
        location: the model's folder.
        new: the parameters that are newly initialised.

    Returns:
        What became of the head that the model brought along.
    """
    own = any(name.startswith(f"{HEAD}.") for name in found.weights)
    if own and hasattr(module, HEAD) and pooled_head(module) is None:
        return _own_head(module, found, task, labels, new)
    layer_name = _output_layer(module, len(labels))
    if f"{layer_name}.weight" not in found.weights:
        return HeadMatch(newly_initialized=new, note=_unused(module, found, own))
    layer = module.get_submodule(layer_name)
    names = [f"{layer_name}.{name}" for name, _ in layer.named_parameters()]
    tensors = _read(location, names)
    rows = _rows(module, found, labels, tensors) if len(tensors) == len(names) else None
    if rows is None:
        if not new.issuperset(names):
            _initialise(module, layer)
        note = f"a new head is used, because {_reason(module, found)}"
        return HeadMatch(newly_initialized=new.union(names), note=note)
    with torch.no_grad():
        for name, tensor in tensors.items():
            module.get_parameter(name).copy_(tensor[list(rows)])
    note = _matched(rows, found, named=bool(labels))
    return HeadMatch(newly_initialized=new.difference(names), note=note, kept=True)


def _rows(
    module: Any, found: ExistingHead, labels: Sequence[str], tensors: Mapping[str, torch.Tensor]
) -> Sequence[int] | None:
    """Which of the head's rows are used, in which order; None if a new head is needed."""
    (outputs,) = {len(tensor) for tensor in tensors.values()} or {0}
    if _pools_otherwise(module, found):
        return None
    if not labels:  # a score, or the two ends of an answer: outputs that have no names
        wanted = {len(module.get_parameter(name)) for name in tensors}
        return range(outputs) if wanted == {outputs} else None
    return matched_rows(found.labels, labels) if len(found.labels) == outputs else None


def matched_rows(old: Sequence[str], new: Sequence[str]) -> Sequence[int] | None:
    """The position in the old labels of each new one, by name; None if one has no counterpart.

    Names that differ in case or in spaces around them match where there is no other candidate. ``LABEL_1``
    is the name that transformers gives to class 1.
    """
    for form in (str, lambda name: name.strip().casefold(), _as_number):
        one, other = [form(name) for name in old], [form(name) for name in new]
        unique = len(set(one)) == len(one) and len(set(other)) == len(other)
        if unique and None not in other and set(other) <= set(one):
            return [one.index(name) for name in other]
    return None


def _as_number(name: str) -> str | None:
    generic = GENERIC.fullmatch(name)
    return generic[1] if generic else name if name.isdecimal() else None


def _output_layer(module: Any, outputs: int) -> str:
    """The name of the last linear layer outside the encoder: the one whose rows are the head's outputs."""
    encoder = {id(one) for one in module.base_model.modules()}
    names = [
        name
        for name, one in module.named_modules()
        if isinstance(one, nn.Linear) and id(one) not in encoder and outputs in (0, one.out_features)
    ]
    return names[-1] if names else ""


def _own_head(
    module: Any, found: ExistingHead, task: Task, labels: Sequence[str], new: frozenset[str]
) -> HeadMatch:
    """A head that the task's plugin makes: which of its numbers are whose label's is not known."""
    if not labels or list(found.labels) == list(labels):
        note = _matched(range(len(found.labels)), found, named=bool(labels))
        return HeadMatch(newly_initialized=new, note=note, kept=True)
    fresh = dict(make_head(task, module.config, labels).named_parameters())
    changed = _depending_on_labels(task, module.config, labels, fresh)
    with torch.no_grad():
        for name in changed:
            getattr(module, HEAD).get_parameter(name).copy_(fresh[name])
    note = f"the parts for labels of the head are new, because {_reason(module, found)}"
    return HeadMatch(newly_initialized=new.union(f"{HEAD}.{name}" for name in changed), note=note)


def _depending_on_labels(
    task: Task, config: Any, labels: Sequence[str], head: Mapping[str, nn.Parameter]
) -> list[str]:
    """The head's parameters that have another shape with one label more; all if there is no such head."""
    more = [*labels, "one more"]
    larger = copy.deepcopy(config)
    larger.id2label = dict(enumerate(more))
    try:
        others = dict(make_head(task, larger, more).named_parameters())
    except TaskError:
        return list(head)
    shapes = {name: one.shape for name, one in others.items()}
    return [name for name, one in head.items() if shapes.get(name) != one.shape] or list(head)


def _pools_otherwise(module: Any, found: ExistingHead) -> bool:
    head = pooled_head(module)
    return head is not None and bool(found.pooling) and found.pooling != head.pooling


def _initialise(module: Any, layer: Any) -> None:
    """New random weights, as the model's class initialises them."""
    for name, parameter in list(layer.named_parameters()):
        setattr(layer, name, nn.Parameter(torch.empty_like(parameter)))
    layer.reset_parameters()
    if pooled_head(module) is None:
        module._init_weights(layer)


def _unused(module: Any, found: ExistingHead, own: bool) -> str:
    """The note about a head in the folder that the study's kind of head does not use."""
    if (found.saved_by and hasattr(module, HEAD)) or (own and not hasattr(module, HEAD)):
        return "the head of the model is not used, because this study's head is of another kind"
    return ""


def _reason(module: Any, found: ExistingHead) -> str:
    if _pools_otherwise(module, found):
        return f"the model's own pools in another way ({found.pooling})"
    if all(GENERIC.fullmatch(label) for label in found.labels):
        return f"the outputs of the model's own have no names ({_listed(found.labels)})"
    return f"the model's own is for other labels: {_listed(found.labels)}"


def _matched(rows: Sequence[int], found: ExistingHead, *, named: bool) -> str:
    if not named:
        return "the head of the model is taken over: its outputs have no names"
    if list(rows) == list(range(len(found.labels))):
        return "the head of the model is taken over: it has the same labels in the same order"
    more = len(found.labels) - len(rows)
    kind = f"and {more} more" if more else "in another order"
    return (
        "the head of the model is taken over, its rows matched by the names of the labels: it has the same"
        f" labels {kind} ({_listed(found.labels)})"
    )


def _listed(labels: Sequence[str], most: int = 6) -> str:
    beyond = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(f"{label!r:.60}" for label in labels[:most]) + beyond


def _in_order(id2label: object) -> Sequence[str]:
    """The names by position; empty unless there is one for each position."""
    if not isinstance(id2label, Mapping):
        return ()
    try:
        by_position = {int(position): str(name) for position, name in id2label.items()}
    except (TypeError, ValueError):
        return ()
    complete = set(by_position) == set(range(len(by_position)))
    return [by_position[at] for at in sorted(by_position)] if complete else ()


def _mapping(path: Path) -> Mapping[str, Any]:
    try:
        found = read_json(path)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _names(folder: Path) -> list[str]:
    from safetensors import safe_open

    names: list[str] = []
    for file in weight_files(folder):
        with safe_open(file, framework="pt") as opened:
            names += opened.keys()
    return names


def _read(location: str, names: Sequence[str]) -> dict[str, torch.Tensor]:
    """The tensors of these names in the folder."""
    from safetensors import safe_open

    found = {}
    for file in weight_files(Path(location)):
        with safe_open(file, framework="pt") as opened:
            here = set(opened.keys())
            found.update({name: opened.get_tensor(name).float() for name in names if name in here})
    return found
