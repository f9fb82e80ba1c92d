"""The page of the comparisons with Trainer has every record."""

from __future__ import annotations

from typing import Any

from benchmarks.quality import overview


def record(ours: list[float], theirs: list[float]) -> dict[str, Any]:
    return {
        "study": "tried", "metric": "f1", "rows": {"train": 40, "dev": 1009},
        "configuration": {
            "strategy": "lora", "precision": "bf16", "learning_rate": 5e-4, "batch_size": 16, "epochs": 1.0,
        },
        "sides": {"adaptkit": {"final": ours}, "Trainer": {"final": theirs}},
    }  # fmt: skip


def test_a_record_is_a_line_with_its_difference() -> None:
    (row,) = [line for line in overview.table([record([0.4], [0.25])]).splitlines() if "tried" in line]
    assert row == "| tried | lora, bf16 | 5.00e-04, 16, 1 | f1 | 1,009 | 40.00 | 25.00 | +15.00 |"
    several = overview.table([record([0.4, 0.42], [0.5, 0.5])])
    assert "| 41.00 ± 1.41 (2 runs) | 50.00 ± 0.00 (2 runs) | -9.00 |" in several


def test_the_page_has_all_records() -> None:
    assert overview.PAGE.read_text(encoding="utf-8") == overview.page()
    assert all(f"| {path.stem} |" in overview.page() for path in overview.RESULTS.glob("*.json"))
