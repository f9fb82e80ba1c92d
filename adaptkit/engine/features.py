"""The frozen encoder's outputs, computed once per study and kept.

Under the frozen strategy an example's hidden states never change. They are computed in one pass without
dropout and kept in half precision, and every trial trains its head on them. `KeptFeatures` replaces the
encoder and passes them on, so any transformers head works unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from adaptkit.data.encode import Bucket
from adaptkit.data.tensors import Tensors
from adaptkit.engine import fingerprint
from adaptkit.engine.patches.fast_paths import FAST_PATHS
from adaptkit.engine.patches.first_token import reads_first_token_only
from adaptkit.engine.patches.last_layer import narrow, widen
from adaptkit.engine.patches.probe import all_outputs, some_tokens
from adaptkit.engine.store import FeatureStore, InMemory
from adaptkit.models.pooled_head import pooled_head, pooled_states

TOKENS_AT_ONCE = 4096
"""Tokens in one forward pass of the encoder."""

TOLERANCE = 1e-3
"""The largest difference of two outputs, relative to the largest output, in float32."""


class KeptFeatures(nn.Module):
    """Replaces the encoder: its input embeddings are the encoder's last hidden states.

    An encoder's pooler counts as part of the head and is kept, under its own name.
    """

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.config = encoder.config
        self.pooler = getattr(encoder, "pooler", None)
        self.pooler_activation = getattr(
            encoder, "pooler_activation", None
        )  # ALBERT has its activation apart from its pooler

    def forward(self, *_: Any, inputs_embeds: torch.Tensor, **__: Any) -> BaseModelOutputWithPooling:
        """``inputs_embeds`` ``[batch, tokens, width]`` as the last hidden states."""
        pooled = None
        if self.pooler is not None:
            pooled = self.pooler(inputs_embeds if self.pooler_activation is None else inputs_embeds[:, 0])
            pooled = pooled if self.pooler_activation is None else self.pooler_activation(pooled)
        return BaseModelOutputWithPooling(last_hidden_state=inputs_embeds, pooler_output=pooled)


class FrozenEncoder:
    """Encodes buckets, and counts the examples that it read and those whose features were kept before."""

    def __init__(
        self,
        model: Any,
        device: torch.device,
        *,
        bfloat16: bool,
        store: FeatureStore | None = None,
        fast_paths: Collection[str] = FAST_PATHS,
    ) -> None:
        """``fast_paths``: the names of those that may be used."""
        self.model = model
        self.encoder = model.base_model.to(device).eval()
        self.device = device
        self.bfloat16 = bfloat16
        self.store: FeatureStore = store or InMemory()
        self.wanted = fast_paths
        self.in_use: list[str] = []
        self.head = pooled_head(model)
        self.beside: Sequence[str] = ()
        """Poolings whose states are kept in the same pass, for later models that pool in these ways."""

        self.examples_read = 0
        self.examples_reused = 0

    @torch.no_grad()
    def cut(self, head_inputs: Sequence[str] = ()) -> bool:
        """Replaces the encoder by `KeptFeatures`, if nothing of the encoder itself trains.

        If the head reads the first token's state only, other states are not kept, and the last layer does not
        compute them.

        Args:
            head_inputs: what a head of the task's own receives besides hidden states and mask. Such a head
                gets nothing else, so its outputs need not be compared.

        Returns:
            Whether it was replaced. If a head needs more than hidden states, such as the tokens' ids to find
            the last token, it was not, and the model is as before.
        """
        stub = KeptFeatures(self.encoder)
        inside = {name for name, p in self.encoder.named_parameters() if p.requires_grad}
        if not inside <= {name for name, _ in stub.named_parameters()}:
            return False
        if self.head is not None or head_inputs:  # it says itself what it reads
            setattr(self.model, self.model.base_model_prefix, stub)
            self.model.to(self.device)
            return True
        widen(self.encoder)
        ids, mask = some_tokens(self.encoder.config.vocab_size, self.device)
        try:
            before = self._outputs(mask, input_ids=ids)  # [numbers]
            hidden = self.encoder(input_ids=ids, attention_mask=mask)[0]  # [16, 16, width]
            setattr(self.model, self.model.base_model_prefix, stub)
            difference = (self._outputs(mask, inputs_embeds=hidden) - before).abs().max()
        except Exception:  # whatever a plugin's head raises where something is missing, assertions too
            self.restore()
            return False
        if difference > TOLERANCE * before.abs().max().clamp_min(TOLERANCE):
            self.restore()
            return False
        self.in_use = self._fast_paths(ids, mask, hidden)
        return True

    def _fast_paths(self, ids: torch.Tensor, mask: torch.Tensor, hidden: torch.Tensor) -> list[str]:
        """Applies the fast paths for a head that reads the first token's state only; gives those in use.

        Args:
            ids: ``[16, 16]``, the tokens to try them on.
            mask: ``[16, 16]``, their attention mask.
            hidden: ``[16, 16, width]``, their hidden states.
        """
        if "first_token" not in self.wanted or not reads_first_token_only(
            self.model, lambda states: self._outputs(mask, inputs_embeds=states), hidden
        ):
            return []

        def first_states() -> torch.Tensor:
            states: torch.Tensor = self.encoder(input_ids=ids, attention_mask=mask)[0]
            return states[:, 0].flatten()

        narrowed = "last_layer" in self.wanted and narrow(self.encoder, first_states)
        return ["first_token", *(["last_layer"] if narrowed else [])]

    @property
    def first_token_only(self) -> bool:
        """Whether only the first token's states are kept."""
        return "first_token" in self.in_use

    def restore(self) -> None:
        """Puts the encoder back into the model, with all of its last layer."""
        widen(self.encoder)
        setattr(self.model, self.model.base_model_prefix, self.encoder)

    def _outputs(self, mask: torch.Tensor, **inputs: torch.Tensor) -> torch.Tensor:
        """All outputs of the model, as one flat tensor."""
        return all_outputs(self.model.to(self.device), attention_mask=mask, **inputs)

    def encode(self, bucket: Bucket, inputs: frozenset[str]) -> Bucket:
        """The bucket with ``inputs_embeds [examples, tokens, width]`` in half precision for its tokens.

        If the head reads the first token only, ``tokens`` is 1, and so is the bucket's length. Its mask keeps
        all tokens, because a loss may use it.
        """
        read = bucket.tensors.only([name for name in bucket.tensors if name in inputs])
        features = self.store.find(self._key(read, self._kept_states))
        if features is None:
            features = self._kept(read, len(bucket.positions), bucket.length * bucket.choices)
            self.examples_read += len(bucket.positions)
        else:
            self.examples_reused += len(bucket.positions)
        kept = bucket.tensors.only([n for n in bucket.tensors if n not in inputs or n == "attention_mask"])
        tensors = kept.joined({"inputs_embeds": features})
        return replace(bucket, length=features.shape[-2], tensors=tensors)

    def _key(self, read: Tensors, states: bool | str) -> str:
        return fingerprint.of_tensors(read, self.fingerprint, states)

    def _kept(self, read: Tensors, examples: int, tokens: int) -> torch.Tensor:
        """The features of tensors ``[examples, ..., tokens]``, computed and stored."""
        others: dict[str, list[torch.Tensor]] = {pooling: [] for pooling in self.beside}
        parts = self._computed(read, examples, max(1, TOKENS_AT_ONCE // tokens), others)
        features = self.store.keep(self._key(read, self._kept_states), *parts)
        for pooling, its in others.items():
            self.store.keep(self._key(read, pooling), (examples, *its[0].shape[1:]), iter(its))
        return features

    @property
    def _kept_states(self) -> bool | str:
        """Which states are kept: of all tokens, of the first one, or pooled."""
        return self.first_token_only if self.head is None else self.head.pooling

    @cached_property
    def fingerprint(self) -> str:
        """Of everything that the features of some tokens depend on."""
        pooler = KeptFeatures(self.encoder).state_dict()
        precision = "bf16" if self.bfloat16 else "fp32"
        attention = getattr(self.encoder.config, "_attn_implementation", None)
        return fingerprint.of_encoder(self.encoder, pooler, precision, self.device.type, attention)

    def _computed(
        self, read: Tensors, examples: int, size: int, others: Mapping[str, list[torch.Tensor]]
    ) -> tuple[tuple[int, ...], Iterator[torch.Tensor]]:
        """The shape of the features of tensors ``[examples, ..., tokens]``, and their parts.

        ``others``, by pooling, receive the parts of other features of the same states.
        """
        starts = range(0, examples, size)
        parts = (self._hidden(read.at(slice(start, start + size)), others) for start in starts)
        first = next(parts)
        return (examples, *first.shape[1:]), chain([first], parts)

    @torch.inference_mode()
    def _hidden(
        self, batch: dict[str, torch.Tensor], others: Mapping[str, list[torch.Tensor]]
    ) -> torch.Tensor:
        """The hidden states ``[batch, ..., tokens, width]`` of tensors ``[batch, ..., tokens]``."""
        examples = batch["input_ids"].shape[:-1]
        moved = {name: tensor.to(self.device).flatten(0, -2) for name, tensor in batch.items()}
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
            hidden = self.encoder(**moved)[0]  # [batch, tokens, width], choices among the batch
        for pooling, parts in others.items():
            parts.append(pooled_states(pooling, hidden, moved["attention_mask"]).half().cpu().unsqueeze(1))
        if self.head is not None:
            pooled = self.head.pool(hidden, moved["attention_mask"])  # [batch, width of the pooled states]
            return pooled.half().cpu().unsqueeze(1)
        if self.first_token_only:
            hidden = hidden[:, :1]  # [batch, 1, width]
        kept: torch.Tensor = hidden.half().cpu().reshape(*examples, *hidden.shape[1:])
        return kept
