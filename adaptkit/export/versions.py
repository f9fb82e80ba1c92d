"""Which plugin an exported model was made with, and what to say if another one is installed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from adaptkit.errors import AdaptkitError, ModelError, TaskError
from adaptkit.tasks import registry
from adaptkit.tasks.entry_points import comparable

if TYPE_CHECKING:
    from adaptkit.export.loading import Description
    from adaptkit.tasks.entry_points import Listing


def installed_task(description: Description, named: str | None = None) -> Listing:
    """The installed task that the model is loaded with.

    Args:
        description: of the model.
        named: the task that the user named, as ``distribution:name``; None for the one that it was made with.

    Raises:
        TaskError: that task is not installed. A task of the same name of another distribution is used only if
            the user named it, or if the model does not say which distribution it was made with.
    """
    task, plugin = description.task, description.plugin
    if named is not None:
        return registry.find(named)
    having = [listing for listing in registry.available() if listing.name == task]
    own = [listing for listing in having if comparable(listing.distribution) == comparable(plugin)]
    if own:
        return own[0]
    if not plugin:
        return registry.find(task)
    others = [f"{one.distribution} {one.version}" for one in having]
    made_with = f"{plugin} {description.versions.get(plugin, '')}".rstrip()
    install = f"Install it: pip install {shlex.quote(plugin)}"
    raise TaskError(
        f"the model is for the task {task!r} of {made_with}, which is not installed"
        + (
            f"; {' and '.join(others)} {'has' if len(others) == 1 else 'have'} a task of this name, too"
            if others
            else ""
        ),
        expected=f"its plugin, {made_with}",
        next_step=f"{install}, or name the other task with --task {having[0].full_name}."
        if others
        else install,
        code="task-not-installed",
    )


def other_versions(description: Description, listing: Listing) -> str:
    """A warning if the model was made with another version of its plugin; else an empty text."""
    was = description.versions.get(description.plugin)
    if was is None or (was == listing.version and _same(description, listing)):
        return ""
    made_with = f"{description.plugin} {was}"
    return (
        f"the model was made with {made_with}, and {listing.distribution} {listing.version} is installed: "
        f"its predictions may differ. To be sure, install {shlex.quote(f'{description.plugin}=={was}')}, or "
        "train the model again"
    )


@contextmanager
def naming_versions(description: Description, listing: Listing) -> Iterator[None]:
    """If the block fails and the versions differ, name both in the error."""
    try:
        yield
    except (AdaptkitError, RuntimeError) as error:
        was = description.versions.get(description.plugin)
        if not other_versions(description, listing):
            raise
        problem = error.problem if isinstance(error, AdaptkitError) else (str(error).splitlines() or [""])[-1]
        raise ModelError(
            f"{problem.strip()[:400]} (the model was made with {description.plugin} {was}, and "
            f"{listing.distribution} {listing.version} is installed)",
            expected=f"the version of the plugin that the model was made with, {was}",
            next_step=f"Install it: pip install {shlex.quote(f'{description.plugin}=={was}')}; or train the "
            "model again.",
            code="other-plugin-version",
        ) from error


def _same(description: Description, listing: Listing) -> bool:
    return comparable(description.plugin) == comparable(listing.distribution)
