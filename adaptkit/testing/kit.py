"""The conformance kit: the list of its checks, run one after another on a task.

A check that rests on one that has failed is skipped, so that one defect is told once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from adaptkit.system.quiet import quiet
from adaptkit.task import Row, Task
from adaptkit.testing import inputs, losses, predictions, saving, training
from adaptkit.testing.findings import Finding, NotApplicable, failed
from adaptkit.testing.fixtures import Fixtures
from adaptkit.testing.hostile import hostile_rows


@dataclass(frozen=True)
class Check:
    """A check: what it does, and the checks it rests on."""

    run: Callable[[Fixtures], None]
    needs: tuple[str, ...] = ()


CHECKS: Mapping[str, Check] = {
    "parts": Check(inputs.parts),
    "sample": Check(inputs.sample, ("parts",)),
    "rows": Check(inputs.rows, ("parts",)),
    "labels": Check(inputs.labels, ("rows",)),
    "head": Check(inputs.head, ("labels",)),
    "encode": Check(inputs.encode_rows, ("head",)),
    "encode: byte-level tokenizer": Check(inputs.byte_level, ("encode",)),
    "encode: order of rows": Check(inputs.order_of_rows, ("encode",)),
    "encode: rows to be predicted": Check(inputs.rows_to_predict, ("encode",)),
    "collator": Check(inputs.collator, ("encode",)),
    "outputs": Check(inputs.outputs, ("collator",)),
    "loss: un-reduced": Check(losses.unreduced, ("outputs",)),
    "collator: padded labels": Check(losses.padded_labels, ("loss: un-reduced",)),
    "loss: padding": Check(losses.padding, ("loss: un-reduced", "collator: padded labels")),
    "loss: batch in parts": Check(losses.parts, ("loss: padding",)),
    "loss: many trials at once": Check(losses.vmapped, ("loss: un-reduced",)),
    "decode": Check(predictions.pieces, ("outputs",)),
    "merge": Check(predictions.merged, ("decode",)),
    "parse and present": Check(predictions.parsed_and_presented, ("merge",)),
    "hostile rows": Check(hostile_rows, ("parse and present",)),
    "step of a plain loop": Check(training.plain_step, ("loss: batch in parts", "merge")),
    "learning by heart": Check(training.learning, ("step of a plain loop",)),
    "metric": Check(training.metric, ("learning by heart",)),
    "trained together: full": Check(training.together("full"), ("loss: many trials at once", "merge")),
    "trained together: lora": Check(training.together("lora"), ("loss: many trials at once", "merge")),
    "trained together: frozen": Check(training.together("frozen"), ("loss: many trials at once", "merge")),
    "save and load: full": Check(saving.round_trip("full"), ("merge",)),
    "save and load: lora": Check(saving.round_trip("lora"), ("merge",)),
    "save and load: frozen": Check(saving.round_trip("frozen"), ("merge",)),
}
"""Name → check, in the order they are run; what a check needs comes before it."""


def check(task: Task, rows: Sequence[Row] | None = None) -> list[Finding]:
    """Runs every check of the kit on a task, on the CPU, with a tiny model made on the spot.

    Args:
        task: what the plugin's factory returned.
        rows: labelled rows as a reader gives them; by default those of the task's own sample.
    """
    found: dict[str, Finding] = {}
    with tempfile.TemporaryDirectory() as folder, _undisturbed(), quiet():
        fixtures = Fixtures(task, rows, Path(folder))
        for name, one in CHECKS.items():
            found[name] = _finding(name, one, fixtures, found)
    return list(found.values())


def assert_conforms(task: Task, rows: Sequence[Row] | None = None) -> None:
    """What a plugin's own test calls: raises AssertionError that lists every check that fails.

    The arguments are those of `check`.
    """
    wrong = [finding for finding in check(task, rows) if finding.state == "failed"]
    if wrong:
        lines = [f"  {one.check}: {one.problem}\n    {one.fix}" for one in wrong]
        raise AssertionError(
            f"task {task.name!r} fails {len(wrong)} of {len(CHECKS)} checks\n" + "\n".join(lines)
        )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """The same random numbers each time, and the caller's own afterwards; tiny tensors on one thread."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def _finding(name: str, one: Check, fixtures: Fixtures, found: Mapping[str, Finding]) -> Finding:
    if at_fault := _failed_before(one, found):
        return Finding(check=name, state="skipped", problem=f"needs {at_fault!r}, which failed")
    try:
        one.run(fixtures)
    except NotApplicable as reason:
        return Finding(check=name, state="skipped", problem=str(reason))
    except Exception as error:  # whatever a stranger's plugin raises is a finding
        return failed(name, error)
    return Finding(check=name, state="passed")


def _failed_before(one: Check, found: Mapping[str, Finding]) -> str:
    """The failed check that this one rests on, directly or by way of others; empty if there is none."""
    for need in one.needs:
        at_fault = need if found[need].state == "failed" else _failed_before(CHECKS[need], found)
        if at_fault:
            return at_fault
    return ""
