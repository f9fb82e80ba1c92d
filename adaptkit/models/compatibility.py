"""Checks that a loaded model is an encoder, and that each of its weights comes from its folder.

transformers fills a weight that it does not find with random numbers. Here only the head, and a pooling layer
that the folder lacks, may be new.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import torch

from adaptkit.errors import ModelError
from adaptkit.models.files import loading

LARGEST_WEIGHT = 1e6
"""The largest weight that an encoder can have. A flipped bit of an exponent gives a far larger one."""

WITHOUT_WEIGHTS = re.compile(r"(^|\.)(position_ids|token_type_ids|inv_freq|masked_bias|bias_mask)$")
"""The ends of the names of tensors that older files hold and that are computed today."""

MOST_NAMES = 4


def refuse_decoder(config: Any, model: str) -> None:
    """Raise ModelError if the configuration is that of a model with a decoder."""
    for name in ("is_decoder", "is_encoder_decoder"):
        if getattr(config, name, False):
            raise _decoder(model, f"its configuration, of {config.model_type!r}, has {name} = true")


def refuse_other_class(config: Any, model: str) -> None:
    """Raise ModelError if the folder's weights were saved by a class of another kind of model."""
    import transformers

    names = getattr(config, "architectures", None)
    for name in names if isinstance(names, list) else ():
        with loading(model):
            saved = getattr(getattr(transformers, str(name), None), "config_class", None)
        if saved is not None and not issubclass(saved, type(config)) and not isinstance(config, saved):
            raise ModelError(
                f"the configuration of {model} is that of {config.model_type!r}, but its weights were saved"
                f" by {name}",
                expected=f"model_type = {saved.model_type!r}",
                next_step="Correct config.json, or save the model again with save_pretrained(folder).",
                code="cannot-load",
            )


def refuse_other_input(kind: Any, model: str) -> None:
    """Raise ModelError if a model of this class does not read tokens."""
    if kind.main_input_name != "input_ids":
        raise ModelError(
            f"{model} reads {kind.main_input_name} ({kind.__name__})",
            expected="an encoder that reads the tokens of a text",
            next_step="Choose an encoder of texts with --model.",
            code="cannot-load",
        )


def refuse_unfit_weights(module: Any, info: Mapping[str, Any], model: str, *, layers: int) -> None:
    """Check the report of a loaded model.

    Args:
        module: the model, with or without a head.
        info: the names that transformers reports: missing, unexpected and mismatched keys.
        model: the model's name for messages.
        layers: the layers that the folder's own configuration has. The module may have only the first ones.

    Raises:
        ModelError: a weight of the encoder is not in the file, has another shape, or is left over.
    """
    inside = f"{module.base_model_prefix}." if module.base_model is not module else ""
    shapes = [
        f"{name} {list(in_file)} instead of {list(wanted)}"
        for name, in_file, wanted in sorted(info["mismatched_keys"])
        if name.startswith(inside)
    ]
    missing = [name for name in sorted(info["missing_keys"]) if name.startswith(inside) and not _pools(name)]
    left = [name for name in sorted(info["unexpected_keys"]) if _is_encoders(name, module, layers)]
    if missing:
        total = len(module.base_model.state_dict())
        found = _named([name for name in sorted(info["unexpected_keys"]) if not _pools(name)])
        raise _unfit(
            f"the file lacks {len(missing)} of the {total} weights of the encoder: {_named(missing)}"
            + (f"; it has {found} instead" if found else ""),
            model,
        )
    if shapes:
        raise _unfit(f"{len(shapes)} weights of the encoder have another shape: {_named(shapes)}", model)
    if left:
        raise _unfit(
            f"the file has {len(left)} weights of an encoder that the configuration does not use:"
            f" {_named(left)}",
            model,
        )


def refuse_absurd_weights(module: Any, model: str, new: Collection[str] = ()) -> None:
    """Raise ModelError if a weight from the files is not a number, or larger than any encoder's."""
    for name, parameter in module.named_parameters():
        if name in new:
            continue
        low, high = parameter.detach().aminmax()
        largest = float(torch.maximum(-low, high))
        if not largest <= LARGEST_WEIGHT:
            raise ModelError(
                f"the weights {name} of {model} have the value {largest:.3g}",
                expected=f"numbers of at most {LARGEST_WEIGHT:g}",
                next_step="The file is damaged. Fetch it again.",
                code="damaged-weights",
            )


@torch.no_grad()
def refuse_one_direction(module: Any, model: str) -> None:
    """Raise ModelError if a token's state does not depend on the tokens after it, as in a decoder.

    The encoder reads two texts that differ in their last token.
    """
    table = module.get_input_embeddings()
    if not isinstance(table, torch.nn.Embedding) or table.num_embeddings < 2:
        return
    one, other = table.num_embeddings - 1, table.num_embeddings // 2
    ids = torch.full((2, 8), one)  # [2, 8]
    ids[1, -1] = other
    states = module.base_model(input_ids=ids, attention_mask=torch.ones_like(ids))[0]  # [2, 8, width]
    if not states.isfinite().all():
        raise _unfit("the encoder's outputs are not finite", model)
    if torch.equal(table.weight[one], table.weight[other]):
        return
    difference = (states[0, 0] - states[1, 0]).abs().max()
    if difference <= 1e-7 * states[:, 0].abs().max():
        raise _decoder(model, "the first token's state does not depend on the tokens after it")


def _is_encoders(name: str, module: Any, layers: int) -> bool:
    """Whether a tensor of the file is the encoder's, and not of a layer that was left out on purpose."""
    own = name.removeprefix(f"{module.base_model_prefix}.")
    parts = {part for part, _ in module.base_model.named_children()}
    if own.partition(".")[0] not in parts or _pools(own) or WITHOUT_WEIGHTS.search(own):
        return False
    number = next((int(part) for part in own.split(".") if part.isdecimal()), None)
    used = getattr(module.config, "num_hidden_layers", None) or layers
    return number is None or not used <= number < layers


def _pools(name: str) -> bool:
    return any(part.startswith("pooler") for part in name.split("."))


def _named(names: Iterable[str]) -> str:
    """The first names, and how many there are beyond them."""
    found = list(names)
    beyond = len(found) - MOST_NAMES
    return ", ".join(found[:MOST_NAMES]) + (f" and {beyond} more" if beyond > 0 else "")


def _unfit(problem: str, model: str) -> ModelError:
    return ModelError(
        f"{model}: {problem}",
        expected="a file and a configuration of one model: only the head and the pooling layer may be new",
        next_step="Save the model again with save_pretrained(folder), with its own configuration."
        " To use only the first layers of a model, set --layers.",
        code="weights-do-not-fit",
    )


def _decoder(model: str, problem: str) -> ModelError:
    return ModelError(
        f"{model} is a decoder: {problem}",
        expected="an encoder, whose tokens read the text in both directions, such as BERT",
        next_step="Choose an encoder with --model.",
        code="decoder",
    )
