"""Documents of any size, depth and kind are read, or refused with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaptkit.documents import MOST_BYTES, read_json, read_json_or_pipe, read_toml

READERS = [(read_json, '{"a": 1}'), (read_toml, "a = 1")]


@pytest.mark.parametrize(("read", "text"), READERS)
def test_a_document_is_read(read: Callable[[Path], Any], text: str, tmp_path: Path) -> None:
    path = tmp_path / "document"
    path.write_text(text)
    assert read(path) == {"a": 1}


@pytest.mark.parametrize(("read", "text"), READERS)
def test_deep_large_and_binary_documents(read: Callable[[Path], Any], text: str, tmp_path: Path) -> None:
    path = tmp_path / "document"
    path.write_text(f"{'a = ' if read is read_toml else ''}{'[' * 200_000}")
    with pytest.raises(ValueError, match="nested too deeply"):
        read(path)
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(ValueError, match="larger than 67,108,864 bytes"):
        read(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ValueError, match="invalid start byte"):
        read(path)
    with pytest.raises(OSError):
        read(tmp_path / "missing")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_json_file(device: str) -> None:
    with pytest.raises(ValueError, match="not a file"):
        read_json(Path(device))


@pytest.mark.parametrize("read", [read_toml, read_json_or_pipe])
def test_an_endless_device_is_no_configuration(read: Callable[[Path], Any]) -> None:
    with pytest.raises(ValueError, match="larger than"):
        read(Path("/dev/zero"))
