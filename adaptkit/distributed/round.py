"""One training on all workers: hands out trials, answers questions, and replaces workers that are lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adaptkit.distributed.messages import Call, Ended
from adaptkit.errors import AdaptkitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit.distributed.cluster import Cluster
    from adaptkit.distributed.seat import Seat
    from adaptkit.engine.trainer import Display, SharedScheduler

SECONDS_BETWEEN_CHECKS = 0.2
"""Signals are noticed after so long."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long the driver waits, in seconds, and how much it bears."""

    show_wait: float = 10.0
    """Before it says why a worker has not started."""

    start: float = 300.0
    """For resources for a worker, and for its start."""

    silence: float = 900.0
    """For a sign of a worker that trains; then it is taken for lost, and its process is ended."""

    losses: int = 5
    """Workers that are lost without the end of a trial in between."""


class Round:
    """One call of `Workers.train`."""

    def __init__(
        self, seats: Sequence[Seat], patience: Patience, cluster: Cluster, work: Any,
        scheduler: SharedScheduler, display: Display,
    ) -> None:  # fmt: skip
        self.seats = seats
        self.patience = patience
        self.cluster = cluster
        self.work = work
        self.scheduler = scheduler
        self.display = display
        self.losses = 0
        """In a row, without the end of a trial in between."""

        self.explained: set[int] = set()
        """The places whose wait was explained."""

    def run(self) -> None:
        """Train until no trial is left."""
        import ray

        for seat in self.seats:
            if seat.state != "given up":
                self._begin(seat)
        while not self._done():
            self.scheduler.check()
            futures = {seat.pending: seat for seat in self.seats if seat.pending is not None}
            ray.wait(list(futures), num_returns=1, timeout=SECONDS_BETWEEN_CHECKS)
            ready, _ = ray.wait(list(futures), num_returns=len(futures), timeout=0)  # all that are
            for future in ready:
                self._take(futures[future])
            for seat in self.seats:
                self._watch(seat)
                self.display.worker(seat.place, seat.in_words())
        for seat in self.seats:
            self._leave(seat)

    def _begin(self, seat: Seat) -> None:
        """Let the seat's worker train; start one if it has none and the process of its last one is gone."""
        if seat.worker is None and seat.process is not None and self.cluster.has(seat.process.node):
            seat.become("ending", self.cluster.end(seat.process))
        elif seat.worker is None:
            threads = max(1, _threads() // len(self.seats)) if seat.device == "cpu" else 0
            seat.worker = self.cluster.start(seat.device, threads=threads, seed=_seed() + seat.place)
            seat.become("starting", seat.worker.process.remote())
        else:
            seat.become("training", seat.worker.begin.remote(self.work))

    def _take(self, seat: Seat) -> None:
        """Take what the worker, or the end of its process, has returned."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        try:
            result = ray.get(seat.pending)
        except RayTaskError as error:  # the worker's own code failed, and would again
            raise error.cause from error
        except RayError as error:
            if seat.state == "ending":
                self._after_the_end(seat, gone=not self.cluster.has(seat.process.node))  # type: ignore[union-attr]
            else:
                self._lost(seat, str(error))
            return
        if seat.state == "ending":
            self._after_the_end(seat, gone=result)
        elif seat.state == "starting":
            seat.process = result
            seat.become("training", seat.worker.begin.remote(self.work))
        else:
            self._hear(seat, result)

    def _hear(self, seat: Seat, message: Call | Ended) -> None:
        """Answer the worker's question, or take note of its end."""
        if isinstance(message, Ended):
            seat.become("idle")
            if message.error is not None:
                raise message.error
            return
        if message.method == "suggest":
            seat.question = message
            seat.become("waiting")
            self._serve(seat)
            return
        answer = getattr(self.scheduler, message.method)(*message.arguments)
        if message.method == "on_trial_end":
            self.losses = 0
            seat.trials.discard(message.arguments[0].trial.number)
        seat.become("training", seat.worker.answer.remote(answer))

    def _serve(self, seat: Seat) -> None:
        """Give a waiting worker trials. One that trains goes on without; one that does not keeps waiting."""
        assert seat.question is not None  # noqa: S101 (it waits for the answer to one)
        trials = self.scheduler.suggest(*seat.question.arguments)
        if not (trials or seat.trials):
            return
        seat.trials |= {trial.number for trial in trials}
        seat.question = None
        seat.become("training", seat.worker.answer.remote(trials))

    def _done(self) -> bool:
        """Whether no trial runs, and the scheduler has no more for those that wait."""
        for seat in self.seats:
            if seat.state == "waiting":
                self._serve(seat)
        if any(seat.trials for seat in self.seats):
            return False
        states = {seat.state for seat in self.seats}
        if states <= {"given up", "idle"} and "idle" not in states:
            raise _no_workers("every worker was lost, or its device could not be used again")
        return "waiting" in states or "idle" in states

    def _leave(self, seat: Seat) -> None:
        """Let the worker's population end, or end a worker that has not begun."""
        import ray
        from ray.exceptions import RayError

        if seat.state == "waiting":
            with suppress(RayError):
                ray.get(seat.worker.answer.remote([]), timeout=self.patience.start)
        elif seat.state != "idle" and seat.state != "given up":
            self.cluster.kill(seat.worker)
            seat.worker = None
        seat.question = None
        if seat.state != "given up":
            seat.become("idle")
        self.display.worker(seat.place, seat.in_words())

    def _lost(self, seat: Seat, why: str) -> None:
        """Give the trials back, and end the process before its device is used again."""
        trials, seat.trials, seat.worker, seat.question = set(seat.trials), set(), None, None
        self.losses += 1
        reason = (why.strip().splitlines() or ["no reason was given"])[0]
        what = f"its trials are trained again: {sorted(trials)}" if trials else "it trained no trial"
        self.display.note(f"{seat.name} is lost ({reason}); {what}")
        if trials:
            self.scheduler.on_worker_lost(trials)
        if self.losses >= self.patience.losses:
            raise _no_workers(f"{self.losses} workers were lost one after another, and no trial ended")
        self._begin(seat)

    def _after_the_end(self, seat: Seat, *, gone: bool) -> None:
        """Use the device again if the lost worker's process is gone."""
        if gone:
            seat.process = None
            self._begin(seat)
            return
        pid = seat.process.pid if seat.process else 0
        self.display.note(
            f"{seat.name} is not used again: the process {pid} of the lost worker does not end; it may still"
            " hold the device"
        )
        seat.become("given up")

    def _watch(self, seat: Seat) -> None:
        """Explain a wait for resources, and end waits that are too long."""
        if seat.state == "starting":
            self._watch_start(seat)
        elif seat.state == "training" and seat.silent_for > self.patience.silence:
            self.cluster.kill(seat.worker)
            self._lost(seat, f"no sign of it for {seat.silent_for:.0f} seconds")

    def _watch_start(self, seat: Seat) -> None:
        if seat.silent_for > self.patience.show_wait and seat.place not in self.explained:
            self.explained.add(seat.place)
            self.display.note(
                f"{seat.name} waits to start; the cluster has {self.cluster.resources()};"
                f" after {self.patience.start:.0f} seconds it is given up"
            )
        if seat.silent_for > self.patience.start:
            resources = self.cluster.resources()
            self.cluster.kill(seat.worker)
            seat.worker = None
            seat.become("given up")
            problem = f"{seat.name} did not start in {self.patience.start:.0f} seconds: {resources}"
            if all(one.state == "given up" for one in self.seats):
                raise _no_workers(problem)
            self.display.note(f"{problem}; the study goes on without it")


def _no_workers(problem: str) -> AdaptkitError:
    return AdaptkitError(
        problem,
        next_step="See whether memory or devices are taken by other programs (Ray: 'ray status'). The same "
        "command continues the study, with fewer --devices, or without them in one process.",
        code="no-workers",
    )  # fmt: skip


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _seed() -> int:
    import torch

    return torch.initial_seed()
