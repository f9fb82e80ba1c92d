"""One training on all workers: hands out trials, answers questions, and replaces workers that are lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from adaptkit.distributed.messages import Call, Ended
from adaptkit.distributed.watch import Watch
from adaptkit.errors import AdaptkitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit.distributed.cluster import Cluster
    from adaptkit.distributed.messages import Process
    from adaptkit.distributed.wait_limits import WaitLimits
    from adaptkit.distributed.worker_place import WorkerPlace
    from adaptkit.engine.trainer import Display, SharedScheduler

SECONDS_BETWEEN_CHECKS = 0.2
"""Signals are noticed after so long."""

SECONDS_BETWEEN_SIGNS = 2.0
"""Of workers that wait for trials."""


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
        self.watch = Watch(wait_limits, display, cluster.resources)
        self.losses = 0
        """In a row, without the end of a trial in between."""

        self.all_asked = False
        """Whether every worker has asked for trials once, or was waited for long enough."""

    def run(self) -> None:
        """Train until no trial is left."""
        for place in self.places:
            if place.state != "given up":
                self._begin(place)
        while not self._done():
            self.scheduler.check()
            self.cluster.check()
            self._listen()
            for place in self.places:
                self._look_after(place)
                self.display.worker(place.number, place.in_words())
        self._leave()

    def _listen(self) -> None:
        """Take what workers have returned, or wait a little."""
        import ray

        futures = {place.pending: place for place in self.places if place.pending is not None}
        if not futures:
            time.sleep(SECONDS_BETWEEN_CHECKS)
            return
        ray.wait(list(futures), num_returns=1, timeout=SECONDS_BETWEEN_CHECKS)
        ready, _ = ray.wait(list(futures), num_returns=len(futures), timeout=0)  # all that are
        for future in ready:
            if futures[future].pending == future:
                self._take(futures[future])

    def _begin(self, place: WorkerPlace) -> None:
        """Let the place's worker train; start one if it has none. What must end before ends first."""
        if place.worker is None and place.process is not None:
            if self.cluster.has(place.process.node):
                self._end(place, place.process, place.process.node)
                return
            self.cluster.left_behind.append(place.process)
            place.process = None
        if place.worker is None:
            threads = max(1, _threads() // len(self.places)) if place.device == "cpu" else 0
            place.worker = self.cluster.start(place.device, threads=threads, seed=_seed() + place.number)
            place.become("starting", place.worker.process.remote())
            return
        here = place.process.machine if place.process else ""
        earlier = next((one for one in self.cluster.left_behind if one.machine == here), None)
        if earlier is not None and place.process is not None:
            self._end(place, earlier, place.process.node)
        else:
            place.become("training", place.worker.begin.remote(self.work))

    def _end(self, place: WorkerPlace, process: Process, node: str) -> None:
        place.ending = process
        place.become("ending", self.cluster.end(process, node, self.wait_limits.end))

    def _take(self, place: WorkerPlace) -> None:
        """Take what the worker, or the end of its process, has returned."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        try:
            result = ray.get(place.pending)
        except RayTaskError as error:  # the worker's own code failed, and would again
            raise error.cause from error
        except RayError as error:
            self._not_returned(place, error)
            return
        if place.state == "ending":
            self._after_the_end(place, gone=result)
        elif place.state == "starting":
            place.process = result
            self._begin(place)
        elif place.state == "waiting":
            place.signed()
        else:
            self._hear(place, result)

    def _not_returned(self, place: WorkerPlace, error: Exception) -> None:
        """The worker is lost, or the process that must end is gone with its machine."""
        lost = place.process
        if place.state != "ending" or place.worker is not None:
            self._lost(place, str(error))
        elif lost is not None and not self.cluster.has(lost.node):
            self._begin(place)
        else:
            self._after_the_end(place, gone=False)

    def _hear(self, place: WorkerPlace, message: Call | Ended) -> None:
        """Answer the worker's question, or take note of its end."""
        place.begun = True
        if isinstance(message, Ended):
            place.become("idle")
            if message.error is not None:
                raise message.error
            return
        if message.method == "suggest":
            place.question = message
            place.become("waiting")
            return
        answer = getattr(self.scheduler, message.method)(*message.arguments)
        if message.method == "on_trial_end":
            self.losses = 0
            place.trials.discard(message.arguments[0].trial.number)
        place.become("training", place.worker.answer.remote(answer))

    def _serve(self, place: WorkerPlace) -> None:
        """Give a waiting worker trials, if there are any, or if it trains others meanwhile."""
        assert place.question is not None  # noqa: S101 (it waits for the answer to one)
        trials = self.scheduler.suggest(*place.question.arguments)
        if not (trials or place.trials):
            return
        place.begun = bool(place.trials)
        place.trials |= {trial.number for trial in trials}
        place.question = None
        place.become("training", place.worker.answer.remote(trials))

    def _done(self) -> bool:
        """Whether no trial runs, and the scheduler has no more for those that wait."""
        self.all_asked = self.all_asked or self._may_share()
        for place in self.places:
            if place.state == "waiting" and (self.all_asked or place.trials):
                self._serve(place)
        if any(place.trials for place in self.places):
            return False
        states = {place.state for place in self.places}
        if states <= {"given up", "idle"} and "idle" not in states:
            raise no_workers("every worker was lost, or its device could not be used again")
        return self.all_asked and ("waiting" in states or "idle" in states)

    def _may_share(self) -> bool:
        """Whether trials may be handed out: all workers have asked, or one has waited for long enough."""
        states = {place.state for place in self.places}
        waited = [place.waiting_for for place in self.places if place.state == "waiting"]
        return states <= {"waiting", "idle", "given up"} or max(waited, default=0) > self.wait_limits.together

    def _leave(self) -> None:
        """Let the workers' populations end, and end workers that have not begun."""
        import ray

        ends = [place.worker.answer.remote([]) for place in self.places if place.state == "waiting"]
        for place in self.places:
            if place.state in ("starting", "training", "ending"):
                self._give_up_worker(place)
        ended = set(ray.wait(ends, num_returns=len(ends), timeout=self.wait_limits.end)[0]) if ends else set()
        for place in [one for one in self.places if one.state == "waiting"]:
            if ends.pop(0) not in ended:
                self._give_up_worker(place)
            place.question = None
        for place in [one for one in self.places if one.state != "given up"]:
            place.become("idle")
            self.display.worker(place.number, place.in_words())

    def _give_up_worker(self, place: WorkerPlace) -> None:
        if place.worker is not None:
            self.cluster.kill(place.worker)
            place.worker = None

    def _lost(self, place: WorkerPlace, why: str) -> None:
        """Give the trials back, and start another worker."""
        self._take_back(place, why)
        if self.losses >= self.wait_limits.losses:
            raise no_workers(f"{self.losses} workers were lost one after another, and no trial ended")
        self._begin(place)

    def _take_back(self, place: WorkerPlace, why: str) -> None:
        """Give the trials of a lost worker back."""
        trials, suspect = set(place.trials), place.begun
        if place.process is not None and not self.cluster.has(place.process.node):
            why, suspect = "its machine is lost", False
        place.trials, place.worker, place.question, place.ending = set(), None, None, None
        self.losses += 1
        reason = (why.strip().splitlines() or ["no reason was given"])[0]
        what = f"its trials are trained again: {sorted(trials)}" if trials else "it trained no trial"
        self.display.note(f"{place.name} is lost ({reason}); {what}")
        if trials:
            self.scheduler.on_worker_lost(trials, suspect=suspect)

    def _after_the_end(self, place: WorkerPlace, *, gone: bool) -> None:
        """Use the device again if the lost worker's process is gone."""
        ended, place.ending = place.ending, None
        if gone:
            if ended == place.process:
                place.process = None
            self.cluster.gone(ended)
            self._begin(place)
            return
        self.display.note(
            f"{place.name} is not used again: the process {ended.pid if ended else 0} of the lost worker does"
            " not end; it may still hold the device"
        )
        self._give_up_worker(place)
        place.become("given up")

    def _look_after(self, place: WorkerPlace) -> None:
        """Explain a wait, and end waits that are too long."""
        self.watch.explain(place)
        if self.watch.start_failed(place):
            self._not_started(place)
        elif place.state == "ending" and place.silent_for > 2 * self.wait_limits.end:
            self._after_the_end(place, gone=False)
        elif self.watch.is_silent(place):
            self.cluster.kill(place.worker)
            self._lost(place, f"no sign of it for {place.silent_for:.0f} seconds")
        elif self.watch.is_silent_at_the_end(place, self.scheduler):
            self.cluster.kill(place.worker)
            self._take_back(place, f"time is up, and no sign of it for {place.silent_for:.0f} seconds")
            place.become("idle")
        elif place.state == "waiting" and not place.pending and place.silent_for > SECONDS_BETWEEN_SIGNS:
            place.pending = place.worker.sign.remote()

    def _not_started(self, place: WorkerPlace) -> None:
        problem = (
            f"{place.name} did not start in {self.wait_limits.start:.0f} seconds: {self.cluster.resources()}"
        )
        self._give_up_worker(place)
        place.become("given up")
        if all(one.state == "given up" for one in self.places):
            raise no_workers(problem)
        self.display.note(f"{problem}; the study goes on without it")


def no_workers(problem: str) -> AdaptkitError:
    """The error about a study that no worker can go on with."""
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
