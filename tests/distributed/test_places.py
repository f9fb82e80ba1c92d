"""The devices of workers, as users name them."""

from __future__ import annotations

import pytest

from adaptkit.distributed.places import devices_of
from adaptkit.errors import ConfigError


def test_devices_are_named_one_by_one() -> None:
    assert devices_of(["cpu", " cpu"], None) == ("cpu", "cpu")
    assert devices_of(["cuda:0", "cuda:1"], None) == ("cuda:0", "cuda:1")
    assert devices_of(["cuda", "cuda"], "10.0.0.1:6379") == ("cuda", "cuda")


@pytest.mark.parametrize(
    ("given", "address", "code"),
    [
        (["cpu", "gpu"], None, "unknown-device"),
        (["auto"], None, "unknown-device"),
        (["cpu", ""], None, "unknown-device"),
        (["cuda:0", "cuda:0"], None, "device-twice"),
        (["cpu", "cuda:0"], None, "mixed-devices"),
        ([], None, "no-devices"),
        ([], "auto", "no-devices"),
        (["cuda:0"], "auto", "unknown-device"),
    ],
)
def test_others_are_refused(given: list[str], address: str | None, code: str) -> None:
    with pytest.raises(ConfigError, match="--devices") as refused:
        devices_of(given, address)
    assert refused.value.code == code
