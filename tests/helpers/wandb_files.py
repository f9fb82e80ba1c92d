"""Reads the files of offline runs of Weights & Biases: wandb's own records, in LevelDB's log format.

The format: https://github.com/google/leveldb/blob/main/doc/log_format.md, after a header of seven bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HEADER, BLOCK, CHUNK = 7, 32768, 7


@dataclass
class OfflineRun:
    """What wandb has written of one run."""

    name: str = ""
    id: str = ""
    group: str = ""
    job_type: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None


def offline_runs(folder: Path) -> list[OfflineRun]:
    """The offline runs in the folder, by their ids, those of the same id in the order of their start."""
    import wandb

    wandb.teardown()  # waits until wandb's own process has written its files
    found = [_run(path) for path in sorted(folder.glob("wandb/offline-run-*/*.wandb"))]
    return sorted(found, key=lambda run: run.id)


def _run(path: Path) -> OfflineRun:
    from wandb.proto.wandb_internal_pb2 import Record

    run = OfflineRun()
    for content in _records(path.read_bytes()):
        record = Record()
        record.ParseFromString(content)
        kind = record.WhichOneof("record_type")
        if kind == "run":
            run.name, run.id, run.group = record.run.display_name, record.run.run_id, record.run.run_group
            run.job_type = record.run.job_type
            run.config |= _values(record.run.config.update)
        elif kind == "history":
            run.history.append(_values(record.history.item))
        elif kind == "summary":
            run.summary |= _values(record.summary.update)
        elif kind == "exit":
            run.exit_code = record.exit.exit_code
    return run


def _values(items: Any) -> dict[str, Any]:
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}


def _records(content: bytes) -> Iterator[bytes]:
    position, parts = HEADER, b""
    while position + CHUNK <= len(content):
        left = BLOCK - position % BLOCK
        if left < CHUNK:
            position += left
            continue
        length, kind = int.from_bytes(content[position + 4 : position + 6], "little"), content[position + 6]
        parts += content[position + CHUNK : position + CHUNK + length]
        position += CHUNK + length
        if kind in (1, 4):  # complete, or the last part
            yield parts
            parts = b""
