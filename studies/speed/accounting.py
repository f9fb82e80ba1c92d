"""How much work a search is: tokens, examples, and the model's arithmetic. Knows no side and no clock.

The arithmetic is the usual count (Kaplan et al. 2020, https://arxiv.org/abs/2001.08361): a token costs two
operations a weight forwards, two for the gradient of its activations and two for the gradient of the weight,

    full    6 N T           N  weights of the encoder's matrices that every token passes
    lora    4 N T + 6 A T   A  weights of the adapters; frozen weights have no gradient
    frozen  2 N T           T  tokens the encoder read, padding apart

Left out on both sides: attention's products of tokens with tokens, the head, embeddings, optimiser, scoring.
"""

from __future__ import annotations

from dataclasses import dataclass

from studies.speed.outcome import Outcome
from studies.speed.setting import Setting

MATRICES_PER_TOKEN = {"full": 6, "lora": 4, "frozen": 2}


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a setting's data and model come to."""

    examples: int
    """Model inputs in one epoch."""

    tokens: int
    """Their tokens, padding apart."""

    dev_rows: int
    encoder_weights: int
    """N."""

    outside_encoder: int
    """Parameters that train under every strategy: the head, and what no checkpoint held."""

    def arithmetic(self, strategy: str, outcome: Outcome) -> float:
        """The floating-point operations of a side's training."""
        tokens = self.tokens * outcome.encoder_epochs
        adapters = outcome.trained_parameters - self.outside_encoder if strategy == "lora" else 0
        return tokens * (MATRICES_PER_TOKEN[strategy] * self.encoder_weights + 6 * adapters)


def work_of(setting: Setting) -> Work:
    """The work of the setting, counted on its data and model."""
    from adaptkit import registry
    from adaptkit.data.encode import encode, length_of
    from adaptkit.data.load import load
    from adaptkit.models import load_model
    from adaptkit.strategies.frozen import head_parameters

    task = registry.load(setting.task, setting.options)
    data = load(task, setting.data, setting.seed)
    loaded = load_model(task, setting.model, data.labels, seed=0, max_length=setting.max_length)
    examples = encode(task, data.train.values, loaded.tokenizer, data.labels, setting.max_length)
    outside = loaded.fresh | head_parameters(loaded.module)
    sizes = {name: parameter.numel() for name, parameter in loaded.module.named_parameters()}
    return Work(
        examples=len(examples),
        tokens=sum(map(length_of, examples)),
        dev_rows=len(data.dev),
        encoder_weights=weights_per_token(loaded.module.base_model),
        outside_encoder=sum(sizes[name] for name in outside),
    )


def weights_per_token(encoder: object) -> int:
    """The weights of the encoder's linear layers, but for a pooler, which sees one token of an example."""
    from torch import nn

    assert isinstance(encoder, nn.Module)
    return sum(
        layer.weight.numel()
        for name, layer in encoder.named_modules()
        if isinstance(layer, nn.Linear) and "pooler" not in name.split(".")
    )
