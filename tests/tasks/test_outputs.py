"""What the heads of the tasks that come with adaptkit give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adaptkit.tasks import registry
from adaptkit.tasks.outputs import gives


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("text-classification", "label"),
        ("multi-label", "labels"),
        ("nli", "pair"),
        ("similarity", "pair"),
        ("ner", "other"),
        ("qa", "other"),
        ("multiple-choice", "other"),
        ("token-multi-label", "other"),
        ("relation", "other"),
    ],
)
def test_what_a_head_gives(task: str, expected: str) -> None:
    assert gives(registry.load(task)) == expected


def test_a_multi_label_head_without_a_threshold_is_the_tasks_own() -> None:
    assert gives(replace(registry.load("multi-label"), calibrate=None)) == "other"
