"""The rows that an export as ONNX is compared on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import adaptkit
from adaptkit.run.exporting import winner_of
from adaptkit.run.onnx import _rows
from tests.helpers.data import OTHERS

ROWS = [{"text": f"the {one} {word}", "label": word} for one in OTHERS[:12] for word in ("runs", "has")]


def test_rows_given_in_python_are_those_that_the_study_keeps(tiny_folder: Path, tmp_path: Path) -> None:
    study: Any = adaptkit.tune(
        "text-classification", train=ROWS, model=str(tiny_folder), strategy="frozen", trials=1,
        studies=tmp_path, device="cpu", precision="fp32",
    )  # fmt: skip
    rows = _rows(winner_of(study.folder), labelled=True)
    assert 0 < len(rows) < len(ROWS)
    assert {row["label"] for row in rows} <= {"runs", "has"}
