"""Confirmations that are killed, stopped or damaged lose no run, repeat none, and have the same winner."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from adaptkit.study.confirmation import ConfirmationFolder
from tests.end_to_end.test_interrupted import Running
from tests.helpers.data import moods, write_csv
from tests.helpers.program import Answer, called, finished

RUNS = 3


@pytest.fixture(scope="module")
def command(tiny_folder: Path, data_folder: Path) -> list[object]:
    """A study of four short trials, and of runs with new seeds that take some tenths of a second."""
    return [
        "tune", "--task", "text-classification", "--data", data_folder / "text-classification", "--model",
        tiny_folder, "--strategy", "full", "--trials", 4, "--epochs", 6, "--lr", 1e-4, 1e-2, "--batch-size",
        4, "--parallel-trials", 2, "--device", "cpu", "--precision", "fp32", "--no-pruning", "--patience", 0,
        "--evals-per-epoch", 1, "--study", "long", "--no-soup",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def search(command: list[object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose search has ended, without runs with new seeds."""
    studies = tmp_path_factory.mktemp("search")
    answer = called(*command, "--confirm", 0, "--studies", studies)
    assert answer.code == 0, answer.err
    return studies / "long"


@pytest.fixture(scope="module")
def confirmation(search: Path, command: list[object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study with all its runs."""
    folder = tmp_path_factory.mktemp("confirmation")
    shutil.copytree(search, folder / "studies" / "long")
    confirmed(command, folder)
    return folder / "studies" / "long"


@pytest.fixture
def searched(search: Path, tmp_path: Path) -> Path:
    """A copy of the study whose search has ended."""
    return Path(shutil.copytree(search, tmp_path / "studies" / "long"))


@pytest.fixture
def done(confirmation: Path, tmp_path: Path) -> Path:
    """A copy of the study with all its runs."""
    return Path(shutil.copytree(confirmation, tmp_path / "studies" / "long"))


def written(study: Path) -> dict[str, int]:
    """Name → time of change of the records of runs."""
    return {path.name: path.stat().st_mtime_ns for path in study.glob("confirmation/[0-9]*.json")}


def summary(study: Path) -> dict[str, Any]:
    return dict(json.loads((study / "summary.json").read_text()))


def result(study: Path) -> dict[str, Any]:
    """The result of the confirmation, and the seeds of its runs."""
    its = summary(study)["confirmation"]
    runs = ConfirmationFolder(study / "confirmation").read()
    return {
        "aim": (its["trials"], its["default"], its["runs"], its["winner"], its["exported_run"]),
        "scores": {one["trial"]: one["scores"] for one in its["candidates"]},
        "seeds": {(one.trial, one.run): one.seed for one in runs},
    }


def confirmed(command: Sequence[object], folder: Path) -> Answer:
    """The same command, in this process, to its end."""
    answer = called(*command, "--confirm", RUNS, "--studies", folder / "studies")
    assert answer.code == 0, answer.err
    return answer


def is_complete(study: Path, kept: dict[str, int]) -> None:
    """Check that each planned run has one record, that none was written again, and what is exported."""
    its = summary(study)["confirmation"]
    expected = {f"{trial:04d}-{run}.json" for trial in its["trials"] for run in range(RUNS)}
    now = written(study)
    assert set(now) == expected
    assert {name: now[name] for name in kept} == kept, "a run that had ended was done again"
    assert all(len(one["scores"]) == RUNS for one in its["candidates"])
    assert its["exported"]["score"] == max(next(
        one["scores"] for one in its["candidates"] if one["trial"] == its["winner"]
    ))  # fmt: skip
    kept_weights = list(study.glob(f"confirmation/{its['winner']:04d}-*.safetensors"))
    assert [path.stem for path in kept_weights] == [f"{its['winner']:04d}-{its['exported_run']}"]
    assert summary(study)["state"] == "finished"
    assert summary(study)["best"] == its["winner"]
    assert summary(study)["test"]


def wait_for_runs(running: Running, study: Path, count: int, seconds: float = 300) -> None:
    """Wait until so many runs have ended, or the process has."""
    until = time.monotonic() + seconds
    while len(written(study)) < count and running.process.poll() is None:
        assert time.monotonic() < until, running.output()
        time.sleep(0.01)


def killed_and_continued(command: Sequence[object], folder: Path, *, kills: int, seed: int) -> Path:
    draw = random.Random(seed)
    study, kept = folder / "studies" / "long", dict[str, int]()
    confirming = 0
    for _ in range(kills):
        running = Running([*command, "--confirm", RUNS], folder)
        if running.wait_for("confirming"):
            few = len(kept) < 5  # later ones are killed at once, so that runs remain for the tenth
            wait_for_runs(running, study, len(kept) + (draw.randrange(2) if few else 0))
            time.sleep(draw.uniform(0, 0.2 if few else 0.02))
        confirming += running.process.poll() is None
        running.process.kill()
        running.process.communicate()
        now = written(study)
        assert {name: now.get(name) for name in kept} == kept
        kept = now
    assert confirming == kills, "a process had ended before it was killed"
    confirmed(command, folder)
    is_complete(study, kept)
    return study


@pytest.mark.slow
def test_a_confirmation_killed_ten_times(command: list[object], tmp_path: Path) -> None:
    confirmed(command, tmp_path / "uninterrupted")
    study = killed_and_continued(command, tmp_path, kills=10, seed=3)
    assert result(study) == result(tmp_path / "uninterrupted" / "studies" / "long")


@pytest.mark.slow
def test_a_confirmation_stopped_by_ctrl_c(command: list[object], searched: Path, tmp_path: Path) -> None:
    running = Running([*command, "--confirm", RUNS], tmp_path)
    assert running.wait_for("confirming")
    wait_for_runs(running, searched, 1)
    running.process.send_signal(signal.SIGINT)
    answer = finished(running.process)
    assert answer.code == 130, running.output()
    assert "Traceback" not in running.output()
    kept = written(searched)
    its = summary(searched)
    total = len(its["confirmation"]["trials"]) * RUNS
    assert its["state"] == "interrupted"
    assert 0 < len(kept) < total
    said = f"{len(kept)} of {total} runs with new seeds"
    report = called("report", searched)
    for shown in (answer.out, report.out):
        assert said in " ".join(shown.split()), shown
    confirmed(command, tmp_path)
    is_complete(searched, kept)


def test_a_timeout_during_a_confirmation(command: list[object], searched: Path, tmp_path: Path) -> None:
    """The study has a winner, says what remains, and the same command trains only that."""
    best = summary(searched)["best"]
    answer = called(*command, "--confirm", RUNS, "--timeout", "0.4s", "--studies", tmp_path / "studies")
    assert answer.code == 0, answer.err
    kept, its = written(searched), summary(searched)
    left = len(its["confirmation"]["trials"]) * RUNS - len(kept)
    assert left > 0
    assert (its["state"], its["best"], its["confirmation"]["winner"]) == ("finished", best, None)
    warning = f"the timeout was reached; confirmation runs that the same command will train: {left}"
    assert warning in its["warnings"]
    assert warning in " ".join(answer.err.split())
    assert "have ended. The same command trains the others." in " ".join(answer.out.split())
    confirmed(command, tmp_path)
    is_complete(searched, kept)
    assert not any("the timeout was reached" in one for one in summary(searched)["warnings"])


def test_damaged_runs_alone_are_done_again(command: list[object], done: Path, tmp_path: Path) -> None:
    """A record that is cut off, and weights that are, in a study that was killed before the result."""
    before = result(done)
    records = sorted(done.glob("confirmation/[0-9]*.json"))
    records[0].write_bytes(records[0].read_bytes()[:40])
    values = summary(done)
    values["confirmation"] |= {"winner": None, "exported": None, "exported_run": None, "candidates": []}
    (done / "summary.json").write_text(json.dumps(values))
    kept = {name: time for name, time in written(done).items() if name != records[0].name}
    confirmed(command, tmp_path)
    is_complete(done, kept)
    assert result(done) == before


def test_without_the_weights_the_trial_is_exported(command: list[object], done: Path, tmp_path: Path) -> None:
    values = summary(done)
    winner = values["confirmation"]["searched_best"]  # its own weights are kept in any case
    for record in done.glob("confirmation/[0-9]*.json"):
        run = json.loads(record.read_text())
        score = float(run["trial"] == winner)  # how well the others train differs between processors
        record.write_text(json.dumps({**run, "score": score, "resampled": [score] * len(run["resampled"])}))
    for weights in done.glob("confirmation/*.safetensors"):
        weights.write_bytes(weights.read_bytes()[:100])
    values["confirmation"] |= {"winner": None, "exported": None, "exported_run": None, "candidates": []}
    (done / "summary.json").write_text(json.dumps(values))
    answer = confirmed(command, tmp_path)
    its = summary(done)
    assert its["confirmation"]["winner"] == its["best"] == winner
    assert its["confirmation"]["exported"] is None
    assert "The exported weights are those of the trial itself." in " ".join(answer.out.split())


def test_a_finished_result_does_not_need_the_records(done: Path, tmp_path: Path) -> None:
    before = summary(done)["confirmation"]
    for record in done.glob("confirmation/[0-9]*.json"):
        record.write_text("{")
    answer = called("export", done, "--to", tmp_path / "model")
    assert answer.code == 0, answer.err
    report = called("report", done, "--json")
    assert json.loads(report.out)["study"]["confirmation"] == before
    card = (tmp_path / "model" / "README.md").read_text()
    assert f"those of run {before['exported_run'] + 1}, which scored" in card


def test_more_runs_leave_the_earlier_result_in_force(
    command: list[object], done: Path, tmp_path: Path
) -> None:
    before, kept = summary(done), written(done)
    more = [*command, "--confirm", RUNS + 2, "--studies", tmp_path / "studies"]
    assert called(*more, "--timeout", "0.01s").code == 0
    stopped = summary(done)
    assert stopped["confirmation"] == before["confirmation"]
    assert stopped["test"] == before["test"]
    assert called(*more).code == 0
    assert {name: written(done)[name] for name in kept} == kept
    assert all(len(one["scores"]) == RUNS + 2 for one in summary(done)["confirmation"]["candidates"])


@pytest.mark.slow
def test_an_average_killed_while_it_is_made(command: list[object], data_folder: Path, tmp_path: Path) -> None:
    """Three times, at once or a little later; no run is done again, and the result is the same."""
    data = Path(shutil.copytree(data_folder / "text-classification", tmp_path / "data"))
    write_csv(data / "dev.csv", moods(3_000, 4))  # scoring the average has to take longer than the first kill
    soup = [*command, "--data", data, "--epochs", 2, "--soup"]
    confirmed(soup, tmp_path / "uninterrupted")
    study, kept, early = tmp_path / "studies" / "long", dict[str, int](), 0
    for pause in (0.0, 0.02, 0.05):
        running = Running([*soup, "--confirm", RUNS], tmp_path)
        running.wait_for("averaging the weights")
        time.sleep(pause)
        running.process.kill()
        running.process.communicate()
        now = written(study)
        early += not any("average" in name for name in now)
        assert {name: now.get(name) for name in kept} == kept
        kept = now
    assert early, "no kill came before the average was recorded"
    confirmed(soup, tmp_path)
    assert {name: written(study)[name] for name in kept} == kept
    assert result(study) == result(tmp_path / "uninterrupted" / "studies" / "long")
    averages = [
        next(one.glob("confirmation/*-average.json")).read_text().split('"seconds"')[0]
        for one in (study, tmp_path / "uninterrupted" / "studies" / "long")
    ]
    assert averages[0] == averages[1]
    assert summary(study)["state"] == "finished"
