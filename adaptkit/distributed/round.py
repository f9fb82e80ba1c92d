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
    from adaptkit.distributed.worker_place import WorkerPlace
    from adaptkit.engine.trainer import Display, SharedScheduler

SECONDS_BETWEEN_CHECKS = 0.2
"""Signals are noticed after so long."""


@dataclass(frozen=True, kw_only=True)
class WaitLimits:
    """How long the driver waits, in seconds, and how many losses it accepts."""

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
        self, places: Sequence[WorkerPlace], wait_limits: WaitLimits, cluster: Cluster, work: Any,
        scheduler: SharedScheduler, display: Display,
    ) -> None:  # fmt: skip
        self.places = places
        self.wait_limits = wait_limits
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

        for place in self.places:
            if place.state != "given up":
                self._begin(place)
        while not self._done():
            self.scheduler.check()
            futures = {place.pending: place for place in self.places if place.pending is not None}
            ray.wait(list(futures), num_returns=1, timeout=SECONDS_BETWEEN_CHECKS)
            ready, _ = ray.wait(list(futures), num_returns=len(futures), timeout=0)  # all that are
            for future in ready:
                self._take(futures[future])
            for place in self.places:
                self._watch(place)
                self.display.worker(place.number, place.in_words())
        for place in self.places:
            self._leave(place)

    def _begin(self, place: WorkerPlace) -> None:
        """Let the place's worker train; start one if it has none and the process of its last one is gone."""
        if place.worker is None and place.process is not None and self.cluster.has(place.process.node):
            place.become("ending", self.cluster.end(place.process))
        elif place.worker is None:
            threads = max(1, _threads() // len(self.places)) if place.device == "cpu" else 0
            place.worker = self.cluster.start(place.device, threads=threads, seed=_seed() + place.number)
            place.become("starting", place.worker.process.remote())
        else:
            place.become("training", place.worker.begin.remote(self.work))

    def _take(self, place: WorkerPlace) -> None:
        """Take what the worker, or the end of its process, has returned."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        try:
            result = ray.get(place.pending)
        except RayTaskError as error:  # the worker's own code failed, and would again
            raise error.cause from error
        except RayError as error:
            if place.state == "ending":
                self._after_the_end(place, gone=not self.cluster.has(place.process.node))  # type: ignore[union-attr]
            else:
                self._lost(place, str(error))
            return
        if place.state == "ending":
            self._after_the_end(place, gone=result)
        elif place.state == "starting":
            place.process = result
            place.become("training", place.worker.begin.remote(self.work))
        else:
            self._hear(place, result)

    def _hear(self, place: WorkerPlace, message: Call | Ended) -> None:
        """Answer the worker's question, or take note of its end."""
        if isinstance(message, Ended):
            place.become("idle")
            if message.error is not None:
                raise message.error
            return
        if message.method == "suggest":
            place.question = message
            place.become("waiting")
            self._serve(place)
            return
        answer = getattr(self.scheduler, message.method)(*message.arguments)
        if message.method == "on_trial_end":
            self.losses = 0
            place.trials.discard(message.arguments[0].trial.number)
        place.become("training", place.worker.answer.remote(answer))

    def _serve(self, place: WorkerPlace) -> None:
        """Give a waiting worker trials. One that trains goes on without; one that does not keeps waiting."""
        assert place.question is not None  # noqa: S101 (it waits for the answer to one)
        trials = self.scheduler.suggest(*place.question.arguments)
        if not (trials or place.trials):
            return
        place.trials |= {trial.number for trial in trials}
        place.question = None
        place.become("training", place.worker.answer.remote(trials))

    def _done(self) -> bool:
        """Whether no trial runs, and the scheduler has no more for those that wait."""
        for place in self.places:
            if place.state == "waiting":
                self._serve(place)
        if any(place.trials for place in self.places):
            return False
        states = {place.state for place in self.places}
        if states <= {"given up", "idle"} and "idle" not in states:
            raise _no_workers("every worker was lost, or its device could not be used again")
        return "waiting" in states or "idle" in states

    def _leave(self, place: WorkerPlace) -> None:
        """Let the worker's population end, or end a worker that has not begun."""
        import ray
        from ray.exceptions import RayError

        if place.state == "waiting":
            with suppress(RayError):
                ray.get(place.worker.answer.remote([]), timeout=self.wait_limits.start)
        elif place.state != "idle" and place.state != "given up":
            self.cluster.kill(place.worker)
            place.worker = None
        place.question = None
        if place.state != "given up":
            place.become("idle")
        self.display.worker(place.number, place.in_words())

    def _lost(self, place: WorkerPlace, why: str) -> None:
        """Give the trials back, and end the process before its device is used again."""
        trials, place.trials, place.worker, place.question = set(place.trials), set(), None, None
        self.losses += 1
        reason = (why.strip().splitlines() or ["no reason was given"])[0]
        what = f"its trials are trained again: {sorted(trials)}" if trials else "it trained no trial"
        self.display.note(f"{place.name} is lost ({reason}); {what}")
        if trials:
            self.scheduler.on_worker_lost(trials)
        if self.losses >= self.wait_limits.losses:
            raise _no_workers(f"{self.losses} workers were lost one after another, and no trial ended")
        self._begin(place)

    def _after_the_end(self, place: WorkerPlace, *, gone: bool) -> None:
        """Use the device again if the lost worker's process is gone."""
        if gone:
            place.process = None
            self._begin(place)
            return
        pid = place.process.pid if place.process else 0
        self.display.note(
            f"{place.name} is not used again: the process {pid} of the lost worker does not end; it may still"
            " hold the device"
        )
        place.become("given up")

    def _watch(self, place: WorkerPlace) -> None:
        """Explain a wait for resources, and end waits that are too long."""
        if place.state == "starting":
            self._watch_start(place)
        elif place.state == "training" and place.silent_for > self.wait_limits.silence:
            self.cluster.kill(place.worker)
            self._lost(place, f"no sign of it for {place.silent_for:.0f} seconds")

    def _watch_start(self, place: WorkerPlace) -> None:
        if place.silent_for > self.wait_limits.show_wait and place.number not in self.explained:
            self.explained.add(place.number)
            self.display.note(
                f"{place.name} waits to start; the cluster has {self.cluster.resources()};"
                f" after {self.wait_limits.start:.0f} seconds it is given up"
            )
        if place.silent_for > self.wait_limits.start:
            resources = self.cluster.resources()
            self.cluster.kill(place.worker)
            place.worker = None
            place.become("given up")
            problem = f"{place.name} did not start in {self.wait_limits.start:.0f} seconds: {resources}"
            if all(one.state == "given up" for one in self.places):
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
