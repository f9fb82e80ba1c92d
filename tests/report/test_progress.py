from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from adaptkit.report.progress import Progress
from adaptkit.study.confirmation import ConfirmationRun
from adaptkit.study.record import RungRecord
from tests.helpers.studies import HOSTILE, failed_trial, ner_trials

STUDY = """
import sys, time
from rich.console import Console
from adaptkit.report.progress import Progress
console = Console(stderr=True, width=80)
with Progress(console, 40, "f1", "maximize") as progress:
    progress.phase("training")
    progress.note("12 rows were skipped")
    progress.expected(100_000)
    for number in range(30):
        progress.started(number, {"learning_rate": 1e-3, "batch_size": 16})
        progress.rung(number, 0.25, number / 40)
    print('{"stdout": "untouched"}', flush=True)
    for _ in range(140):
        progress.advanced(64, 2048)
        time.sleep(0.01)
print("after", file=sys.stderr)
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _run(progress: Progress) -> None:
    trials = ner_trials()
    with progress:
        progress.phase("reading")
        progress.note(f"a {HOSTILE} row")
        progress.resumed(trials[:1])
        progress.expected(10_000)
        for trial in trials[1:]:
            progress.started(trial.number, trial.hyperparameters)
            for rung in trial.rungs:
                progress.advanced(64, 2048)
                progress.rung(trial.number, rung.epoch, rung.score)
            progress.ended(trial)


def test_a_log_gets_a_plain_line_per_phase_and_trial() -> None:
    file = io.StringIO()
    _run(Progress(Console(file=file, width=80), 12, "f1", "maximize"))
    lines = file.getvalue().splitlines()
    assert re.fullmatch(r"\[ +0:00\] reading", lines[0])
    assert lines[1].startswith("! a \\x1b[31mred")
    ended = [line for line in lines if re.search(r"trial \d+ (complete|pruned|failed): ", line)]
    assert len(ended) == 11
    assert "12 of 12 trials done, best f1 0.8977 (trial 8)" in ended[-1]
    assert len(lines) <= 2 + 11 + 1  # one line for the rungs, because the study took less than ten seconds
    assert "\x1b" not in file.getvalue()


def test_an_ended_trial_is_compared_with_ended_trials() -> None:
    """Heads that are solved are scored together, before the end of each is shown."""
    file, trials = io.StringIO(), ner_trials()[:3]
    best = max(trials, key=lambda trial: trial.score or 0.0)
    assert best.number > 0
    with Progress(Console(file=file, width=80), 3, "f1", "maximize") as progress:
        for trial in trials:
            progress.started(trial.number, {})
            progress.rung(trial.number, 1.0, trial.score or 0.0)
        for trial in trials:
            progress.ended(trial)
    ended = [line for line in file.getvalue().splitlines() if "; " in line and "] trial " in line]
    assert "1 of 3 trials done, best f1" in ended[0]
    assert ended[0].endswith("(trial 0)")
    assert ended[-1].endswith(f"(trial {best.number})")


def test_scores_of_running_trials_are_those_so_far() -> None:
    file = io.StringIO()
    with Progress(Console(file=file, width=80), 8, "f1", "maximize") as progress:
        progress.started(2, {})
        progress.rung(2, 1.0, 0.3077)
    assert "1 trial training, 0 of 8 trials done, best f1 so far 0.3077 (trial 2)" in file.getvalue()


def test_runs_show_their_scores_and_comparisons_do_not() -> None:
    file, run = io.StringIO(), ConfirmationRun(trial=1, run=0, seed=3, state="complete", score=0.35)
    run = replace(run, resampled=(0.3, 0.4))  # runs with new seeds have scores on resamples, too
    with Progress(Console(file=file, width=80), 3, "f1", "maximize") as progress:
        progress.confirmed(run, 1)
        progress.compared(run, 0)
    first, second = file.getvalue().splitlines()
    assert "run 1 of trial 1's configuration: f1 0.35" in first
    assert "trial 1's configuration was scored on resamples" in second
    assert "0.35" not in second


def test_a_long_encoding_is_reported_at_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    from adaptkit.report import progress as module

    file = io.StringIO()
    with Progress(Console(file=file, width=80), 12, "f1", "maximize") as progress:
        progress.phase("encoding the data, 4,000 rows")
        progress.encoded(1200)
        monkeypatch.setattr(module, "SECONDS_BETWEEN_LINES", 0.0)
        progress.encoded(34)
        progress.phase("measuring")
        progress.encoded(2)
    lines = [line.partition("] ")[2] for line in file.getvalue().splitlines()]
    assert lines == [
        "encoding the data, 4,000 rows", "1,234 examples encoded", "measuring", "2 examples encoded",
    ]  # fmt: skip


def test_forced_colour_does_not_make_a_log_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    file = io.StringIO()
    _run(Progress(Console(file=file, width=80), 12, "f1", "maximize"))
    assert "\x1b" not in file.getvalue()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_gets_a_live_table_that_disappears(tmp_path: Path) -> None:
    import pty

    output = tmp_path / "stdout"
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24", "PYTHONIOENCODING": "utf-8"}
    with output.open("wb") as stdout:
        child = subprocess.Popen(
            [sys.executable, "-c", STUDY], stdin=follower, stdout=stdout, stderr=follower, env=environment
        )
    os.close(follower)
    drawn = b""
    try:
        while chunk := os.read(leader, 65536):
            drawn += chunk
    except OSError:  # on Linux: the other end is closed
        pass
    os.close(leader)
    assert child.wait(30) == 0
    text = drawn.decode()
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert "0/40 trials  best f1 so far 0.7250 (trial 29)" in plain
    assert "and 22 more" in plain
    assert "examples/s" in plain
    assert "left" in plain
    assert max(cell_len(line) for line in re.split(r"[\r\n]+", plain)) <= 80
    assert (
        2 <= plain.count("best f1 so far 0.7250") <= 4 * 2.5
    )  # four drawings a second, for less than two and a half
    assert plain.count("12 rows were skipped") == 1
    assert "\x1b[?25h" in text  # the cursor is visible again
    assert text.rstrip().endswith("after")
    assert output.read_text() == '{"stdout": "untouched"}\n'


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError

    def isatty(self) -> bool:
        return self.closed is False


def test_a_broken_standard_error_does_not_affect_training() -> None:
    for file in (Broken(), io.StringIO(), Terminal()):
        console = Console(file=file, width=80, force_terminal=file.isatty())
        if not file.isatty():
            file.close()
        progress = Progress(console, 12, "f1", "maximize")
        _run(progress)
        progress.rung(3, "not a number", None)  # type: ignore[arg-type]
        progress.phase("after the end")


def test_an_error_in_the_training_is_raised_and_drawing_ends() -> None:
    before = threading.active_count()
    with (
        pytest.raises(ZeroDivisionError),
        Progress(Console(file=Terminal(), force_terminal=True), 3, "f1", "maximize"),
    ):
        _ = 1 / 0
    assert threading.active_count() == before


def test_no_time_is_left_to_show_when_it_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adaptkit.report.progress.SECONDS_BETWEEN_LINES", 0.0)
    monkeypatch.setattr("adaptkit.report.throughput.SAMPLE_SECONDS", 0.0)
    console = Console(file=io.StringIO())
    with Progress(console, 2, "f1", "maximize") as progress:
        progress.expected(10)
        progress.advanced(4, 40)
        progress.advanced(6, 60)
        progress.rung(0, 1.0, 0.5)
    assert "examples/s" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "left" not in console.file.getvalue()  # type: ignore[attr-defined]


def test_failed_trials_are_never_the_best() -> None:
    file = io.StringIO()
    with Progress(Console(file=file, width=200), 3, "loss", "minimize") as progress:
        for number, score in ((0, 0.5), (1, 0.1), (2, float("nan"))):
            progress.started(number, {})
            progress.rung(number, 1.0, score)
        progress.ended(failed_trial(1))
        progress.ended(
            replace(ner_trials()[0], rungs=(RungRecord(epoch=1, score=0.5, loss=0.1),), best_rung=0)
        )
        progress.ended(failed_trial(2))
    assert "best loss 0.5000 (trial 0)" in file.getvalue().splitlines()[-1]


def test_a_call_takes_microseconds() -> None:
    with Progress(Console(file=io.StringIO(), width=80), 3, "f1", "maximize") as progress:
        begun = time.process_time()
        for _ in range(10_000):
            progress.advanced(64, 2048)
        assert time.process_time() - begun < 1.0  # 100 microseconds each; about 1.5 were measured


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe that breaks")
def test_a_closed_standard_error_does_not_end_the_study() -> None:
    reader, writer = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", STUDY.replace('print("after", file=sys.stderr)', 'print("done")')],
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
    )
    os.close(writer)
    os.close(reader)
    out, _ = child.communicate(timeout=120)
    assert out == '{"stdout": "untouched"}\ndone\n'
    assert child.returncode in (0, 120)  # 120: Python could not flush the closed pipe when it ended


def test_every_worker_has_its_line() -> None:
    file = io.StringIO()
    progress = Progress(Console(file=file, width=100), 2, "f1", "maximize")
    for text in ("worker 1 (cpu): starting", "worker 1 (cpu): starting", "worker 1 (cpu): training 0"):
        progress.worker(0, text)
    progress.worker(1, "worker 2 (cpu): starting")
    lines = [line.partition("] ")[2] for line in file.getvalue().splitlines()]
    assert lines == [
        "worker 1 (cpu): starting", "worker 1 (cpu): training 0", "worker 2 (cpu): starting",
    ]  # fmt: skip
