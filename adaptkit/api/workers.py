"""Where a study's trials are trained: in this process, or on several devices if they are named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from adaptkit.config import StudyConfig
from adaptkit.engine.trainer import LocalTrainer, Trainer
from adaptkit.errors import ConfigError


@contextmanager
def trained_on(
    config: StudyConfig, devices: Sequence[str] | None, ray: str | None
) -> Iterator[tuple[StudyConfig, Trainer]]:
    """The configuration with the first device, on which the study is prepared, and the trainer.

    Args:
        config: the study's configuration.
        devices: the device of each worker; None without workers.
        ray: the address of a Ray cluster; None for this machine.

    Raises:
        ConfigError: a device is unknown, ``device`` is given too, or Ray is not installed.
    """
    if devices is None and ray is None:
        yield config, LocalTrainer()
        return
    from adaptkit.distributed.places import devices_of
    from adaptkit.distributed.workers import Workers
    from adaptkit.system.devices import resolve_device

    found = devices_of(devices or (), ray)
    if config.device not in ("auto", found[0]):
        raise ConfigError(
            f"--device {config.device} together with --devices",
            expected="one of the two", next_step="Leave out --device.", code="device-and-devices",
        )  # fmt: skip
    for device in found:
        resolve_device(device)
    with Workers(found, ray) as workers:
        yield replace(config, device=found[0]), workers
