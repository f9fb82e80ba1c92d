"""The worker: trains populations, and asks the driver what the engine asks its scheduler.

A worker never calls the driver. Each call of the driver brings the answer to the last question, and returns
the next one. So results of a worker that is taken for lost are never read.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from adaptkit.distributed.messages import Call, Ended, Process, unpacked
from adaptkit.distributed.processes import this_machine

if TYPE_CHECKING:
    from adaptkit.engine.types import Outcome, RungReport, Trial

SECONDS_BETWEEN_SIGNS = 0.5
"""The driver hears of the progress of training at least this often, if micro-steps are shorter."""


class RemoteScheduler:
    """An `adaptkit.engine.types.Scheduler` that asks the driver's."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask
        self._asked = time.monotonic()
        self._examples = 0
        self._tokens = 0

    def suggest(self, free: int) -> Sequence[Trial]:
        """The driver's suggestions."""
        found: Sequence[Trial] = self._ask("suggest", free)
        return found

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        """The trials that the driver prunes."""
        found: Mapping[int, str] = self._ask("on_rung_end", reports)
        return found

    def on_trial_end(self, outcome: Outcome) -> None:
        """Returns when the driver has recorded the trial."""
        self._ask("on_trial_end", outcome)

    def check(self) -> None:
        """Gives a sign of life during scoring; the driver ends a worker by ending its process."""
        if time.monotonic() - self._asked >= SECONDS_BETWEEN_SIGNS:
            self._report()

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        """Passes the progress on from time to time, and then returns what the driver says."""
        self._examples += examples
        self._tokens += tokens
        return time.monotonic() - self._asked < SECONDS_BETWEEN_SIGNS or self._report()

    def _report(self) -> bool:
        examples, tokens, self._examples, self._tokens = self._examples, self._tokens, 0, 0
        going: bool = self._ask("on_micro_step", examples, tokens)
        self._asked = time.monotonic()
        return going


class Worker:
    """Trains on one device; the methods are called by the driver, one at a time."""

    def __init__(self, device: str, threads: int, seed: int) -> None:
        """Give the device, the number of threads on a CPU (0 for as many as there are), and torch's seed."""
        self._device = device
        self._threads = threads
        self._seed = seed
        self._questions: SimpleQueue[Call | Ended] = SimpleQueue()
        self._answers: SimpleQueue[Any] = SimpleQueue()
        self._parent = os.getppid()

    def end_with_parent(self) -> None:
        """End this process soon after Ray's on this machine, which started it and ends with the driver.

        Ray's own worker would hold the device for a minute more, while it waits for a new head.
        """

        def watch() -> None:
            while os.getppid() == self._parent:
                time.sleep(SECONDS_BETWEEN_SIGNS)
            os._exit(1)

        threading.Thread(target=watch, name="adaptkit-parent", daemon=True).start()

    def process(self) -> Process:
        """The process that this worker runs in. It ends with Ray's on this machine from now on."""
        import psutil
        from ray import get_runtime_context

        self.end_with_parent()
        node = get_runtime_context().get_node_id()
        created = psutil.Process().create_time()
        return Process(pid=os.getpid(), created=created, node=node, machine=this_machine())

    def sign(self) -> None:
        """Gives a sign of life while it waits for trials."""

    def begin(self, work: bytes) -> Call | Ended:
        """Begin to train, and return the first question."""
        threading.Thread(target=self._train, args=(work,), name="adaptkit-worker", daemon=True).start()
        return self._questions.get()

    def answer(self, value: Any) -> Call | Ended:
        """Take the answer to the last question, and return the next one."""
        self._answers.put(value)
        return self._questions.get()

    def _train(self, work: bytes) -> None:
        """Train until the driver suggests no more trials."""
        import torch

        from adaptkit.engine.train import populate

        try:
            if self._threads:
                torch.set_num_threads(self._threads)
            torch.manual_seed(self._seed)
            populate(*unpacked(work, self._device)).run(RemoteScheduler(self._ask))
        except Exception as error:
            self._questions.put(Ended(portable(error)))
        else:
            self._questions.put(Ended())

    def _ask(self, method: str, *arguments: Any) -> Any:
        self._questions.put(Call(method, arguments))
        return self._answers.get()


def portable(error: Exception) -> Exception:
    """The error, or one with its words if it cannot be pickled."""
    import pickle

    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (made on this line)
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
