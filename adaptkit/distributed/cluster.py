"""Starts a local Ray or joins a cluster, starts workers in it, and makes sure that their processes end."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from adaptkit.distributed.messages import Process
from adaptkit.distributed.worker import Worker
from adaptkit.errors import ConfigError

SMALLEST_STORE = 200 * 2**20
"""Bytes of the object store of a local Ray. Ray writes to disk what does not fit."""

SHORT = Path("/tmp")  # noqa: S108 (mkdtemp makes a folder of its own there)
SECONDS_TO_REACH = 5.0
SECONDS_TO_END = 30.0
"""The time that a process has to end after SIGKILL."""

QUIET = {
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

    def __init__(self, workers: int, address: str | None, object_bytes: int) -> None:
        """Start Ray on this machine, or join the cluster at the address.

        Args:
            workers: how many workers there will be.
            address: the cluster's; None to start a local Ray.
            object_bytes: the size of what is sent to the workers.

        Raises:
            ConfigError: the cluster cannot be reached.
        """
        self._address = address
        self._folder: str | None = None
        if address is None:
            os.environ.update(QUIET)
            # Not below TMPDIR: the path of a socket in it may have 107 bytes.
            self._folder = tempfile.mkdtemp(prefix="adaptkit-ray-", dir=SHORT if SHORT.is_dir() else None)
            about: dict[str, Any] = {
                "num_cpus": workers, "num_gpus": 0, "include_dashboard": False, "_temp_dir": self._folder,
                "object_store_memory": max(SMALLEST_STORE, 2 * object_bytes),
            }  # fmt: skip
        else:
            refuse_unreachable(address)
            about = {"address": address}
        with signal_handlers_kept():
            self._start(about)

    def _start(self, about: dict[str, Any]) -> None:
        import ray

        logging.getLogger("ray").setLevel(logging.ERROR)  # a notice about its access token, otherwise
        try:
            ray.init(logging_level=logging.ERROR, log_to_driver=False, configure_logging=False, **about)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            self.close()
            raise unusable(self._address, str(error)) from error

    def put(self, work: bytes) -> Any:
        """A reference to the work, which travels to each machine once."""
        import ray

        return ray.put(work)

    def start(self, device: str, *, threads: int, seed: int) -> Any:
        """A worker for the device; it starts when there are resources for it."""
        import ray

        gpu = self._address is not None and device == "cuda"
        options: dict[str, Any] = {"max_restarts": 0, "num_cpus": 1, "num_gpus": 1 if gpu else 0}
        return ray.remote(Worker).options(**options).remote(device, threads, seed)

    def kill(self, worker: Any) -> None:
        """End the worker."""
        import ray

        with suppress(Exception):
            ray.kill(worker, no_restart=True)

    def has(self, node: str) -> bool:
        """Whether this machine of the cluster is alive."""
        import ray

        return any(one["NodeID"] == node and one["Alive"] for one in ray.nodes())

    def end(self, process: Process) -> Any:
        """A future of whether the process of a lost worker is gone. It is ended on its own machine."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        there = NodeAffinitySchedulingStrategy(process.node, soft=False)
        task = ray.remote(end_process).options(num_cpus=0, max_retries=0, scheduling_strategy=there)
        return task.remote(process, SECONDS_TO_END)

    def resources(self) -> str:
        """What is free, and what there is, in words."""
        import ray

        free, total = ray.available_resources(), ray.cluster_resources()
        return ", ".join(
            f"{free.get(name, 0):g} of {total.get(name, 0):g} {name}s free" for name in ("CPU", "GPU")
        )

    def close(self) -> None:
        """Stop the local Ray with all its processes, or leave the cluster."""
        import ray

        with signal_handlers_kept(), suppress(Exception):
            ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def end_process(process: Process, seconds: float) -> bool:
    """End the process of a lost worker, if it still runs; whether it is gone within these seconds."""
    import psutil

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            found = psutil.Process(process.pid)
            if found.create_time() != process.created or found.status() == psutil.STATUS_ZOMBIE:
                return True
            found.kill()
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.1)
    return False


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
