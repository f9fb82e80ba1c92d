"""Processes that must be gone: of lost workers, before their devices are used again, and of a local Ray."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.distributed.messages import Process

if TYPE_CHECKING:
    import psutil

BOOT = Path("/proc/sys/kernel/random/boot_id")


def this_machine() -> str:
    """A name of this machine since it was started, or of this container."""
    boot = BOOT.read_text(encoding="ascii").strip() if BOOT.is_file() else ""
    return f"{socket.gethostname()} {boot}".strip()


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


def family_in(folder: str) -> list[psutil.Process]:
    """The processes of the local Ray in this folder: children of this process that name it, and theirs."""
    import psutil

    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if any(folder in part for part in child.cmdline()):
                found += [child, *child.children(recursive=True)]
    return found


def end_family(family: list[psutil.Process]) -> None:
    """End those that still run. psutil leaves other processes alone that have their numbers by now."""
    import psutil

    for process in family:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(family, timeout=5)
