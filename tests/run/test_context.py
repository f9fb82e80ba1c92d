from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

from adaptkit.run.context import Clock, RunContext, versions
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import as_json


def test_the_clock_adds_up_by_phase_also_after_an_error() -> None:
    clock = Clock()
    with clock.phase("data"):
        time.sleep(0.02)
    with contextlib.suppress(ValueError), clock.phase("data"):
        time.sleep(0.02)
        raise ValueError
    clock.add({"train": 2.0, "score": 1.0})
    clock.add({"train": 0.5})
    assert clock.seconds["data"] >= 0.04
    assert clock.seconds["train"] == 2.5


def test_write_adds_the_change_and_the_time_of_all_runs(
    tuned: Callable[[str, str], Any], tmp_path: Any
) -> None:
    before = tuned("ner", "frozen").summary
    folder = StudyFolder(tmp_path / "study")
    clock = Clock()
    clock.add({"train": 2.0})
    with folder.lock():
        context = RunContext(folder, before, None, clock, None, earlier={"train": 1.0, "data": 4.0})  # type: ignore[arg-type]
        context.write(state="interrupted")
        context.write()
    written = folder.read_summary()
    assert written is not None
    assert written.state == "interrupted"
    assert written.seconds == {"train": 3.0, "data": 4.0}
    assert written.updated >= before.updated
    old, new = (json.loads(json.dumps(as_json(one))) for one in (before, written))
    changed = {name for name in old if old[name] != new[name]}
    assert changed <= {"seconds", "state", "updated"}


def test_the_versions_are_the_installed_ones() -> None:
    import torch

    assert versions("adaptkit-ner")["torch"] == torch.__version__
    assert versions("adaptkit-ner")["adaptkit-ner"]
    assert "adaptkit" in versions("no-such-distribution")
    assert "adaptkit" in versions("")
