"""Defects in decode and to_json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adaptkit import Example, Row
from tests.helpers.conformance import failures, only_failure
from tests.helpers.mood_tasks import (
    CLASSIFIED,
    classifying,
)


def test_a_decode_that_depends_on_other_examples() -> None:
    def relative(outputs: Any, examples: Sequence[Example], labels: Sequence[str]) -> list[str]:
        logits = outputs["logits"] - outputs["logits"].mean(0)
        return [labels[best] for best in logits.argmax(-1).tolist()]

    finding = failures(classifying(decode=relative), CLASSIFIED)["decode"]
    assert "decoded alone gives" in finding.problem
    assert "the example's own entry" in finding.fix


def test_a_prediction_that_is_not_json() -> None:
    def present(row: Row, prediction: Any) -> dict[str, Any]:
        return {"label": prediction, "length": np.int64(len(row["text"]))}

    finding = only_failure(classifying(to_json=present), CLASSIFIED)
    assert finding.check == "parse_text and to_json"
    assert "which is not valid JSON" in finding.problem
    assert ".tolist()" in finding.fix
