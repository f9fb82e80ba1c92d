"""Accepts the earlier names of a class's fields for one version, with a warning."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def accepting(old_names: Mapping[str, str]) -> Callable[[type[T]], type[T]]:
    """A decorator of a dataclass that also accepts old names: as arguments, and as attributes to read.

    Args:
        old_names: old name → today's name.
    """

    def changed(kind: type[T]) -> type[T]:
        made: Callable[..., None] = kind.__init__

        @functools.wraps(made)
        def initialised(self: T, **parts: Any) -> None:
            # `dataclasses.replace` also passes the field's current value: what the old name has is newer.
            for old in old_names.keys() & parts.keys():
                _warn(kind, old, old_names[old])
                parts[old_names[old]] = parts.pop(old)
            made(self, **parts)

        def by_old_name(self: T, name: str) -> Any:
            if name not in old_names:
                raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}")
            _warn(kind, name, old_names[name])
            return getattr(self, old_names[name])

        setattr(kind, "__init__", initialised)  # noqa: B010 (mypy takes no other function for it)
        setattr(kind, "__getattr__", by_old_name)  # noqa: B010
        return kind

    return changed


def _warn(kind: type[Any], old: str, new: str) -> None:
    warnings.warn(
        f"{kind.__name__}.{old} is now called {new}; the old name is accepted for one more version",
        DeprecationWarning,
        stacklevel=3,
    )
