from __future__ import annotations

import pytest
from adaptkit_multiple_choice.metric import METRIC


def test_accuracy_is_reported_for_each_number_of_choices():
    rows = [
        *({"choices": list("wxyz"), "answer": answer} for answer in (0, 1, 2)),
        {"choices": ["yes", "no"], "answer": 1},
    ]
    scores = METRIC.compute([{"answer": answer} for answer in (0, 1, 3, 1)], rows)
    assert scores.values == {"accuracy": 0.75}
    assert list(scores.groups) == ["2", "4"]
    assert scores.groups["2"] == {"accuracy": 1.0, "chance": 0.5, "support": 1}
    assert scores.groups["4"] == pytest.approx({"accuracy": 2 / 3, "chance": 0.25, "support": 3})
    assert (METRIC.name, METRIC.direction) == ("accuracy", "maximize")
