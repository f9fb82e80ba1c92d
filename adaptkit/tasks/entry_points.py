"""Finds plugins of any kind by their entry points, and calls the factory of one.

Listing reads metadata and imports no plugin. An error in a plugin names it, and harms no other. What a plugin
prints goes to standard error, because standard output belongs to the caller.
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
from adaptkit.tasks.options import arguments_for, described, in_force, options_of

OWN = "adaptkit"
"""The distribution of the plugins that are always there."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of plugin, and the words that messages have for it."""

    group: str
    """The group of the entry points, such as ``"adaptkit.tasks"``."""

    noun: str
    """"task", "strategy", "metric", "reader"."""

    option: str
    """The command line's option for an option of such a plugin."""

    made: str
    """What a factory returns, in words: "a Task"."""

    install: str
    """An example of a distribution with such a plugin."""

    command: str = "adaptkit plugins"
    """What lists the plugins of this kind."""

    built_in: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Name → entry point of those that are part of adaptkit."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Listing:
    """An installed plugin, as described by the metadata of its distribution."""

    kind: Kind
    name: str
    distribution: str
    version: str

    value: str
    """The entry point: ``"module:factory"``."""

    duplicate: bool
    """Whether another distribution has one of this name, so that only the full name is unique."""

    @property
    def full_name(self) -> str:
        """``distribution:name``, which is unique even if the name alone is not."""
        return f"{self.distribution}:{self.name}"

    def __str__(self) -> str:
        return f"the {self.kind.noun} {self.name!r} of {self.distribution} {self.version} ({self.value})"


def available(kind: Kind) -> list[Listing]:
    """The installed plugins of a kind, sorted by name and distribution. No plugin is imported."""
    found = sorted(_in_metadata(kind) | _built_in(kind))
    times = Counter(name for name, *_ in found)
    return [
        Listing(
            kind=kind, name=name, distribution=distribution, version=version, value=value,
            duplicate=times[name] > 1,
        )
        for name, distribution, version, value in found
    ]  # fmt: skip


def find(kind: Kind, name: str) -> Listing:
    """The installed plugin of this name (or ``distribution:name``). No plugin is imported.

    Raises TaskError for a name that is unknown or ambiguous.
    """
    everything = available(kind)
    distribution, colon, short = name.rpartition(":")
    matching = [
        listing
        for listing in everything
        if listing.name == short
        and (not colon or comparable(listing.distribution) == comparable(distribution))
    ]
    if not matching:
        _fail_unknown(kind, name, everything)
    if len(matching) > 1:
        raise TaskError(
            f"the {kind.noun} {name!r} is in {len(matching)} distributions: "
            + " and ".join(f"{listing.distribution} {listing.version}" for listing in matching),
            expected=" or ".join(repr(listing.full_name) for listing in matching),
            next_step=f"Use the full name of the {kind.noun}, or uninstall the other distribution.",
            code=f"ambiguous-{kind.noun}",
        )
    return matching[0]


def missing(listing: Listing) -> str | None:
    """Why this plugin cannot be loaded, as far as that can be seen without an import; None if it may load."""
    package = re.match(r"[^\W\d]\w*(?=[\w.]*:)", listing.value)
    if package is None:
        return f"its entry point {listing.value!r} is not of the form module:factory"
    try:
        found = importlib.util.find_spec(package[0]) is not None
    except (ImportError, ValueError):  # the module exists but has no specification
        return None
    return None if found else f"the module {package[0]!r} does not exist; reinstall {listing.distribution}"


def factory_of(listing: Listing) -> Callable[..., Any]:
    """The factory of a plugin, imported; raises TaskError if it cannot be."""
    point = importlib.metadata.EntryPoint(listing.name, listing.value, listing.kind.group)
    try:
        with redirect_stdout(sys.stderr):
            factory: Callable[..., Any] = point.load()
    except (Exception, SystemExit) as error:
        fail(listing, f"cannot be imported: {reason(error)}", error)
    if not callable(factory):
        fail(listing, f"is of type {type(factory).__name__}, not a function that returns {listing.kind.made}")
    return factory


def made(listing: Listing, options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """What the factory of a plugin returns with these options, and all options that are in force.

    Raises:
        TaskError: an option is unknown, missing or of the wrong type; or the plugin fails.
    """
    factory = factory_of(listing)
    arguments = _arguments(listing, factory, options)
    try:
        with redirect_stdout(sys.stderr):
            product = factory(**arguments)
    except (Exception, SystemExit) as error:
        fail(listing, f"failed when it was called with {arguments}: {reason(error)}", error)
    recorded = getattr(product, "options", {})
    own = recorded if isinstance(recorded, Mapping) else {}
    return product, {**in_force(options_of(factory), own), **arguments}


def refuse_contract(listing: Listing, contract: object, current: int) -> None:
    """Raise TaskError if the plugin is written for another version of its contract."""
    if not isinstance(contract, int) or contract == current:
        return
    older = listing.distribution if contract < current else OWN
    raise TaskError(
        f"{listing} is written for contract {contract}",
        expected=f"contract {current}, the one of this version of adaptkit",
        next_step=f"Upgrade {older}: `pip install --upgrade {older}`.",
        code="other-contract",
    )


def fail(listing: Listing, problem: str, cause: BaseException | None = None) -> NoReturn:
    """Raise the TaskError of a plugin that is broken."""
    others = "strategies" if listing.kind.noun == "strategy" else f"{listing.kind.noun}s"
    raise TaskError(
        f"{listing} {problem}",
        next_step=f"Upgrade {listing.distribution}, or report this to its author; "
        f"other {others} are not affected.",
        code="broken-plugin",
    ) from cause


def reason(error: BaseException) -> str:
    """The kind and the message of an error."""
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def comparable(distribution: str) -> str:
    """The normalised name of a distribution, in which - and _ are equal (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _built_in(kind: Kind) -> set[tuple[str, str, str, str]]:
    try:
        version = importlib.metadata.version(OWN)
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"
    return {(name, OWN, version, value) for name, value in kind.built_in.items()}


def _in_metadata(kind: Kind) -> set[tuple[str, str, str, str]]:
    """(name, distribution, version, entry point) of each plugin.

    If a distribution is found twice, the first one on the path counts, as for an import.
    """
    found: dict[str, set[tuple[str, str, str, str]]] = {}
    for distribution in importlib.metadata.distributions():
        try:
            points = distribution.entry_points.select(group=kind.group)
            if not points:
                continue
            name, version = str(distribution.name or "unknown"), str(distribution.version or "unknown")
        except Exception:  # noqa: S112 (unreadable metadata of some package must not affect any plugin)
            continue
        plugins = {(point.name, name, version, point.value) for point in points}
        found.setdefault(comparable(name), plugins)
    return set().union(*found.values())


def _arguments(listing: Listing, factory: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    kind = listing.kind
    try:
        known = options_of(factory)
    except Exception as error:
        fail(listing, f"has options that cannot be read: {reason(error)}", error)
    try:
        return arguments_for(known, options)
    except ValueError as error:
        give, leave = f"Give options as {kind.option} KEY=VALUE.", f"Leave out {kind.option}."
        raise TaskError(
            f"{listing}: {error}",
            expected=", ".join(map(described, known.values()))
            or f"no options, because the {kind.noun} has none",
            next_step=give if known else leave,
            code="bad-option",
        ) from None


def _fail_unknown(kind: Kind, name: str, everything: Sequence[Listing]) -> NoReturn:
    names = sorted({one for listing in everything for one in (listing.name, listing.full_name)})
    near = get_close_matches(name, names, n=3)
    expected = near or sorted({listing.name for listing in everything})
    problem = f"no {kind.noun} {name!r} is installed"
    step = (
        f"Correct the name of the {kind.noun}"
        if near
        else f"Install the plugin of the {kind.noun}, for example `pip install {kind.install}`"
    )
    raise TaskError(
        problem if everything else f"{problem}, and no other {kind.noun} either",
        expected=" or ".join(map(repr, expected)),
        next_step=f"{step}, or list what is installed with `{kind.command}`." if everything else f"{step}.",
        code=f"unknown-{kind.noun}",
    )
