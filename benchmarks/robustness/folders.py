"""Changes of a model folder: of its files, its tensors, its configuration and its tokenizer."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.robustness.contents import DAMAGED, flip_bit, insert_bytes
from benchmarks.robustness.settings import (
    CONFIG,
    CONFIG_KEEPS_SHAPES,
    TOKENIZER,
    TOKENIZER_CONFIG,
    TOKENIZER_KEEPS_SHAPES,
    change_document,
)
from benchmarks.robustness.weights import KEEPS_SHAPES, NOTICED, change_weights

WEIGHTS = "model.safetensors"
NAMED = "token|unknown|vocabulary|head|label|pool|layer|maximum|length|cut|longer|tokenizer|start"
"""What a warning about a model folder has."""


@dataclass(frozen=True)
class FolderChange:
    """A change of a model folder."""

    name: str
    apply: Callable[[Path, Random], str]
    """Changes the folder, and says in a few words how."""

    unnoticeable: bool = False
    """Whether nothing in a folder without a manifest shows the change."""


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _drop_file(folder: Path, draw: Random) -> str:
    path = draw.choice(_files(folder))
    path.unlink()
    return path.name


def _rename_file(folder: Path, draw: Random) -> str:
    path = draw.choice(_files(folder))
    new = path.with_name(draw.choice([f"{path.name}.bak", f"old_{path.name}", path.name.upper()]))
    path.rename(new)
    return new.name


def _folder_for_file(folder: Path, draw: Random) -> str:
    path = draw.choice(_files(folder))
    path.unlink()
    path.mkdir()
    return path.name


def _lost_link(folder: Path, draw: Random) -> str:
    path = draw.choice(_files(folder))
    path.unlink()
    path.symlink_to(folder / "removed")
    return path.name


def _exchange_files(folder: Path, draw: Random) -> str:
    one, other = draw.sample(_files(folder), 2)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    return f"{one.name}, {other.name}"


def _move_down(folder: Path, draw: Random) -> str:
    inner = folder / "checkpoint-500"
    files = _files(folder)
    inner.mkdir()
    for path in files:
        path.rename(inner / path.name)
    return inner.name


def add_pickle(folder: Path, draw: Random) -> str:
    """A second file of weights, which is never opened."""
    path = folder / draw.choice(
        ["pytorch_model.bin", "adapter_model.bin", "training_args.bin", "optimizer.pt"]
    )
    path.write_bytes(b"\x80\x04cos\nsystem\n.")
    return path.name


def _only_pickle(folder: Path, draw: Random) -> str:
    (folder / WEIGHTS).rename(folder / "pytorch_model.bin")
    return "pytorch_model.bin"


def lost_shard(folder: Path, draw: Random) -> str:
    """An index of two files, one of which is missing."""
    (folder / WEIGHTS).rename(folder / "model-00001-of-00002.safetensors")
    (folder / f"{WEIGHTS}.index.json").write_text(
        '{"weight_map": {"bert.embeddings.word_embeddings.weight": "model-00002-of-00002.safetensors"}}'
    )
    return "model-00002-of-00002.safetensors"


def _as_adapter(folder: Path, draw: Random) -> str:
    (folder / WEIGHTS).rename(folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(
        '{"peft_type": "LORA", "base_model_name_or_path": "some/model"}'
    )
    (folder / "config.json").unlink()
    return "adapter_config.json"


def add_others(folder: Path, draw: Random) -> str:
    """Files that other programs leave."""
    name = draw.choice([".DS_Store", "trainer_state.json", "events.out.tfevents.1", "model.safetensors.tmp"])
    (folder / name).write_bytes(b"\0{")
    return name


def _remove_folder(folder: Path, draw: Random) -> str:
    shutil.rmtree(folder)
    return ""


def damage(folder: Path, draw: Random) -> str:
    """One file."""
    path, kind = draw.choice(_files(folder)), draw.choice(sorted(DAMAGED))
    path.write_bytes(DAMAGED[kind](path.read_bytes(), draw))
    return f"{path.name}: {kind}"


def flip_weights(folder: Path, draw: Random) -> str:
    """One bit of the numbers, after the header."""
    data = (folder / WEIGHTS).read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    (folder / WEIGHTS).write_bytes(data[:begin] + flip_bit(data[begin:], draw))
    return WEIGHTS


def _flip_header(folder: Path, draw: Random) -> str:
    data = (folder / WEIGHTS).read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    (folder / WEIGHTS).write_bytes(flip_bit(data[:begin], draw) + data[begin:])
    return WEIGHTS


def insert_in_text(folder: Path, draw: Random) -> str:
    """Characters in a JSON file."""
    path = draw.choice([path for path in _files(folder) if path.suffix == ".json"])
    path.write_bytes(
        insert_bytes(draw.choice([b"x", b'"', b",", b"}", b"\n", b"0"]))(path.read_bytes(), draw)
    )
    return path.name


FILES: tuple[FolderChange, ...] = (
    FolderChange("drop a file", _drop_file),
    FolderChange("rename a file", _rename_file),
    FolderChange("a folder instead of a file", _folder_for_file),
    FolderChange("a link to a removed file", _lost_link),
    FolderChange("exchange two files", _exchange_files),
    FolderChange("all files a folder further down", _move_down),
    FolderChange("a pickle beside the weights", add_pickle),
    FolderChange("a pickle instead of the weights", _only_pickle),
    FolderChange("a lost shard", lost_shard),
    FolderChange("an adapter", _as_adapter),
    FolderChange("other programs' files", add_others),
    FolderChange("no folder", _remove_folder),
    FolderChange("damage a file", damage),
    FolderChange("damage another file", damage),
    FolderChange("flip a bit of the weights", flip_weights, unnoticeable=True),
    FolderChange("flip another bit of the weights", flip_weights, unnoticeable=True),
    FolderChange("flip a bit of the header of the weights", _flip_header),
    FolderChange("a character in a JSON file", insert_in_text, unnoticeable=True),
)

_DOCUMENTS = (
    ("config.json", CONFIG, False),
    ("config.json", CONFIG_KEEPS_SHAPES, True),
    ("tokenizer.json", TOKENIZER, False),
    ("tokenizer.json", TOKENIZER_KEEPS_SHAPES, True),
    ("tokenizer_config.json", TOKENIZER_CONFIG, False),
)

CHANGES: tuple[FolderChange, ...] = (
    *FILES,
    *(
        FolderChange(f"weights: {name}", change_weights(change), unnoticeable=keeps)
        for changes, keeps in ((NOTICED, False), (KEEPS_SHAPES, True))
        for name, change in changes.items()
    ),
    *(
        FolderChange(f"{file}: {name}", change_document(file, change), unnoticeable=keeps)
        for file, changes, keeps in _DOCUMENTS
        for name, change in changes.items()
    ),
)
