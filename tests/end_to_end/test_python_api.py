"""Python sessions as users have them: a DataFrame, a notebook, an event loop, and other processes."""

from __future__ import annotations

import asyncio
import html
import multiprocessing
import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import adaptkit
from tests.helpers.data import moods
from tests.helpers.notebooks import as_page, executed, kernel

TASK = "text-classification"
FRAME = pd.DataFrame(moods(60, 1), columns=["text", "label"])
pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning", "default::UserWarning")


@pytest.fixture
def settings(tiny_folder: Path, tmp_path: Path) -> dict[str, Any]:
    return {
        "dev": 0.25, "model": str(tiny_folder), "strategy": "full", "trials": 2, "epochs": 1, "confirm": 0,
        "batch_sizes": 16, "device": "cpu", "studies": str(tmp_path / "studies"),
    }  # fmt: skip


def test_a_session_with_a_frame(settings: dict[str, Any], tmp_path: Path) -> None:
    study = adaptkit.tune(TASK, train=FRAME, test=FRAME[:15], **settings)
    assert study.best_value == study.trials_dataframe().set_index("number").loc[study.best.number, "value"]
    assert study.best_params["batch_size"] == 16
    model = study.load(device="cpu")
    many = model.predict(FRAME)
    assert [one["label"] for one in many[:2]] == [model.predict(text)["label"] for text in FRAME["text"][:2]]
    right = sum(one["label"] == label for one, label in zip(many[:15], FRAME["label"][:15], strict=True))
    assert adaptkit.evaluate(study, FRAME[:15], device="cpu").values["accuracy"] == right / 15
    assert study.summary.test["accuracy"] == right / 15
    again = adaptkit.open_study(study.name, studies=settings["studies"])
    assert (again.best_params, again.best_value) == (study.best_params, study.best_value)
    folder = adaptkit.export(again, tmp_path / "model")
    assert adaptkit.load(folder, device="cpu").predict(FRAME) == many


def cells(settings: dict[str, Any]) -> list[str]:
    return [
        "import adaptkit, pandas\n"
        "import sys; assert sys.stdout is not sys.__stdout__\n"
        f"rows = pandas.DataFrame({FRAME.to_dict('list')!r})\n"
        f"settings = {settings!r}",
        f"study = adaptkit.tune({TASK!r}, train=rows, **settings)",
        "study",
        "print(study); study.trials_dataframe()",
    ]


def test_a_notebook_shows_the_report(settings: dict[str, Any], tmp_path: Path) -> None:
    notebook = executed(cells(settings), tmp_path)
    shown = notebook.cells[2].outputs[0]["data"]
    assert shown["text/plain"].startswith(f"<Study '{TASK}-full-")
    assert shown["text/html"].startswith('<iframe sandbox="allow-same-origin" ')
    progress = "".join(output["text"] for output in notebook.cells[1].outputs)
    assert "trial 1 complete" in progress
    assert "\x1b" not in progress
    page = as_page(notebook)
    (tmp_path / "notebook.html").write_text(page)
    (frame,) = re.findall(r'<iframe sandbox=[^>]*srcdoc="([^"]*)"', page)
    report = html.unescape(frame)
    (study,) = (tmp_path / "studies").iterdir()
    assert report == (study / "report.html").read_text()
    assert "default-src 'none'" in report


def test_an_interrupted_cell_keeps_what_has_ended(settings: dict[str, Any], tmp_path: Path) -> None:
    settings |= {"trials": 200, "epochs": 40, "parallel_trials": 2, "pruning": False}
    first, tune, *_ = cells(settings)
    with kernel(tmp_path) as session:
        assert session.run(first) == ("", "")
        said, error = session.run(tune, interrupt_after="trial 0 complete")
        assert error == "KeyboardInterrupted"
        assert "Traceback" not in said
        said, error = session.run(
            "opened = adaptkit.open_study(studies=settings['studies'])\n"
            "print(opened.summary.state, sum(not one.interrupted for one in opened.trials), len(rows))"
        )
        assert error == "", "the variables of the session are there"
        state, ended, rows = said.split()
        assert (state, rows) == ("interrupted", "60")
        assert 1 <= int(ended) < 200


def test_a_running_event_loop_is_no_hindrance(settings: dict[str, Any]) -> None:
    async def session() -> list[Any]:
        directly = adaptkit.tune(TASK, train=FRAME, progress=False, **settings)
        in_a_thread = await asyncio.to_thread(
            adaptkit.tune, TASK, train=FRAME, progress=False, **{**settings, "trials": 3}
        )
        return [directly, in_a_thread]

    first, second = asyncio.run(session())
    assert first.name == second.name
    assert [len(first.trials), len(second.trials)] == [2, 3]


def test_configurations_run_in_other_processes(settings: dict[str, Any]) -> None:
    study = adaptkit.tune(TASK, train=FRAME, progress=False, **settings)
    more = replace(study.config, search=replace(study.config.search, trials=3))
    lost = replace(more, seed=5)  # its rows are kept by no study
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        there = pool.submit(adaptkit.run_study, more, studies=settings["studies"], progress=False).result()
        failed = pool.submit(adaptkit.run_study, lost, studies=settings["studies"], progress=False)
        with pytest.raises(adaptkit.AdaptkitError, match="the same rows from Python"):
            failed.result()
    assert there.name == study.name
    assert len(there.trials) == 3
