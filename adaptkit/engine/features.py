"""The frozen encoder's outputs, computed once a study and kept.

Under the frozen strategy an example's hidden states never change: they are computed in one pass,
without dropout, kept in half precision, and every trial trains its head on them. A stub stands in
the place of the encoder and hands them through, so any transformers head works unchanged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from adaptkit.data.encode import Bucket

TOKENS_AT_ONCE = 4096
"""Tokens in one forward pass of the encoder."""

TOLERANCE = 1e-3
"""The largest difference of two outputs, relative to the largest output, in float32."""


class KeptFeatures(nn.Module):
    """Stands where the encoder stood: its input embeddings are the encoder's last hidden states.

    An encoder's pooler belongs to the head's side of the cut and is kept, under its own name.
    """

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.config = encoder.config
        self.pooler = getattr(encoder, "pooler", None)
        self.pooler_activation = getattr(encoder, "pooler_activation", None)  # ALBERT's is beside its pooler

    def forward(self, *_: Any, inputs_embeds: torch.Tensor, **__: Any) -> BaseModelOutputWithPooling:
        """``inputs_embeds`` ``[batch, tokens, width]`` as the last hidden states."""
        pooled = None
        if self.pooler is not None:
            pooled = self.pooler(inputs_embeds if self.pooler_activation is None else inputs_embeds[:, 0])
            pooled = pooled if self.pooler_activation is None else self.pooler_activation(pooled)
        return BaseModelOutputWithPooling(last_hidden_state=inputs_embeds, pooler_output=pooled)


class FrozenEncoder:
    """Encodes buckets, and counts how often each example was read."""

    def __init__(self, model: Any, device: torch.device, *, bfloat16: bool) -> None:
        self.model = model
        self.encoder = model.base_model.to(device).eval()
        self.device = device
        self.bfloat16 = bfloat16
        self.examples_read = 0

    def cut(self) -> bool:
        """Puts the stub into the encoder's place, if what trains lies outside of the encoder.

        Returns whether it did; else the model is left as it was. It is left so too where a head asks for
        more than hidden states, such as the ids of the tokens to find the last one.
        """
        stub = KeptFeatures(self.encoder)
        inside = {name for name, p in self.encoder.named_parameters() if p.requires_grad}
        if not inside <= {name for name, _ in stub.named_parameters()}:
            return False
        try:
            before = self._logits(kept=False)  # [numbers]
            setattr(self.model, self.model.base_model_prefix, stub)
            difference = (self._logits(kept=True) - before).abs().max()
        except (RuntimeError, ValueError, TypeError, IndexError, AttributeError):
            self.restore()  # what a head that misses something raises
            return False
        if difference > TOLERANCE * before.abs().max().clamp_min(TOLERANCE):
            self.restore()
            return False
        return True

    def restore(self) -> None:
        """Puts the encoder back into its place."""
        setattr(self.model, self.model.base_model_prefix, self.encoder)

    @torch.no_grad()
    def _logits(self, *, kept: bool) -> torch.Tensor:
        """The model's logits, flat, on some tokens, from the tokens or from their kept features."""
        # As many examples as tokens: a head over several choices takes either for the choices.
        draw = torch.Generator().manual_seed(0)
        ids = torch.randint(0, self.encoder.config.vocab_size, (16, 16), generator=draw).to(self.device)
        mask = torch.ones_like(ids)  # [16, 16]
        mask[1::2, 9:] = 0
        inputs = {"input_ids": ids}
        if kept:
            inputs = {"inputs_embeds": self.encoder(input_ids=ids, attention_mask=mask)[0]}
        outputs = self.model.to(self.device).eval()(**inputs, attention_mask=mask)
        logits = [output.flatten() for name, output in outputs.items() if "logits" in name]
        return torch.cat(logits)

    @torch.inference_mode()
    def encode(self, bucket: Bucket, inputs: frozenset[str]) -> Bucket:
        """The bucket with ``inputs_embeds [examples, tokens, width]``, in half precision, for its tokens."""
        size = max(1, TOKENS_AT_ONCE // bucket.length)
        parts = [
            self._hidden({n: t[start : start + size] for n, t in bucket.tensors.items() if n in inputs})
            for start in range(0, len(bucket.positions), size)
        ]
        self.examples_read += len(bucket.positions)
        kept = {n: t for n, t in bucket.tensors.items() if n not in inputs or n == "attention_mask"}
        return replace(bucket, tensors={**kept, "inputs_embeds": torch.cat(parts)})

    def _hidden(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """The hidden states ``[batch, ..., tokens, width]`` of tensors ``[batch, ..., tokens]``."""
        examples = batch["input_ids"].shape[:-1]
        moved = {name: tensor.to(self.device).flatten(0, -2) for name, tensor in batch.items()}
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
            hidden = self.encoder(**moved)[0]  # [batch, tokens, width], choices among the batch
        kept: torch.Tensor = hidden.half().reshape(*examples, *hidden.shape[1:]).clone()
        return kept
