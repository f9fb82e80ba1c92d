"""Whether Ray still answers: the head of the cluster, and Ray's process on this machine.

Without its head, Ray waits for a minute and then ends the driver with a message of its own, in the middle of
the study. Without its process on this machine it does so after some seconds. adaptkit ends the study before.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from typing import Any

from adaptkit.errors import AdaptkitError

SECONDS_BETWEEN_CALLS = 2.0
SECONDS_TO_ANSWER = 2.0

_KEPT = "The trials that have ended are kept, and the same command continues the study."

Address = tuple[str, int]


@dataclass
class Head:
    """The addresses that have to answer."""

    head: Address
    here: Address
    patience: float
    """The seconds that the head may be away. Workers train on without it, and it may come back."""

    joined: bool
    """Whether the cluster was there before this study."""

    away_since: float | None = None
    called: float = field(default_factory=time.monotonic)

    def check(self) -> None:
        """Call both from time to time.

        Raises:
            AdaptkitError: the head has been away for too long, or Ray's process on this machine is gone.
        """
        if time.monotonic() - self.called < SECONDS_BETWEEN_CALLS:
            return
        self.called = time.monotonic()
        if refuses(self.here):
            raise self.lost_here()
        if answers(self.head):
            self.away_since = None
            return
        self.away_since = self.away_since or time.monotonic()
        if time.monotonic() - self.away_since > self.patience:
            raise self.lost()

    def lost(self) -> AdaptkitError:
        """The error about a head that is gone."""
        first = " Start the head again first: 'ray start --head'." if self.joined else ""
        return AdaptkitError(
            f"the head of the Ray cluster at {self.head[0]}:{self.head[1]} does not answer any more; its"
            " process was ended, or its machine was lost",
            next_step=f"{_KEPT}{first}", code="head-lost",
        )  # fmt: skip

    def lost_here(self) -> AdaptkitError:
        """The error about Ray's process on this machine."""
        first = " Start Ray on this machine again first: 'ray start'." if self.joined else ""
        return AdaptkitError(
            "Ray's process on this machine, the raylet, has ended; memory may have run out, or it was killed",
            next_step=f"{_KEPT}{first}", code="ray-lost",
        )  # fmt: skip


def head_of(patience: float, *, joined: bool) -> Head:
    """The head of the cluster that this process is connected to."""
    import ray

    context = ray.get_runtime_context()
    here: Any = next(one for one in ray.nodes() if one["NodeID"] == context.get_node_id())
    address = here["NodeManagerAddress"], here["NodeManagerPort"]
    return Head(address_of(context.gcs_address), address, patience, joined)


def address_of(text: str) -> Address:
    """The host and the port of ``host:port``."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def answers(address: Address) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection(address, timeout=SECONDS_TO_ANSWER).close()
    except OSError:
        return False
    return True


def refuses(address: Address) -> bool:
    """Whether nothing listens there. A machine that is too busy to answer does not refuse."""
    try:
        socket.create_connection(address, timeout=SECONDS_TO_ANSWER).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False
