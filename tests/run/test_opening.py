from __future__ import annotations

from adaptkit.run.opening import KEPT_ON_RESUME
from adaptkit.study.record import StudySummary


def test_the_fields_kept_on_resume_are_in_the_summary() -> None:
    assert set(KEPT_ON_RESUME) <= set(StudySummary.__dataclass_fields__)
