"""The numbers of a refit are those of the runs without the dev rows."""

from __future__ import annotations

import pytest

from adaptkit.run.refitting import means


def test_means_are_over_what_is_known() -> None:
    found = means([{"f1": 0.5, "recall": None}, {"f1": 0.7, "recall": 0.2}, {"mcc": None}])
    assert found == {"f1": pytest.approx(0.6), "recall": 0.2, "mcc": None}
