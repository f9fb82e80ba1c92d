"""Binds the port, and runs the server until SIGINT or SIGTERM. Requests in progress are answered first."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from adaptkit.errors import ConfigError

if TYPE_CHECKING:
    from adaptkit.export.predictor import Predictor
    from adaptkit.serve.requests import Limits

SECONDS_TO_FINISH = 30
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def require_packages() -> None:
    """Raise ConfigError with the command that installs them if a package for the server is missing."""
    import importlib

    for package in ("fastapi", "uvicorn", "prometheus_client"):
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise ConfigError(
                f"the server needs {error.name}, which is not installed",
                expected="adaptkit with its extra 'serve'",
                next_step="Install it: pip install 'adaptkit[serve]'",
                code="extra-missing",
            ) from error


def bound(host: str, port: int) -> socket.socket:
    """A socket at this address; raises ConfigError if it cannot be had. Port 0 is any free port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind, protocol)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
        except OSError:
            opened.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        raise ConfigError(
            f"the address {host}:{port} cannot be used: {getattr(error, 'strerror', None) or error}",
            expected="an address of this machine, and a port that is free",
            next_step="Change --host or --port.",
            code="address-in-use",
        ) from error
    return opened


def serve(
    models: Mapping[str, Predictor], limits: Limits, listening: socket.socket, say: Callable[[str], None]
) -> None:
    """Serve the models until a signal.

    Args:
        models: the models by name.
        limits: of one request.
        listening: the socket, which `bound` returned.
        say: shows the address when the server is ready.
    """
    import uvicorn

    from adaptkit.serve.app import make_app

    app = make_app(models, limits)
    settings = uvicorn.Config(
        app, log_level="error", access_log=False, timeout_graceful_shutdown=SECONDS_TO_FINISH,
        server_header=False, lifespan="on",
    )  # fmt: skip
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    listening.listen(2048)
    say(f"http://{shown}:{port}")
    uvicorn.Server(settings).run(sockets=[listening])
