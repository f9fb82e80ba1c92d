"""Finds task plugins by their entry points, and loads the requested one.

Listing reads metadata and imports no plugin. Loading imports one plugin; an error in it names the plugin.
Output that a plugin prints goes to standard error, because standard output belongs to the caller.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import importlib.util
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from difflib import get_close_matches
from typing import Any, NoReturn

from adaptkit.errors import TaskError
from adaptkit.task import CONTRACT_VERSION, Task
from adaptkit.tasks.calls import guarded
from adaptkit.tasks.options import arguments_for, described, in_force, options_of
from adaptkit.tasks.validation import ill_formed

GROUP = "adaptkit.tasks"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaskListing:
    """An installed task, as described by the metadata of its distribution."""

    name: str
    distribution: str
    version: str

    value: str
    """The entry point: ``"module:factory"``."""

    duplicate: bool
    """Whether another distribution has a task of this name, so that only the full name is unique."""

    @property
    def full_name(self) -> str:
        """``distribution:name``, which is unique even if the name alone is not."""
        return f"{self.distribution}:{self.name}"

    def __str__(self) -> str:
        return f"the task {self.name!r} of {self.distribution} {self.version} ({self.value})"


def available() -> list[TaskListing]:
    """The installed tasks, sorted by name and distribution. No plugin is imported."""
    found = sorted(_tasks_in_metadata())
    times = Counter(name for name, *_ in found)
    return [
        TaskListing(
            name=name, distribution=distribution, version=version, value=value, duplicate=times[name] > 1
        )
        for name, distribution, version, value in found
    ]


def find(name: str) -> TaskListing:
    """The installed task of this name (or ``distribution:name``). No plugin is imported.

    Raises TaskError for a name that is unknown or ambiguous.
    """
    everything = available()
    distribution, colon, short = name.rpartition(":")
    matching = [
        listing
        for listing in everything
        if listing.name == short
        and (not colon or _comparable(listing.distribution) == _comparable(distribution))
    ]
    if not matching:
        _fail_unknown(name, everything)
    if len(matching) > 1:
        raise TaskError(
            f"the task {name!r} is in {len(matching)} distributions: "
            + " and ".join(f"{listing.distribution} {listing.version}" for listing in matching),
            expected=" or ".join(repr(listing.full_name) for listing in matching),
            next_step="Use the full name of the task, or uninstall the other distribution.",
            code="ambiguous-task",
        )
    return matching[0]


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
    factory = _factory(listing)
    arguments = _arguments(listing, factory, options)
    try:
        with redirect_stdout(sys.stderr):
            made = factory(**arguments)
    except (Exception, SystemExit) as error:
        _fail(listing, f"failed when it was called with {arguments}: {_reason(error)}", error)
    task = _well_formed(listing, made)
    distribution = f"{listing.distribution} {listing.version}"
    options = {**in_force(options_of(factory), task.options), **arguments}
    return guarded(dataclasses.replace(task, name=listing.name, options=options, distribution=distribution))


def missing(listing: TaskListing) -> str | None:
    """Why this task cannot be loaded, as far as that can be seen without an import; None if it may load."""
    package = re.match(r"[^\W\d]\w*(?=[\w.]*:)", listing.value)
    if package is None:
        return f"its entry point {listing.value!r} is not of the form module:factory"
    try:
        found = importlib.util.find_spec(package[0]) is not None
    except (ImportError, ValueError):  # the module exists but has no specification
        return None
    return None if found else f"the module {package[0]!r} does not exist; reinstall {listing.distribution}"


def broken(listing: TaskListing) -> str | None:
    """Why this task cannot be loaded without options, or None if it can. Imports its plugin."""
    try:
        load(listing.full_name)
    except TaskError as error:
        return str(error)
    return None


def _tasks_in_metadata() -> set[tuple[str, str, str, str]]:
    """(name, distribution, version, entry point) of each task.

    If a distribution is found twice, the first one on the path counts, as for an import.
    """
    found: dict[str, set[tuple[str, str, str, str]]] = {}
    for distribution in importlib.metadata.distributions():
        try:
            points = distribution.entry_points.select(group=GROUP)
            if not points:
                continue
            name, version = str(distribution.name or "unknown"), str(distribution.version or "unknown")
        except Exception:  # noqa: S112 (unreadable metadata of some package must not affect any task)
            continue
        tasks = {(point.name, name, version, point.value) for point in points}
        found.setdefault(_comparable(name), tasks)
    return set().union(*found.values())


def _comparable(distribution: str) -> str:
    """A distribution's name in the form in which package indexes compare names."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def factory_of(name: str) -> Callable[..., Any]:
    """The factory of the task of this name; raises TaskError as `load` does. Imports its plugin."""
    return _factory(find(name))


def _fail_unknown(name: str, everything: Sequence[TaskListing]) -> NoReturn:
    names = sorted({one for listing in everything for one in (listing.name, listing.full_name)})
    near = get_close_matches(name, names, n=3) or sorted({listing.name for listing in everything})
    problem = f"no task {name!r} is installed"
    install = "Install the plugin of the task, for example `pip install adaptkit-ner`"
    raise TaskError(
        problem if everything else f"{problem}, and no other task either",
        expected=" or ".join(map(repr, near)),
        next_step=f"{install}, or list the installed tasks with `adaptkit tasks`." if near else f"{install}.",
        code="unknown-task",
    )


def _factory(listing: TaskListing) -> Callable[..., Any]:
    point = importlib.metadata.EntryPoint(listing.name, listing.value, GROUP)
    try:
        with redirect_stdout(sys.stderr):
            factory: Callable[..., Any] = point.load()
    except (Exception, SystemExit) as error:
        _fail(listing, f"cannot be imported: {_reason(error)}", error)
    if not callable(factory):
        _fail(listing, f"is of type {type(factory).__name__}, not a function that returns a Task")
    return factory


def _arguments(
    listing: TaskListing, factory: Callable[..., Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        known = options_of(factory)
    except Exception as error:
        _fail(listing, f"has options that cannot be read: {_reason(error)}", error)
    try:
        return arguments_for(known, options)
    except ValueError as error:
        raise TaskError(
            f"{listing}: {error}",
            expected=", ".join(map(described, known.values())) or "no options, because the task has none",
            next_step="Give options as --option KEY=VALUE." if known else "Leave out --option.",
            code="bad-option",
        ) from None


def _well_formed(listing: TaskListing, task: object) -> Task:
    """The task, if it is valid and of this contract; raises TaskError otherwise."""
    if not isinstance(task, Task):
        _fail(listing, f"returned {task!r:.80}, not a Task")
    if isinstance(task.contract, int) and task.contract != CONTRACT_VERSION:
        older = listing.distribution if task.contract < CONTRACT_VERSION else "adaptkit"
        raise TaskError(
            f"{listing} is written for contract {task.contract}",
            expected=f"contract {CONTRACT_VERSION}, the one of this version of adaptkit",
            next_step=f"Upgrade {older}: `pip install --upgrade {older}`.",
            code="other-contract",
        )
    wrong = ill_formed(task)
    if wrong:
        _fail(listing, f"returned an invalid Task: {'; '.join(wrong)}")
    return task


def _fail(listing: TaskListing, problem: str, cause: BaseException | None = None) -> NoReturn:
    raise TaskError(
        f"{listing} {problem}",
        next_step=f"Upgrade {listing.distribution}, or report this to its author; "
        "other tasks are not affected.",
        code="broken-plugin",
    ) from cause


def _reason(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
