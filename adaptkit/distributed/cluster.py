"""Starts a local Ray or joins a cluster, starts workers in it, and makes sure that their processes end."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from adaptkit.distributed.bounded import within
from adaptkit.distributed.folders import RayFolder
from adaptkit.distributed.head import Head, head_of, refuses
from adaptkit.distributed.messages import Process
from adaptkit.distributed.processes import end_family, end_process, family_in
from adaptkit.distributed.worker import Worker
from adaptkit.errors import AdaptkitError, ConfigError

if TYPE_CHECKING:
    from psutil import Process as Running
    from ray.exceptions import RayError

Answer = TypeVar("Answer")

SMALLEST_STORE = 200 * 2**20
"""Bytes of the object store of a local Ray. Ray writes to disk what does not fit."""

SECONDS_TO_REACH = 5.0
SECONDS_TO_ANSWER = 20.0
"""For the head to answer a question."""

SECONDS_TO_CLOSE = 30.0

QUIET = {
    # Without its head, Ray ends the driver after this time. `Head` notices before, and says what to do.
    "RAY_gcs_rpc_server_reconnect_timeout_s": "86400",
}
LOCAL = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else Ray hides all GPUs from the workers of a local Ray
}


def need_ray() -> None:
    """Raise ConfigError if Ray is not installed."""
    from importlib.util import find_spec

    if find_spec("ray") is None:
        raise ConfigError(
            "--devices and --ray need Ray, which is not installed",
            next_step="Run: pip install 'adaptkit[ray]'.",
            code="no-ray",
        )


class Cluster:
    """Ray, as long as it is used."""

    def __init__(self, workers: int, address: str | None, object_bytes: int, patience: float) -> None:
        """Start Ray on this machine, or join the cluster at the address.

        Args:
            workers: how many workers there will be.
            address: the cluster's; None to start a local Ray.
            object_bytes: the size of what is sent to the workers.
            patience: the seconds that the head may be away.

        Raises:
            ConfigError: the cluster cannot be reached.
        """
        self._address = address
        self._folder: RayFolder | None = None
        self._family: list[Running] = []
        self.left_behind: list[Process] = []
        """Processes of workers that were lost with their node. They may still run, if it was only cut off."""

        for name, value in (QUIET if address else QUIET | LOCAL).items():
            os.environ.setdefault(name, value)
        about: dict[str, Any] = {"address": address}
        if address is None:
            self._folder = RayFolder()
            about = {
                "num_cpus": workers, "num_gpus": 0, "include_dashboard": False,
                "_temp_dir": self._folder.path, "object_store_memory": max(SMALLEST_STORE, 2 * object_bytes),
            }  # fmt: skip
        else:
            refuse_unreachable(address)
        with signal_handlers_kept():
            self._head = self._start(about, patience)

    def _start(self, about: dict[str, Any], patience: float) -> Head:
        import ray

        logging.getLogger("ray").setLevel(logging.ERROR)  # a notice about its access token, otherwise
        silence_raylet()
        try:
            ray.init(logging_level=logging.ERROR, log_to_driver=False, configure_logging=False, **about)
            if self._folder is not None:
                self._family = family_in(self._folder.path)
            return head_of(patience, joined=self._folder is None)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            self.close()
            raise unusable(self._address, str(error)) from error
        except BaseException:  # a signal
            self.close()
            raise

    def check(self) -> None:
        """Raise AdaptkitError if Ray does not answer any more."""
        self._head.check()

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        """What the head answers; an error if it does not."""
        try:
            return within(SECONDS_TO_ANSWER, question)
        except TimeoutError as error:
            raise self._head.lost() from error

    def put(self, work: bytes) -> Any:
        """A reference to the work, which travels to each machine once."""
        import ray

        return ray.put(work)

    def start(self, device: str, *, threads: int, seed: int) -> Any:
        """A worker for the device; it starts when there are resources for it."""
        import ray

        gpu = self._address is not None and device == "cuda"
        options: dict[str, Any] = {"max_restarts": 0, "num_cpus": 1, "num_gpus": 1 if gpu else 0}
        actor = ray.remote(Worker).options(**options)
        return self._ask(lambda: actor.remote(device, threads, seed))

    def kill(self, worker: Any) -> None:
        """End the worker."""
        import ray

        with suppress(Exception):
            within(SECONDS_TO_ANSWER, lambda: ray.kill(worker, no_restart=True))

    def has(self, node: str) -> bool:
        """Whether this machine of the cluster is alive. The head takes some time to notice that it is not."""
        import ray

        nodes = self._ask(ray.nodes)
        found = next((one for one in nodes if one["NodeID"] == node and one["Alive"]), None)
        return found is not None and not refuses((found["NodeManagerAddress"], found["NodeManagerPort"]))

    def end(self, process: Process, node: str, seconds: float) -> Any:
        """A future of whether the process of a lost worker is gone. This node of its machine ends it."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        there = NodeAffinitySchedulingStrategy(node, soft=False)
        task = ray.remote(end_process).options(num_cpus=0, max_retries=0, scheduling_strategy=there)
        return task.remote(process, seconds)

    def gone(self, process: Process | None) -> None:
        """Take note that this process has ended."""
        self.left_behind = [one for one in self.left_behind if one != process]

    def resources(self) -> str:
        """What is free, and what there is, in words."""
        import ray

        free, total = self._ask(ray.available_resources), self._ask(ray.cluster_resources)
        return ", ".join(
            f"{free.get(name, 0):g} of {total.get(name, 0):g} {name}s free" for name in ("CPU", "GPU")
        )

    def close(self) -> None:
        """Stop the local Ray with all its processes, or leave the cluster."""
        import ray

        if self._folder is not None:
            self._family += family_in(self._folder.path)
        with signal_handlers_kept(), suppress(Exception):
            within(SECONDS_TO_CLOSE, ray.shutdown)
        if self._folder is not None:
            end_family(self._family)
            self._folder.remove()


def refuse_unreachable(address: str) -> None:
    """Raise ConfigError if nothing answers at the address, which Ray takes long to find out."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        raise unusable(address, "it is no address")
    try:
        socket.create_connection((host, int(port)), timeout=SECONDS_TO_REACH).close()
    except (OSError, OverflowError) as error:
        raise unusable(address, str(error)) from error


def unusable(address: str | None, why: str) -> ConfigError:
    """The error about a Ray that cannot be started or joined."""
    first_line = (why.strip().splitlines() or ["no reason was given"])[0]
    if address is None:
        return ConfigError(
            f"Ray could not be started on this machine: {first_line}",
            next_step="Leave out --devices to train in one process.", code="no-local-ray",
        )  # fmt: skip
    return ConfigError(
        f"the Ray cluster at {address!r} cannot be used: {first_line}",
        expected="auto, or HOST:PORT of a running head, such as 10.0.0.1:6379",
        next_step="Start it with 'ray start --head', or change --ray.", code="no-cluster",
    )  # fmt: skip


def failed(error: RayError) -> AdaptkitError:
    """What Ray itself failed at, as an error for people."""
    from ray.exceptions import ObjectStoreFullError, OutOfDiskError

    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if isinstance(error, ObjectStoreFullError | OutOfDiskError):
        return AdaptkitError(
            f"Ray has no room for what the workers are sent or return: {first_line}",
            next_step="Free disk space where Ray keeps its files, below /tmp, and memory in /dev/shm; with "
            "--ray, start the cluster with a larger --object-store-memory. The same command continues the "
            "study.",
            code="store-full",
        )  # fmt: skip
    return AdaptkitError(
        f"Ray failed: {first_line}",
        next_step="The same command continues the study; without --devices it trains in one process.",
        code="ray-failed",
    )  # fmt: skip


def silence_raylet() -> None:
    """Ray prints the last lines of the raylet's log if that ends; `Head` says what it means."""
    from ray._private import worker

    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *lines, **options: None


@contextmanager
def signal_handlers_kept() -> Iterator[None]:
    """Ray sets a handler of its own for SIGTERM; put ours back after the block."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        with suppress(ValueError):  # not in the main thread: Ray sets none there either
            for number, handler in before.items():
                signal.signal(number, handler)
