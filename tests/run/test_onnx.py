"""The rows that an export as ONNX is compared on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import adaptkit
from adaptkit.run.exporting import winner_of
from adaptkit.run.onnx import _rows, scored_rows
from adaptkit.study.refit import Refit
from tests.helpers.data import OTHERS
from tests.helpers.studies import edge_studies

ROWS = [{"text": f"the {one} {word}", "label": word} for one in OTHERS[:12] for word in ("runs", "has")]


def test_rows_given_in_python_are_those_that_the_study_keeps(tiny_folder: Path, tmp_path: Path) -> None:
    study: Any = adaptkit.tune(
        "text-classification", train=ROWS, model=str(tiny_folder), strategy="frozen", trials=1,
        studies=tmp_path, device="cpu", precision="fp32",
    )  # fmt: skip
    rows = _rows(winner_of(study.folder), labelled=True)
    assert 0 < len(rows) < len(ROWS)
    assert {row["label"] for row in rows} <= {"runs", "has"}


def test_rows_that_trained_the_exported_weights_are_named() -> None:
    summary, trials = edge_studies()["beats"]
    trial, own = trials[6], "the dev rows"
    assert scored_rows(summary, trial) == own
    done = Refit(trial=6, seed=1, epochs=1.0, of_epochs=1.0, rows=9, state="complete")
    both = f"{own}, which the model was trained on, too"
    assert scored_rows(replace(summary, trained_again=done), trial) == both
    assert scored_rows(replace(summary, trained_again=replace(done, state="fail")), trial) == own
    assert scored_rows(replace(summary, trained_again=replace(done, trial=5)), trial) == own
