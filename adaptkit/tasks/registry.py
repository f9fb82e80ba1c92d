"""Loads the requested task from its plugin. An error in one plugin names it; other tasks are not affected."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from adaptkit.task import CONTRACT_VERSION, Task
from adaptkit.tasks import entry_points
from adaptkit.tasks.calls import guarded
from adaptkit.tasks.entry_points import Kind, Listing, fail, made, refuse_contract
from adaptkit.tasks.entry_points import missing as missing
from adaptkit.tasks.validation import ill_formed

TASKS = Kind(
    group="adaptkit.tasks",
    noun="task",
    option="--option",
    made="a Task",
    install="adaptkit-ner",
    command="adaptkit tasks",
)


def available() -> list[Listing]:
    """The installed tasks, sorted by name and distribution. No plugin is imported."""
    return entry_points.available(TASKS)


def find(name: str) -> Listing:
    """The installed task of this name (or ``distribution:name``). No plugin is imported.

    Raises TaskError for a name that is unknown or ambiguous.
    """
    return entry_points.find(TASKS, name)


def load(name: str, options: Mapping[str, Any] = {}) -> Task:
    """The task of this name (or ``distribution:name``), made with these options.

    Its name is the name of its entry point, by which an exported model finds it again. Its options are those
    given, and the defaults of the others.

    Args:
        name: the task's name.
        options: its options; text is converted to the types of the factory's annotations.

    Raises:
        TaskError: the name is unknown or ambiguous; an option is unknown, missing or of the wrong type; or
            the plugin fails or does not return a valid task of this contract.
    """
    listing = find(name)
    product, in_force = made(listing, options)
    task = _well_formed(listing, product)
    distribution = f"{listing.distribution} {listing.version}"
    return guarded(dataclasses.replace(task, name=listing.name, options=in_force, distribution=distribution))


def factory_of(name: str) -> Callable[..., Any]:
    """The factory of the task of this name; raises TaskError as `load` does. Imports its plugin."""
    return entry_points.factory_of(find(name))


def _well_formed(listing: Listing, task: object) -> Task:
    """The task, if it is valid and of this contract; raises TaskError otherwise."""
    if not isinstance(task, Task):
        fail(listing, f"returned {task!r:.80}, not a Task")
    refuse_contract(listing, task.contract, CONTRACT_VERSION)
    wrong = ill_formed(task)
    if wrong:
        fail(listing, f"returned an invalid Task: {'; '.join(wrong)}")
    return task
