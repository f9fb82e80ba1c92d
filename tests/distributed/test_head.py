"""A head that answers, is away for a moment, or is gone; sockets stand for Ray's processes."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from adaptkit.distributed import head
from adaptkit.distributed.head import Address, Head, address_of
from adaptkit.errors import AdaptkitError


@pytest.fixture(autouse=True)
def always_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "SECONDS_BETWEEN_CALLS", 0.0)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def closed() -> Address:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()


def test_a_head_that_answers_is_fine(listening: socket.socket) -> None:
    address = listening.getsockname()
    Head(address, address, patience=0.0, joined=False).check()


@pytest.mark.parametrize("joined", [False, True])
def test_a_head_that_is_gone_ends_the_study(joined: bool, listening: socket.socket) -> None:
    gone = closed()
    its = Head(gone, listening.getsockname(), patience=0.0, joined=joined)
    its.away_since = 0.0
    with pytest.raises(AdaptkitError, match=f"{gone[1]} does not answer") as error:
        its.check()
    assert error.value.code == "head-lost"
    assert "same command" in error.value.next_step
    assert ("ray start --head" in error.value.next_step) == joined


def test_a_head_may_come_back(listening: socket.socket) -> None:
    gone = closed()
    its = Head(gone, listening.getsockname(), patience=3600.0, joined=True)
    its.check()
    assert its.away_since is not None
    with socket.create_server(gone):
        its.check()
    assert its.away_since is None


def test_ray_that_is_gone_from_this_machine_is_noticed(listening: socket.socket) -> None:
    with pytest.raises(AdaptkitError, match="on this machine") as error:
        Head(listening.getsockname(), closed(), patience=3600.0, joined=True).check()
    assert error.value.code == "ray-lost"


def test_addresses_are_read() -> None:
    assert address_of("10.0.0.1:6379") == ("10.0.0.1", 6379)
    assert address_of("[::1]:6379") == ("::1", 6379)
