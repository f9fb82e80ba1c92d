"""Guards around the parts of a task: none ends the program, and messages name the plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from adaptkit.errors import DataError, TaskError
from adaptkit.task import Metric, Scores, Task, cross_entropy, label_column
from adaptkit.tasks.calls import PluginExit, calling, guarded, named, reason_of, shown

TASK = Task(
    name="good",
    columns={"text": "a text", "label": "a class"},
    head="sequence-classification",
    encode=lambda rows, tokenizer, labels, max_length: [],
    decode=lambda outputs, examples, labels: [],
    metric=Metric(name="score", direction="maximize", compute=lambda predictions, rows: Scores(values={})),
    collator=lambda tokenizer, pad_to_multiple_of: lambda examples: sys.exit(4),  # type: ignore[arg-type, return-value]
    distribution="shop-good 1.0",
)


class Ending(BaseException):
    """An exception that no `except Exception` catches."""


def ending(error: BaseException) -> Callable[..., Any]:
    def part(*arguments: Any, **named: Any) -> Any:
        raise error

    return part


@pytest.mark.parametrize(
    "part", ["prepare", "encode", "decode", "merge_windows", "calibrate", "apply_calibration", "loss"]
)
def test_a_part_that_exits_raises_an_exception(part: str) -> None:
    task = guarded(replace(TASK, **{part: ending(SystemExit(3))}))
    with pytest.raises(PluginExit, match=r"it called sys.exit\(3\)"):
        getattr(task, part)(None, None)
    task = guarded(replace(TASK, **{part: ending(Ending("the end"))}))
    with pytest.raises(PluginExit, match="Ending: the end"):
        getattr(task, part)(None, None)


def test_metric_collator_and_readers_are_guarded() -> None:
    task = replace(TASK, metric=replace(TASK.metric, compute=ending(SystemExit(0))), readers={".x": _rows})
    task = guarded(task)
    with pytest.raises(PluginExit):
        task.metric.compute([], [])
    with pytest.raises(PluginExit, match="4"):
        task.collator(None, pad_to_multiple_of=8)([])
    rows = task.readers[".x"](Path("a.x"))
    assert next(rows) == (1, {})
    with pytest.raises(PluginExit):
        next(rows)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    yield 1, {}
    sys.exit()


def test_an_iterator_that_can_continue_still_can() -> None:
    """As a `map` does, for --skip-bad-rows."""
    task = guarded(replace(TASK, readers={".x": lambda path: map(int, ["1", "one", "2"])}))  # type: ignore[dict-item, arg-type, return-value]
    rows = iter(task.readers[".x"](Path("a.x")))
    assert next(rows) == 1
    with pytest.raises(ValueError):
        next(rows)
    assert [*rows] == [2]


def test_values_arguments_and_errors_pass_unchanged() -> None:
    task = guarded(replace(TASK, encode=lambda *given: list(given), prepare=ending(ValueError("no text"))))
    assert task.encode(1, 2, 3, 4) == [1, 2, 3, 4]  # type: ignore[arg-type, comparison-overlap]
    with pytest.raises(ValueError, match="no text"):
        task.prepare({})
    with pytest.raises(KeyboardInterrupt):
        guarded(replace(TASK, decode=ending(KeyboardInterrupt()))).decode({}, [], [])


@pytest.mark.parametrize(
    "part", ["labels_of", "label_names", "stratify_by", "group_by", "parse_text", "to_json"]
)
def test_parts_that_no_caller_reports_name_the_plugin(part: str) -> None:
    for error, reason in ((SystemExit(0), r"it called sys.exit\(0\)"), (KeyError("x"), "KeyError: 'x'")):
        task = guarded(replace(TASK, **{part: ending(error)}))
        with pytest.raises(
            TaskError, match=f"task 'good' of shop-good 1.0: {part} failed: {reason}"
        ) as raised:
            getattr(task, part)(None)
        assert "shop-good 1.0" in raised.value.next_step
        assert raised.value.code == "part-failed"


@pytest.mark.parametrize("part", ["parse_text", "label_names"])
def test_a_value_error_may_be_raised_there(part: str) -> None:
    with pytest.raises(ValueError, match="unknown"):
        getattr(guarded(replace(TASK, **{part: ending(ValueError("unknown"))})), part)(None)


def test_a_lazy_part_fails_while_it_is_read() -> None:
    labels = guarded(replace(TASK, labels_of=lambda row: (sys.exit(1) for _ in range(1)))).labels_of
    assert labels is not None
    with pytest.raises(TaskError, match="labels_of failed"):
        set(labels({}))


def test_adaptkits_own_parts_stay_recognisable() -> None:
    task = guarded(TASK)
    assert task.loss is cross_entropy
    assert task.labels_of is label_column

    @wraps(label_column)
    def own(row: Any) -> Any:
        sys.exit(1)

    with pytest.raises(TaskError):
        guarded(replace(TASK, labels_of=own)).labels_of({})  # type: ignore[misc]


def test_errors_of_adaptkit_and_of_memory_are_raised_unchanged() -> None:
    for error in (DataError("bad"), MemoryError(), ValueError("expected")):
        with (
            pytest.raises(type(error)),
            calling(TASK, "encode", passing=lambda raised: isinstance(raised, ValueError)),
        ):
            raise error


def test_messages_are_short_and_never_fail() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert shown(10**5000) == "a value of type int that cannot be shown (ValueError)"
    assert shown(Hostile()) == "a value of type Hostile that cannot be shown (RuntimeError)"
    assert len(shown("x" * 1000)) == 100
    assert len(reason_of(ValueError("x" * 10_000))) < 600
    assert reason_of(KeyError()) == "KeyError"
    assert named(replace(TASK, distribution="")) == "task 'good'"
