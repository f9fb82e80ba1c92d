from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adaptkit.data.fingerprint import fingerprint_of
from adaptkit.data.rows import Rows
from adaptkit.errors import TaskError


def test_the_fingerprint_is_the_same_on_every_machine() -> None:
    rows = Rows(
        [{"b": "é\ud800", "a": [1, 0.1, None, True], "when": datetime(2020, 1, 2, tzinfo=UTC)}], ["f:1"], "f"
    )
    assert fingerprint_of({"train": rows, "dev": replace(rows, source="g")}) == EXPECTED_FINGERPRINT
    assert fingerprint_of({"train": rows, "test": rows}) != EXPECTED_FINGERPRINT


EXPECTED_FINGERPRINT = "526eb58ba4ba73f6948d878f572719729d2dccde5055b027d4fee46a782d6bc2"


def test_a_value_that_json_cannot_represent_is_a_task_error() -> None:
    with pytest.raises(TaskError, match="type object") as caught:
        fingerprint_of({"train": Rows([{"x": object()}], ["f:1"], "f")})
    assert caught.value.code == "value-type"
