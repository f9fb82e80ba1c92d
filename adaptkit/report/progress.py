"""The progress of a running study on standard error: a live table in a terminal, plain lines elsewhere.

The methods only update the state. A thread draws the table at most four times per second. No error in this
module, such as a closed pipe, affects the training.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial, wraps
from types import TracebackType
from typing import Concatenate, ParamSpec

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from adaptkit.report import formatting
from adaptkit.report.escaping import LONGEST_WARNING, encodable, visible
from adaptkit.report.facts import state_of, why
from adaptkit.report.running_trials import RunningTrials
from adaptkit.report.throughput import Throughput
from adaptkit.study.confirmation import ConfirmationRun
from adaptkit.study.record import TrialRecord

SECONDS_BETWEEN_DRAWINGS = 0.25
SECONDS_BETWEEN_LINES = 10.0

P = ParamSpec("P")


def _harmless(method: Callable[Concatenate[Progress, P], None]) -> Callable[Concatenate[Progress, P], None]:
    """The method, under the lock and with its errors suppressed: the training must not depend on it."""

    @wraps(method)
    def called(self: Progress, /, *args: P.args, **kwargs: P.kwargs) -> None:
        with suppress(Exception), self._lock:
            method(self, *args, **kwargs)

    return called


class Progress:
    """A study's progress, as a context manager around its run."""

    def __init__(self, console: Console, total_trials: int, metric: str, direction: str) -> None:
        self._console = console
        # By default rich ends the process if standard error is closed.
        console.on_broken_pipe = partial(setattr, console, "quiet", True)  # type: ignore[method-assign]
        self._total = total_trials
        self._metric = visible(metric, 12)
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._drawer: threading.Thread | None = None
        self._live: Live | None = None
        self._phase = ""
        self._encoded = 0  # examples, in this phase
        self._trials = RunningTrials(direction)
        self._workers: dict[int, str] = {}
        self._ended = 0
        self._throughput = Throughput()
        self._begun = time.monotonic()
        self._last_line = -math.inf

    def __enter__(self) -> Progress:
        self._begun = time.monotonic()
        with suppress(Exception):
            if _is_terminal(self._console):
                self._start_drawing()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._drawer is not None:
            self._drawer.join(timeout=2)
        with suppress(Exception):
            if self._live is not None:
                self._live.stop()

    @_harmless
    def phase(self, text: str) -> None:
        """Shows the current phase: "reading", "encoding", "training"."""
        self._phase, self._encoded = visible(text, 60), 0
        self._line(visible(text, 120))

    @_harmless
    def encoded(self, examples: int) -> None:
        """Adds examples that the frozen encoder has read in this phase, or whose features were reused."""
        self._encoded += examples
        self._line_at_times(self._encoding)

    def note(self, text: str) -> None:
        """Shows a warning permanently, above the live table."""
        with suppress(Exception):  # not under the lock, which the live table takes while it is drawn
            self._print(self._text(f"! {visible(text, LONGEST_WARNING)}", "yellow" if self._live else ""))

    @_harmless
    def resumed(self, records: Iterable[TrialRecord]) -> None:
        """Counts trials that ended before this run."""
        for record in records:
            self._count(record)
        self._total = max(self._total, self._ended)  # a run may ask for fewer than there are

    @_harmless
    def started(self, number: int, hyperparameters: Mapping[str, float]) -> None:
        """A trial has started to train."""
        self._trials.started(number, hyperparameters)

    @_harmless
    def rung(self, number: int, epoch: float, score: float) -> None:
        """A trial was scored after ``epoch`` epochs."""
        self._trials.scored(number, epoch, score)
        self._line_at_times(
            lambda: ", ".join(
                [
                    f"{formatting.in_trials(len(self._trials))} training",
                    self._done(),
                    *self._best(self._trials.best(), "so far "),
                    *self._pace(),
                ]
            )
        )

    @_harmless
    def ended(self, record: TrialRecord) -> None:
        """A trial has ended."""
        self._count(record)
        score = f"{self._metric} {formatting.score(record.score)}, " if record.score is not None else ""
        line = f"trial {record.number} {state_of(record)}: {score}{visible(why(record), 120)}"
        self._line(f"{line}; {', '.join([self._done(), *self._best(self._trials.best_complete())])}")

    @_harmless
    def confirmed(self, run: ConfirmationRun, left: int) -> None:
        """A confirmation run has ended; ``left`` runs remain."""
        score = f"{self._metric} {formatting.score(run.score)}" if run.score is not None else "no score"
        self._phase = f"confirming, remaining runs: {left}"
        self._line(f"run {run.run + 1} of trial {run.trial}'s configuration: {score}; remaining runs: {left}")

    @_harmless
    def compared(self, run: ConfirmationRun, left: int) -> None:
        """A solved head was scored on resamples of the dev rows; ``left`` heads remain.

        Its score is that of its trial, which has been shown.
        """
        self._phase = f"comparing, remaining configurations: {left}"
        self._line(f"trial {run.trial}'s configuration was scored on resamples; remaining: {left}")

    @_harmless
    def worker(self, place: int, text: str) -> None:
        """Shows what the worker at this place does."""
        if self._workers.get(place) != text:
            self._workers[place] = visible(text, 100)
            self._line(self._workers[place])

    @_harmless
    def expected(self, total_examples: int) -> None:
        """Sets the number of examples of the run."""
        self._throughput.expected = total_examples

    @_harmless
    def advanced(self, examples: int, tokens: int) -> None:
        """Adds the examples and tokens trained on since the last call."""
        self._throughput.add(examples, tokens, time.monotonic())

    def _count(self, record: TrialRecord) -> None:
        self._ended += not record.interrupted  # an interrupted trial is trained again
        self._trials.ended(record)

    def _encoding(self) -> str:
        return f"{formatting.count(self._encoded)} examples encoded"

    def _done(self) -> str:
        return f"{self._ended} of {self._total} trials done"

    def _best(self, best: tuple[int, float] | None, when: str = "") -> list[str]:
        if best is None:
            return []
        number, score = best
        return [f"best {self._metric} {when}{formatting.score(score)} (trial {number})"]

    def _pace(self) -> list[str]:
        now, parts = time.monotonic(), []
        if self._throughput.examples_per_second > 0:
            parts.append(f"{formatting.count(round(self._throughput.examples_per_second))} examples/s")
            parts.append(f"{formatting.count(round(self._throughput.tokens_per_second))} tokens/s")
        left = self._throughput.seconds_left(now)
        if left is None or left < 1:  # a run goes on after the expected time is over
            return parts
        return [*parts, f"about {formatting.duration(left)} of the search left"]

    def _line(self, text: str) -> None:
        """Prints a line with the time since the start, unless the live table shows the same."""
        if self._live is None:
            self._last_line = time.monotonic()
            self._print(Text(f"[{self._elapsed():>6}] {encodable(text, self._console.encoding)}"))

    def _line_at_times(self, text: Callable[[], str]) -> None:
        """Prints a line, if enough time has passed since the last one."""
        if time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._line(text())

    def _elapsed(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._begun), 60)
        return f"{minutes}:{seconds:02d}"

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=self._live is None, highlight=False)

    def _start_drawing(self) -> None:
        # Standard output is not redirected: it may be a pipe that carries JSON.
        live = Live(
            get_renderable=self._view,
            console=self._console,
            auto_refresh=False,  # rich's own thread would print its errors
            transient=True,
            redirect_stdout=False,
        )
        self._live = live
        live.start()
        self._drawer = threading.Thread(
            target=self._draw, args=(live,), name="adaptkit-progress", daemon=True
        )
        self._drawer.start()

    def _draw(self, live: Live) -> None:
        while not self._stop.wait(SECONDS_BETWEEN_DRAWINGS):
            with suppress(Exception):
                live.refresh()

    def _view(self) -> RenderableType:
        with self._lock:
            return self._panel()

    def _panel(self) -> RenderableType:
        text = self._text
        head = Text("  ").join(
            [
                text(self._phase or "starting", "bold"),
                *([text(self._encoding())] if self._encoded else []),
                text(f"{self._ended}/{self._total} trials"),
            ]
        )
        for best in self._best(self._trials.best(), "so far "):
            head.append("  ").append_text(text(best, "green"))
        foot = text(" · ".join([self._elapsed(), *self._pace()]), "dim")
        for line in (head, foot):
            line.no_wrap, line.overflow = True, "crop"
        workers = [text(self._workers[place], "dim") for place in sorted(self._workers)]
        table = [self._trials.table(self._metric, self._text)] if self._trials else []
        return Group(head, *table, *workers, foot)

    def _text(self, value: str, style: str = "") -> Text:
        return Text(encodable(value, self._console.encoding), style)


def _is_terminal(console: Console) -> bool:
    """Whether a live table can be drawn. FORCE_COLOR does not make a log file a terminal."""
    return console.is_terminal and not console.is_dumb_terminal and console.file.isatty()
