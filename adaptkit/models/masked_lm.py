"""The masked-language-model head: whether a model brings it along, and what is kept beside its encoder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, cast

from adaptkit.documents import read_json
from adaptkit.models.existing_head import HeadMatch
from adaptkit.models.files import MODULES

NO_HEAD = (
    "the model has no masked-language-model head: its output layer starts from the token embeddings, and the"
    " layers before it start at random"
)
TAKEN_OVER = "the masked-language-model head of the model is taken over"

SENTENCE_FILES = ("sentence_bert_config.json", "config_sentence_transformers.json")
"""Settings of sentence-transformers beside an encoder."""


def match_masked_lm(module: Any, new: frozenset[str]) -> HeadMatch:
    """Whether the head of a loaded model is its own, where ``new`` are the parameters of no checkpoint."""
    encoder = {id(parameter) for parameter in cast("Any", module.base_model).parameters()}
    names = {name for name, one in module.named_parameters() if id(one) not in encoder}
    kept = not names & new
    return HeadMatch(newly_initialized=new, note=TAKEN_OVER if kept else NO_HEAD, kept=kept)


def copy_pooling(source: Path, to: Path) -> None:
    """Copy what sentence-transformers has beside an encoder, such as the pooling that it declares.

    Args:
        source: the folder of the base model.
        to: the folder of a model with the same encoder, trained on.
    """
    try:
        modules = read_json(source / MODULES)
    except (OSError, ValueError):
        return
    paths = [str(one.get("path", "")) for one in modules if isinstance(one, dict)]
    if not paths or paths[0] or any(_leads_elsewhere(path) for path in paths):
        return  # the encoder is not in the main folder, or a module is outside of it
    for path in filter(None, paths):
        if (source / path).is_dir():
            shutil.copytree(source / path, to / path, copy_function=shutil.copyfile)
    for name in (MODULES, *SENTENCE_FILES):
        if (source / name).is_file():
            shutil.copyfile(source / name, to / name)


def _leads_elsewhere(path: str) -> bool:
    return Path(path).is_absolute() or ".." in Path(path).parts
