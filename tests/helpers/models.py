"""Tiny models with random weights: in memory for each encoder family, and as a folder with a tokenizer."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from tests.helpers.data import WORDS
from tests.helpers.number_task import LABELS, VOCABULARY, number_task

if TYPE_CHECKING:
    from adaptkit.models.loading import LoadedModel

TOKEN_HEAD = "AutoModelForTokenClassification"
FAMILIES = ("bert", "roberta", "distilbert", "modernbert", "deberta-v2", "mpnet")


def tiny_config(family: str, **settings: Any) -> Any:
    """A configuration of two small layers, without dropout unless ``dropout`` is given."""
    import transformers

    dropout = settings.pop("dropout", 0.0)
    outputs = settings.pop("num_labels", len(LABELS))
    common: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": 48,
        "pad_token_id": 0,
        "initializer_range": 0.2,
        "num_labels": outputs,
    }
    drop = {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    if family == "bert":
        return transformers.BertConfig(**common, **drop, **settings)
    if family == "roberta":
        return transformers.RobertaConfig(**common, **drop, bos_token_id=1, eos_token_id=2, **settings)
    if family == "mpnet":
        return transformers.MPNetConfig(**common, **drop, bos_token_id=1, eos_token_id=2, **settings)
    if family == "distilbert":
        return transformers.DistilBertConfig(
            vocab_size=VOCABULARY, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=48,
            pad_token_id=0, initializer_range=0.2, num_labels=outputs, dropout=dropout,
            attention_dropout=dropout, seq_classif_dropout=dropout, **settings,
        )  # fmt: skip
    if family == "modernbert":
        return transformers.ModernBertConfig(
            **common, cls_token_id=1, sep_token_id=2, bos_token_id=1, eos_token_id=2, local_attention=8,
            global_attn_every_n_layers=2, classifier_dropout=dropout, mlp_dropout=dropout,
            embedding_dropout=dropout, attention_dropout=dropout, **settings,
        )  # fmt: skip
    assert family == "deberta-v2"
    return transformers.DebertaV2Config(
        **common, **drop, relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8,
        norm_rel_ebd="layer_norm", share_att_key=True, pooler_dropout=dropout, cls_dropout=dropout,
        **settings,
    )  # fmt: skip


def pooling_head(config: Any, labels: Sequence[str]) -> Any:
    """A head that transformers does not have: a weighted mean of the tokens, and a parameter of no layer."""
    import torch
    from torch import nn

    class PoolingHead(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weigh = nn.Linear(config.hidden_size, 1)
            self.dense = nn.Linear(config.hidden_size, 5)
            self.out = nn.Linear(5, len(labels))
            self.scale = nn.Parameter(torch.linspace(0.5, 1.5, len(labels)))

        def forward(self, hidden: Any, mask: Any) -> Any:
            assert mask.shape == hidden.shape[:2]
            weights = self.weigh(hidden).squeeze(-1).masked_fill(mask == 0, -1e4).softmax(-1)
            pooled = (weights.unsqueeze(-1) * hidden).sum(1)
            return self.scale * self.out(torch.tanh(self.dense(pooled)))

    return PoolingHead()


def with_own_head(config: Any) -> Any:
    """An encoder with random weights and a `pooling_head`."""
    import torch

    from adaptkit.models.custom_head import encoder_class, make_head, put_on

    torch.manual_seed(0)
    kind, settings = encoder_class(config)
    head = make_head(number_task(pooling_head), config, LABELS)
    return put_on(kind(config, **settings), head).eval()


def write_model(folder: Path) -> Path:
    """A tiny BERT with random weights, and a WordPiece tokenizer of the words of `data`."""
    import torch

    from adaptkit.testing.tiny import write_bert

    torch.manual_seed(0)
    return write_bert(folder, word_tokenizer(), positions=48, inner=48)


def word_tokenizer() -> Any:
    """A tokenizer with a fixed vocabulary, because a trained one has its ids in another order each time."""
    import tokenizers
    import transformers

    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    letters = [f"##{letter}" for letter in ascii_lowercase]
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys([*special, *WORDS, *letters]))}
    core = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    core.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    core.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
    )
    return transformers.BertTokenizerFast(
        tokenizer_object=core, model_max_length=48, unk_token="[UNK]", sep_token="[SEP]",
        pad_token="[PAD]", cls_token="[CLS]", mask_token="[MASK]",
    )  # fmt: skip


class TinyModels:
    """Tiny models like those that `load_model` returns; each kind is built once, then copied."""

    def __init__(self) -> None:
        self._built: dict[str, Any] = {}

    def load(self, family: str, head_class: str = TOKEN_HEAD, **settings: Any) -> LoadedModel:
        """A model of two layers without tokenizer; everything outside the encoder is newly initialized."""
        from adaptkit.models.loading import LoadedModel

        module = self._copy(family, head_class, settings)
        encoder = {id(parameter) for parameter in module.base_model.parameters()}
        newly_initialized = frozenset(name for name, p in module.named_parameters() if id(p) not in encoder)
        return LoadedModel(
            module=module,
            tokenizer=None,
            newly_initialized=newly_initialized,
            head_class=head_class,
            source="tiny",
            max_length=48,
        )  # type: ignore[arg-type]

    def _copy(self, family: str, head_class: str, settings: dict[str, Any]) -> Any:
        key = f"{family} {head_class} {settings}"
        if key not in self._built:
            self._built[key] = _build(family, head_class, settings)
        return copy.deepcopy(self._built[key])


def _build(family: str, head_class: str, settings: dict[str, Any]) -> Any:
    import torch
    import transformers

    from adaptkit.models.custom_head import OWN_HEAD

    config = tiny_config(family, **settings)
    if head_class == OWN_HEAD:
        return with_own_head(config)
    torch.manual_seed(0)
    return getattr(transformers, head_class).from_config(config).eval()
