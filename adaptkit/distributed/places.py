"""The devices of the workers, as the user names them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from adaptkit.errors import ConfigError

EXPECTED = "one device for each worker, such as cpu,cpu or cuda:0,cuda:1"
IN_A_CLUSTER = "one device for each worker without its number, such as cuda,cuda: Ray chooses it"


def devices_of(given: Sequence[str], address: str | None) -> tuple[str, ...]:
    """The device of each worker.

    Args:
        given: as the user names them.
        address: the cluster's; None for this machine.

    Raises:
        ConfigError: one is unknown or named twice, they are of two kinds, or none is given.
    """
    expected = EXPECTED if address is None else IN_A_CLUSTER
    devices = tuple(one.strip() for one in given)
    pattern = r"cpu|cuda(:\d+)?" if address is None else "cpu|cuda"
    for device in devices:
        if not re.fullmatch(pattern, device):
            raise _refusal(f"device {device!r} cannot be a worker's", expected, "unknown-device")
        if address is None and device != "cpu" and devices.count(device) > 1:
            raise _refusal(f"device {device!r} is named twice", expected, "device-twice")
    if not devices:
        raise _refusal("no devices were given for the workers", expected, "no-devices")
    if len({device.partition(":")[0] for device in devices}) > 1:
        raise _refusal("the devices are of two kinds", "devices of one kind", "mixed-devices")
    return devices


def _refusal(problem: str, expected: str, code: str) -> ConfigError:
    return ConfigError(problem, expected=expected, next_step="Change --devices.", code=code)
