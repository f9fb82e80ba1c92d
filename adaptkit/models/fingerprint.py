"""The fingerprints of a base model: SHA-256 of its weights, its configuration and its tokenizer.

A study and an exported adapter record them, because they are worth nothing on another base model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from adaptkit.documents import read_json
from adaptkit.errors import ModelError
from adaptkit.models.files import CONFIG, weight_files

TOKENIZER_FILES = (
    "tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "*.model", "*.spm", "bpe.codes",
)  # fmt: skip
"""The files that a tokenizer's vocabulary may be in."""

WITHOUT_EFFECT = ("_name_or_path", "transformers_version", "torch_dtype", "dtype")
"""Settings of a configuration that neither the outputs nor the names of the labels depend on."""


def tokenizer_files(folder: Path) -> list[Path]:
    """The files in the folder that hold a tokenizer's vocabulary."""
    return sorted({path for pattern in TOKENIZER_FILES for path in folder.glob(pattern) if path.is_file()})


def fingerprints_of(location: str) -> dict[str, str]:
    """ "weights", "configuration" and "tokenizer" → SHA-256; that of one file of weights is the file's own.

    Args:
        location: the model's folder.
    """
    folder = Path(location)
    return {
        "weights": _of_files(weight_files(folder)),
        "configuration": _of_settings(folder / CONFIG),
        "tokenizer": _of_files(tokenizer_files(folder)),
    }


def refuse_changed(recorded: Mapping[str, str], found: Mapping[str, str], model: str) -> None:
    """Raise ModelError, with both fingerprints, if a part of the base model is not the recorded one.

    What was not recorded is not compared: earlier versions recorded nothing.
    """
    changed = [
        f"{part} {was} → {found[part]}"
        for part, was in recorded.items()
        if part in found and found[part] != was
    ]
    if changed:
        raise ModelError(
            f"the base model {model!r} has changed since it was first used here (SHA-256 of its"
            f" {', '.join(changed)})",
            expected="the same base model as before",
            next_step="Put the earlier files back, or start a new study under another name with --study.",
            code="base-model-changed",
        )


def _of_files(files: Iterable[Path]) -> str:
    digests = [(path.name, _digest(path)) for path in files]
    if len(digests) == 1:
        return digests[0][1]
    return hashlib.sha256("".join(f"{name} {one}\n" for name, one in digests).encode()).hexdigest()


def _of_settings(path: Path) -> str:
    """The SHA-256 of a configuration, whatever the order of its settings."""
    try:
        settings = read_json(path)
        kept = {name: value for name, value in settings.items() if name not in WITHOUT_EFFECT}
    except (ValueError, AttributeError):  # transformers says what is wrong with the file
        return _digest(path)
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str:
    """The file's SHA-256, computed once per process as long as the file stays as it is."""
    about = path.stat()
    return _computed(path.resolve(), about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)


@lru_cache(maxsize=64)
def _computed(path: Path, *_state: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
