"""Changes to a model folder, such as users and broken disks make them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from adaptkit.models.pooling import DECLARATION
from tests.helpers.program import Answer

Weights = dict[str, torch.Tensor]


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


def as_sentence_encoder(folder: Path, to: Path) -> Path:
    """A copy that declares how sentence-transformers pools its tokens."""
    copied(folder, to)
    (to / DECLARATION).parent.mkdir()
    (to / DECLARATION).write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    return to


def change_weights(folder: Path, change: Callable[[Weights], Mapping[str, torch.Tensor]]) -> None:
    """Write the weights anew, as ``change`` returns them."""
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    new = {name: tensor.contiguous() for name, tensor in change(load_file(path)).items()}
    save_file(new, path, metadata={"format": "pt"})


def without(name: str) -> Callable[[Weights], Weights]:
    return lambda weights: {key: tensor for key, tensor in weights.items() if key != name}


def prefixed(prefix: str) -> Callable[[Weights], Weights]:
    return lambda weights: {f"{prefix}{key}": tensor for key, tensor in weights.items()}


def change_json(path: Path, **changes: Any) -> None:
    """Change settings of a JSON file; None removes one."""
    values = {**json.loads(path.read_text()), **changes}
    removed = [name for name, value in changes.items() if value is None]
    path.write_text(json.dumps({name: value for name, value in values.items() if name not in removed}))


def set_config(folder: Path, **changes: Any) -> None:
    change_json(folder / "config.json", **changes)


def flip_bit(path: Path, at: int = -1, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(bytes(content))


def write_tokenizer(folder: Path, words: list[str], **special: str) -> None:
    """A tokenizer of these words beside the special ones, in place of the folder's."""
    import tokenizers
    import transformers

    names = {
        "unk_token": "[UNK]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "cls_token": "[CLS]",
        **special,
    }
    known = dict.fromkeys([*(name for name in names.values() if name), *words])
    vocabulary = {word: number for number, word in enumerate(known)}
    core = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    core.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        (folder / name).unlink(missing_ok=True)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=core, **{name: word for name, word in names.items() if word}
    ).save_pretrained(folder)


def refused(answer: Answer, *words: str) -> None:
    assert answer.code == 2, answer
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert "report" not in answer.err.lower(), "the fault is not adaptkit's"
    said = " ".join(answer.err.split())
    for word in words:
        assert word in said, said
