"""The conformance kit: the list of its checks, and how they are run on a task.

A check that needs a failed check is skipped, so that one defect is reported once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adaptkit.strategies.registry import built_in
from adaptkit.system.quiet import quiet
from adaptkit.task import Row, Task
from adaptkit.testing import data, inputs, losses, predictions, saving, training
from adaptkit.testing.findings import Finding, NotApplicable, failed
from adaptkit.testing.fixtures import LORA_RANK, Fixtures
from adaptkit.testing.hostile import hostile_rows
from adaptkit.testing.undisturbed import undisturbed


@dataclass(frozen=True)
class Check:
    """A check, and the checks that it needs."""

    run: Callable[[Fixtures], None]
    needs: tuple[str, ...] = ()


FULL, LORA, FROZEN = built_in("full"), built_in("lora", LORA_RANK), built_in("frozen")

CHECKS: Mapping[str, Check] = {
    "parts": Check(inputs.parts),
    "sample": Check(inputs.sample, ("parts",)),
    "rows": Check(inputs.rows, ("parts",)),
    "labels": Check(inputs.labels, ("rows",)),
    "forms": Check(data.forms, ("parts",)),
    "audit": Check(data.audit, ("rows",)),
    "text pair": Check(data.text_pair, ("rows",)),
    "baseline": Check(data.baseline, ("labels",)),
    "head": Check(inputs.head, ("labels",)),
    "encode": Check(inputs.encode_rows, ("head",)),
    "encode: byte-level tokenizer": Check(inputs.byte_level, ("encode",)),
    "encode: order of rows": Check(inputs.order_of_rows, ("encode",)),
    "encode: rows to predict": Check(inputs.rows_to_predict, ("encode",)),
    "collator": Check(inputs.collator, ("encode",)),
    "new tokens": Check(inputs.new_tokens, ("encode",)),
    "outputs": Check(inputs.outputs, ("collator",)),
    "loss: un-reduced": Check(losses.unreduced, ("outputs",)),
    "tensors that nobody takes": Check(inputs.taken, ("loss: un-reduced",)),
    "collator: padded labels": Check(losses.padded_labels, ("loss: un-reduced",)),
    "loss: padding": Check(losses.padding, ("loss: un-reduced", "collator: padded labels")),
    "loss: batch in parts": Check(losses.parts, ("loss: padding",)),
    "loss: many trials at once": Check(losses.vmapped, ("loss: un-reduced",)),
    "decode": Check(predictions.pieces, ("outputs",)),
    "merge_windows": Check(predictions.merged, ("decode",)),
    "parse_text and to_json": Check(predictions.parsed_and_presented, ("merge_windows",)),
    "hostile rows": Check(hostile_rows, ("parse_text and to_json",)),
    "augment": Check(training.augment, ("outputs",)),
    "first rows": Check(training.first_rows, ("loss: batch in parts", "merge_windows")),
    "step of a plain loop": Check(training.plain_step, ("loss: batch in parts", "merge_windows")),
    "overfitting": Check(training.learning, ("step of a plain loop",)),
    "metric": Check(training.metric, ("overfitting",)),
    "trained together: full": Check(training.together(FULL), ("loss: many trials at once", "merge_windows")),
    "trained together: lora": Check(training.together(LORA), ("loss: many trials at once", "merge_windows")),
    "trained together: frozen": Check(
        training.together(FROZEN), ("loss: many trials at once", "merge_windows")
    ),
    "save and load: full": Check(saving.round_trip(FULL), ("merge_windows",)),
    "save and load: lora": Check(saving.round_trip(LORA), ("merge_windows",)),
    "save and load: frozen": Check(saving.round_trip(FROZEN), ("merge_windows",)),
}
"""Name → check, in the order of running. A check comes after the checks that it needs."""


def check(task: Task, rows: Sequence[Row] | None = None) -> list[Finding]:
    """Run every check of the kit on a task, on the CPU, with a tiny random model.

    Args:
        task: what the plugin's factory returns.
        rows: labelled rows as a reader returns them; by default those of the task's sample.
    """
    found: dict[str, Finding] = {}
    with tempfile.TemporaryDirectory() as folder, undisturbed(), quiet():
        fixtures = Fixtures(task, rows, Path(folder))
        for name, one in CHECKS.items():
            found[name] = _finding(name, one, fixtures, found)
    return list(found.values())


def assert_conforms(task: Task, rows: Sequence[Row] | None = None) -> None:
    """Raise an AssertionError that lists every failed check. Call it in a plugin's test.

    The arguments are those of `check`.
    """
    wrong = [finding for finding in check(task, rows) if finding.state == "failed"]
    if wrong:
        lines = [f"  {one.check}: {one.problem}\n    {one.fix}" for one in wrong]
        raise AssertionError(
            f"task {task.name!r} fails {len(wrong)} of {len(CHECKS)} checks\n" + "\n".join(lines)
        )


def _finding(name: str, one: Check, fixtures: Fixtures, found: Mapping[str, Finding]) -> Finding:
    if at_fault := _failed_before(one, found):
        return Finding(check=name, state="skipped", problem=f"needs {at_fault!r}, which failed")
    try:
        one.run(fixtures)
    except NotApplicable as reason:
        return Finding(check=name, state="skipped", problem=str(reason))
    except Exception as error:  # any error of the plugin is a finding
        return failed(name, error)
    return Finding(check=name, state="passed")


def _failed_before(one: Check, found: Mapping[str, Finding]) -> str:
    """The failed check that this one needs, directly or indirectly; empty if there is none."""
    for need in one.needs:
        at_fault = need if found[need].state == "failed" else _failed_before(CHECKS[need], found)
        if at_fault:
            return at_fault
    return ""
