"""The conformance kit: a correct task passes, and a defect is reported once, with how to fix it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from adaptkit import Row, Task
from adaptkit.testing import assert_conforms, check
from adaptkit.testing.kit import CHECKS
from tests.helpers.conformance import LearntPooling
from tests.helpers.mood_tasks import (
    ACCURACY,
    CLASSIFIED,
    TAGGED,
    classifying,
    tagging,
)


def own_head(config: Any, labels: Sequence[str]) -> torch.nn.Module:
    return LearntPooling(config.hidden_size, len(labels))


@pytest.mark.parametrize(
    ("task", "rows"),
    [(classifying(), CLASSIFIED), (tagging(), TAGGED), (classifying(head=own_head), CLASSIFIED)],
    ids=["a class for each text", "a tag for each word", "a head of the task's own"],
)
def test_a_healthy_task_passes(task: Task, rows: Sequence[Row]) -> None:
    found = check(task, rows)
    assert [one.check for one in found] == list(CHECKS)
    assert [one for one in found if one.state == "failed"] == []
    skipped = {one.check for one in found if one.state == "skipped"}
    optional = {"forms", "audit", "augment", "text pair", "baseline", "new tokens"}
    assert skipped <= {"sample", "collator: padded labels", "parse_text and to_json", *optional}
    json.dumps([dataclasses.asdict(one) for one in found])


def test_neither_rows_nor_a_sample() -> None:
    found = check(classifying())
    assert [one.check for one in found if one.state == "failed"] == ["rows"]
    assert "has no sample, and no rows were given" in next(
        one.problem for one in found if one.check == "rows"
    )
    assert {one.state for one in found} == {"passed", "failed", "skipped"}


def test_a_part_of_the_wrong_type_is_found_before_any_call() -> None:
    found = check(classifying(decode=None), CLASSIFIED)
    assert found[0].check == "parts"
    assert "decode is None, expected a callable" in found[0].problem
    assert {one.state for one in found[1:]} == {"skipped"}


def test_the_assertion_lists_every_failure_and_its_fix() -> None:
    task = classifying(decode=lambda outputs, examples, labels: [], metric=ACCURACY)
    with pytest.raises(AssertionError) as raised:
        assert_conforms(task, CLASSIFIED)
    message = str(raised.value)
    assert message.startswith(f"task 'moods' fails 1 of {len(CHECKS)} checks")
    assert "decode: decode returned 0 pieces for 12 examples; expected one piece for each example" in message
    assert "merge_windows combines the pieces of a row." in message


def test_the_kit_does_not_change_the_random_state() -> None:
    torch.manual_seed(5)
    check(classifying(decode=None), CLASSIFIED)
    found = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(found, torch.rand(1))
