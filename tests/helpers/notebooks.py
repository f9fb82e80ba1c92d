"""Notebooks: executed by a real kernel, and rendered as HTML."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from tests.helpers.program import environment

SECONDS = 180.0


def executed(cells: Sequence[str], folder: Path) -> Any:
    """The notebook of these cells, after a kernel has run them in the folder."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(folder)}})
    with own_python(folder):
        client.execute()
    return notebook


def as_page(notebook: Any) -> str:
    """The notebook as an HTML page, as ``jupyter nbconvert --to html`` writes it."""
    import nbconvert

    # Its templates are beside its own Python, which need not be the one that runs the tests.
    share = Path(nbconvert.__file__).parents[4] / "share" / "jupyter"
    with mock.patch.dict(os.environ, {"JUPYTER_PATH": str(share)}):
        page, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    return str(page)


@contextmanager
def own_python(folder: Path) -> Iterator[None]:
    """While the block runs, kernels start with this Python, and write below the folder."""
    spec = folder / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": command, "display_name": "Python", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(about))
    places = {
        "JUPYTER_PATH": str(folder / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(folder / "run"),
        "IPYTHONDIR": str(folder),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    with mock.patch.dict(os.environ, {**environment(), **places}):
        yield


class Kernel:
    """A running kernel: cells are executed, and may be interrupted."""

    def __init__(self, client: Any, manager: Any) -> None:
        self._client = client
        self._manager = manager

    def run(self, code: str, interrupt_after: str = "") -> tuple[str, str]:
        """What a cell prints, and the name of its error; interrupted once it has printed this text."""
        wanted = self._client.execute(code)
        said, error, end = "", "", time.monotonic() + SECONDS
        while time.monotonic() < end:
            message = self._client.get_iopub_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") != wanted:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                said += content["text"]
                if interrupt_after and interrupt_after in said:
                    self._manager.interrupt_kernel()
                    interrupt_after = ""
            elif kind == "error":
                error = content["ename"]
            elif kind == "status" and content["execution_state"] == "idle":
                return said, error
        raise TimeoutError(said)


@contextmanager
def kernel(folder: Path) -> Iterator[Kernel]:
    """A kernel in the folder."""
    from jupyter_client.manager import start_new_kernel

    with own_python(folder):
        manager, client = start_new_kernel(startup_timeout=SECONDS, cwd=str(folder))
        try:
            yield Kernel(client, manager)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
