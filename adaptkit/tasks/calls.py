"""Calls the parts of a task: an error in one of them names the part, the task and its distribution.

`registry.load` gives every part of a plugin a guard, so that `sys.exit` in it is an error like any other, and
does not end the program.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from adaptkit.errors import AdaptkitError, TaskError
from adaptkit.task import Task

LONGEST = 500
"""Characters of an error's message that are shown."""


class PluginExit(Exception):
    """A part of a plugin called `sys.exit`, or raised another exception that would end the program."""


RAISED: Mapping[str, tuple[type[Exception], ...]] = {
    "labels_of": (),
    "label_names": (ValueError,),
    "stratify_by": (),
    "group_by": (),
    "parse_text": (ValueError,),
    "to_json": (),
}
"""The parts whose other errors are reported by their guard, and the errors that they may raise. The errors of
all other parts are reported where the parts are called."""


@dataclasses.dataclass(frozen=True)
class Guarded:
    """A part of a plugin, of which no call ends the program."""

    part: Callable[..., Any]
    report: Callable[[], AbstractContextManager[None]]
    """What a call runs in."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """What the part returns."""
        with self.report():
            result = self.part(*arguments, **named)
        return GuardedIterator(result, self.report) if isinstance(result, Iterator) else result


@dataclasses.dataclass(frozen=True)
class GuardedFactory:
    """A part of a plugin that makes a function, such as a collator."""

    part: Callable[..., Any]

    def __call__(self, *arguments: Any, **named: Any) -> Guarded:
        """The function that the part makes."""
        return Guarded(Guarded(self.part, no_exit)(*arguments, **named), no_exit)


class GuardedIterator:
    """What a part gives bit by bit. It can be read on after an error if the part's own iterator can."""

    def __init__(self, inner: Iterator[Any], report: Callable[[], AbstractContextManager[None]]) -> None:
        self._inner = inner
        self._report = report

    def __iter__(self) -> GuardedIterator:
        return self

    def __next__(self) -> Any:
        with self._report():
            return next(self._inner)

    @property
    def is_generator(self) -> bool:
        """Whether the part's own iterator is a generator, which cannot be read on after an error."""
        return isinstance(self._inner, Generator)


def ends_at_an_error(rows: Iterator[Any]) -> bool:
    """Whether an iterator of a plugin cannot be read on after an error, because it is a generator."""
    return rows.is_generator if isinstance(rows, GuardedIterator) else isinstance(rows, Generator)


class _NoExit:
    """A context that several calls may be in at once. It is a class because it is entered for each row."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is not None and not isinstance(error, ENDING):
            raise _plugin_exit(error) from error


NO_EXIT, ENDING = _NoExit(), (Exception, KeyboardInterrupt, GeneratorExit)


def no_exit() -> AbstractContextManager[None]:
    """Raise PluginExit instead of SystemExit, and of any other exception that is not an Exception."""
    return NO_EXIT


def _plugin_exit(error: BaseException) -> PluginExit:
    if isinstance(error, SystemExit):
        return PluginExit(f"it called sys.exit({error.code!r:.80})")
    return PluginExit(f"{type(error).__name__}: {error}")


def guarded(task: Task) -> Task:
    """The task with a guard around each part that is not adaptkit's own."""
    names = [field.name for field in dataclasses.fields(task)]
    parts: dict[str, Any] = {
        name: Guarded(getattr(task, name), _report_of(task, name))
        for name in names
        if callable(getattr(task, name)) and not _is_own(getattr(task, name))
    }
    others = {
        "collator": GuardedFactory(task.collator),
        "augment": None if task.augment is None else GuardedFactory(task.augment),
        "readers": {suffix: Guarded(read, no_exit) for suffix, read in task.readers.items()},
        "metric": dataclasses.replace(task.metric, compute=Guarded(task.metric.compute, no_exit)),
    }
    return dataclasses.replace(task, **{**parts, **others})


def _report_of(task: Task, part: str) -> Callable[[], AbstractContextManager[None]]:
    """What the calls of this part run in."""
    if part not in RAISED:
        return no_exit
    raised = (*RAISED[part], StopIteration)
    return partial(calling, task, part, passing=lambda error: isinstance(error, raised))


def named(task: Task) -> str:
    """The task for messages: ``task 'moods' of shop-moods 1.0``."""
    return f"task {task.name!r} of {task.distribution}" if task.distribution else f"task {task.name!r}"


@dataclasses.dataclass(frozen=True)
class _Calling:
    """What `calling` gives."""

    task: Task
    part: str
    passing: Callable[[BaseException], bool]

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None or isinstance(error, UNCHANGED):
            return
        if not isinstance(error, Exception):
            ended = _plugin_exit(error)
            ended.__cause__, error = error, ended
        elif self.passing(error):
            return
        raise part_failed(self.task, self.part, reason_of(error)) from error


UNCHANGED = (AdaptkitError, MemoryError, KeyboardInterrupt, GeneratorExit)
"""Errors that a call of a part raises unchanged."""


def calling(
    task: Task, part: str, passing: Callable[[BaseException], bool] = lambda error: False
) -> AbstractContextManager[None]:
    """Raise TaskError if the block, which calls this part of the task, raises an error.

    Args:
        task: the task.
        part: the name of the part.
        passing: which errors are raised unchanged. Those of adaptkit and a lack of memory always are.
    """
    return _Calling(task, part, passing)


def part_failed(task: Task, part: str, what: str, expected: str = "") -> TaskError:
    """The error of a part of a task that failed or returned something wrong."""
    author = f"the author of {task.distribution}" if task.distribution else "its author"
    return TaskError(
        f"{named(task)}: {part} failed: {what}",
        expected=expected,
        next_step=f"Correct the plugin's {part}, or report this to {author}.",
        code="part-failed",
    )


def reason_of(error: BaseException) -> str:
    """The kind and the message of an error, on at most `LONGEST` characters."""
    if isinstance(error, PluginExit):
        return str(error)
    message = str(error)
    message = message if len(message) <= LONGEST else f"{message[: LONGEST - 1]}…"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def shown(value: object, most: int = 100) -> str:
    """A value for messages. Python does not convert numbers of thousands of digits to text."""
    try:
        text = repr(value)
    except Exception as error:  # an object of a plugin, or a number that is too long
        return f"a value of type {type(value).__name__} that cannot be shown ({type(error).__name__})"
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _is_own(part: Callable[..., Any]) -> bool:
    """Whether the part is adaptkit's own, such as `adaptkit.cross_entropy`, which others recognise."""
    module = str(getattr(part, "__module__", ""))
    name = str(getattr(part, "__name__", ""))
    return module.startswith("adaptkit.") and getattr(sys.modules.get(module), name, None) is part
