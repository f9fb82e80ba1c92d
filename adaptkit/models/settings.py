"""Refuses settings of a model's configuration that lead to code or weights outside its folder.

transformers fetches a kernel, a backbone or other weights where ``config.json`` names them. A configuration
may come from anyone, so it may only describe the model in its own folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from adaptkit.documents import read_json
from adaptkit.errors import ModelError

IMPLEMENTATIONS = ("attn_implementation", "experts_implementation", "attn_implementation_internal")
"""The ends of the names of settings that choose the code of a layer."""

BUILT_IN = (None, "eager", "sdpa")
"""The implementations of attention that need nothing but torch."""

ELSEWHERE = {
    "transformers_weights": "another file of weights",
    "backbone": "the weights of another model",
    "use_pretrained_backbone": "the weights of another model",
    "kernel_config": "kernels",
    "fusion_config": "replaced layers",
    "quantization_config": "quantised weights, which cannot be trained",
}
"""Settings that are refused unless they are empty, and what they lead to."""

LIMITS = {
    "_eps": (0.0, 0.01),
    "dropout": (0.0, 0.95),
    "dropout_prob": (0.0, 0.95),
    "initializer_range": (0.0, 10.0),
}
"""The ends of the names of numbers, and the range that a model of any use has them in."""


def refuse_settings(path: Path) -> None:
    """Raise ModelError if the configuration in the file leads outside its folder.

    A file that is not JSON is left to transformers, which says so.
    """
    try:
        settings = read_json(path)
    except (OSError, ValueError):
        return
    for name, value in _settings_of(settings):
        if name in ELSEWHERE and value:
            raise _refused(path, name, value, ELSEWHERE[name])
        if name.endswith(IMPLEMENTATIONS) and any("/" in one for one in _texts_of(value)):
            raise _refused(path, name, value, "code from a repository")


def refuse_absurd_values(config: Any, model: str) -> None:
    """Raise ModelError if a number of the configuration is one that no model is made with."""
    for name, value in config.to_dict().items():
        limits = next((range_ for end, range_ in LIMITS.items() if name.endswith(end)), None)
        if limits is None or isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        low, high = limits
        if not low <= value <= high:
            raise ModelError(
                f"{model}: {name} is {value} in config.json",
                expected=f"a number from {low:g} to {high:g}",
                next_step="Correct config.json, or save the model again with save_pretrained(folder).",
                code="absurd-setting",
            )


def use_built_in_attention(config: Any) -> None:
    """Leave the choice of attention to transformers where the configuration asks for code outside torch."""
    if getattr(config, "_attn_implementation", None) not in BUILT_IN:
        config._attn_implementation = None


def _settings_of(settings: object) -> Iterator[tuple[str, Any]]:
    """Every setting, also of nested configurations."""
    inner = settings.values() if isinstance(settings, Mapping) else settings
    if isinstance(settings, Mapping):
        yield from settings.items()
    if isinstance(settings, (Mapping, list)):
        for one in inner:  # type: ignore[attr-defined]
            yield from _settings_of(one)


def _texts_of(value: object) -> list[str]:
    """The value, or the values of a mapping, as texts."""
    return [str(one) for one in (value.values() if isinstance(value, Mapping) else [value])]


def _refused(path: Path, name: str, value: object, leads_to: str) -> ModelError:
    return ModelError(
        f"{path}: {name!r} is {value!r:.100}, which leads to {leads_to}",
        expected="a configuration that describes the model in its own folder",
        next_step=f"Remove {name!r} from {path.name} if you trust the rest of the folder,"
        " or choose another model.",
        code="unsafe-setting",
    )
