"""How much work a search is: tokens, examples, and the model's arithmetic. Knows no model and no clock.

The arithmetic is the usual count (Kaplan et al. 2020, https://arxiv.org/abs/2001.08361): a token costs two
operations a weight forwards, two for the gradient of its activations and two for the gradient of the weight,

    full    6 N T           N  weights of the encoder's matrices that every token passes
    lora    4 N T + 6 A T   A  weights of the adapters; frozen weights have no gradient
    frozen  2 N T           T  tokens the encoder read, padding apart

Where adaptkit computes the encoder's last layer for one token of an example alone, the weights of that layer
that meet no other token count once an example, but its adapters as if they met all. Left out on both sides:
attention's products of tokens with tokens, the head, embeddings, optimiser, scoring.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.speed.outcome import Outcome

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

    one_token_weights: int = 0
    """Of the encoder's weights, those that meet one token of an example alone, in adaptkit's training."""

    def arithmetic(self, strategy: str, outcome: Outcome) -> float:
        """The floating-point operations of a side's training."""
        adapters = outcome.trained_parameters - self.outside_encoder if strategy == "lora" else 0
        of_a_weight = MATRICES_PER_TOKEN[strategy]
        of_a_token = of_a_weight * (self.encoder_weights - self.one_token_weights) + 6 * adapters
        of_an_example = of_a_weight * self.one_token_weights
        return outcome.encoder_epochs * (self.tokens * of_a_token + self.examples * of_an_example)
