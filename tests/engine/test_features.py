from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
import transformers

from adaptkit.data.tensors import Tensors
from adaptkit.engine.features import FrozenEncoder
from adaptkit.engine.patches.attention import use_attention
from adaptkit.engine.prepare import prepare_model
from adaptkit.engine.store import gathered
from adaptkit.models.custom_head import OWN_HEAD
from adaptkit.strategies.apply import adapted
from adaptkit.strategies.registry import built_in
from tests.helpers.encoders import FAMILIES, bucket_of, model_of
from tests.helpers.models import tiny_config
from tests.helpers.number_task import VOCABULARY, number_task
from tests.helpers.populations import HEADS, KNOWN_FORMS

INPUTS = frozenset({"input_ids", "attention_mask"})


def assert_the_stub_gives_the_encoders_logits(loaded: Any) -> None:
    module = adapted(loaded, built_in("frozen", 4))
    use_attention(module)
    bucket = bucket_of()
    with torch.no_grad():
        expected = module(**{name: bucket.tensors[name] for name in INPUTS}).logits
    encoder = FrozenEncoder(module, torch.device("cpu"), bfloat16=False)
    before = module.base_model
    assert encoder.cut()
    assert module.base_model is not before
    kept = encoder.encode(bucket, INPUTS)
    assert set(kept.tensors) == {"attention_mask", "inputs_embeds", "labels"}
    assert kept.tensors["inputs_embeds"].dtype == torch.float16
    with torch.no_grad():
        features = kept.tensors["inputs_embeds"].float()
        found = module(inputs_embeds=features, attention_mask=kept.tensors["attention_mask"]).logits
    torch.testing.assert_close(found, expected, atol=2e-2, rtol=5e-3)
    assert expected.std() > 0.05
    encoder.restore()
    assert module.base_model is before


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_stub_gives_the_encoders_logits(family: str, head: str, tiny_model: Any) -> None:
    assert_the_stub_gives_the_encoders_logits(model_of(family, HEADS[head], tiny_model))


@pytest.mark.parametrize("family", ["bert", "albert"])
def test_a_newly_initialized_pooler_belongs_to_the_head(family: str, tiny_model: Any) -> None:
    loaded = model_of(family, HEADS["sequence-classification"], tiny_model)
    pooler = {name for name, _ in loaded.module.named_parameters() if ".pooler." in name}
    assert pooler
    loaded = replace(loaded, newly_initialized=loaded.newly_initialized | pooler)
    assert_the_stub_gives_the_encoders_logits(loaded)
    trained = {name for name, p in loaded.module.named_parameters() if p.requires_grad}
    assert pooler <= trained
    encoder = FrozenEncoder(loaded.module, torch.device("cpu"), bfloat16=False)
    assert encoder.cut()
    assert {name for name, p in loaded.module.named_parameters() if p.requires_grad} == trained


def test_what_trains_inside_the_encoder_leaves_the_model_intact(tiny_model: Any) -> None:
    loaded = tiny_model("bert")
    loaded = replace(
        loaded, newly_initialized=loaded.newly_initialized | {"bert.embeddings.word_embeddings.weight"}
    )
    before = copy.deepcopy(loaded.module)
    model = prepare_model(number_task(), loaded, (), built_in("frozen", 4), device="cpu", bfloat16=False)
    assert model.encoder is None
    assert "input_ids" in model.forward.inputs
    ids = torch.arange(3, 19).view(2, 8)
    with torch.no_grad():
        torch.testing.assert_close(model.module(input_ids=ids).logits, before(input_ids=ids).logits)


def last_token_model() -> Any:
    """Its head finds the last token of a text by the tokens' ids, and without them takes the padding."""
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_embd=16, n_layer=1, n_head=2, n_positions=48, num_labels=3, pad_token_id=0,
        bos_token_id=1, eos_token_id=1, initializer_range=0.2,
    )  # fmt: skip
    return transformers.GPT2ForSequenceClassification(config)


def end_of_text_model() -> Any:
    """Its head refuses to work without the tokens' ids."""
    config = transformers.BartConfig(
        vocab_size=VOCABULARY, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=48,
        num_labels=3, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=2,
    )  # fmt: skip
    return transformers.BartForSequenceClassification(config)


class AssertingModel(transformers.BertForSequenceClassification):
    """Its head asserts that the tokens' ids are there, as a plugin's may."""

    def forward(self, input_ids: Any = None, **inputs: Any) -> Any:
        assert input_ids is not None
        return super().forward(input_ids=input_ids, **inputs)


def asserting_model() -> Any:
    return AssertingModel(tiny_config("bert"))


@pytest.mark.parametrize("make", [last_token_model, end_of_text_model, asserting_model])
def test_a_head_that_needs_more_than_states_keeps_its_encoder(make: Any, tiny_model: Any) -> None:
    loaded = tiny_model("bert")
    torch.manual_seed(0)
    module = make().eval()
    newly_initialized = frozenset(
        name for name, _ in module.named_parameters() if name.startswith(("score", "classif"))
    )
    encoder = module.base_model
    model = prepare_model(
        number_task("sequence-classification"),
        replace(loaded, module=module, newly_initialized=newly_initialized),
        (), built_in("frozen", 4), device="cpu", bfloat16=False,
    )  # fmt: skip
    assert model.encoder is None
    assert model.module.base_model is encoder


def test_several_choices_are_encoded_one_by_one(tiny_model: Any) -> None:
    loaded = tiny_model("bert", "AutoModelForMultipleChoice")
    module = adapted(loaded, built_in("frozen", 4))
    ids = torch.randint(3, VOCABULARY, (5, 4, 8), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[2, 1, 5:] = 0
    with torch.no_grad():
        expected = module(input_ids=ids, attention_mask=mask).logits
    encoder = FrozenEncoder(module, torch.device("cpu"), bfloat16=False)
    assert encoder.cut()
    bucket = replace(bucket_of(5), length=8, tensors=Tensors({"input_ids": ids, "attention_mask": mask}))
    kept = encoder.encode(bucket, INPUTS)
    features = kept.tensors["inputs_embeds"]
    assert features.shape == (5, 4, 1, 16)  # the head reads each choice's first token
    with torch.no_grad():
        found = module(inputs_embeds=features.float(), attention_mask=mask).logits
    assert found.shape == (5, 4)
    torch.testing.assert_close(found, expected, atol=2e-2, rtol=5e-3)


def test_features_do_not_depend_on_dropout_or_on_the_cut(tiny_model: Any, monkeypatch: Any) -> None:
    from adaptkit.engine import features

    loaded = tiny_model("bert", dropout=0.5)
    module = adapted(loaded, built_in("frozen", 4)).train()
    encoder = FrozenEncoder(module, torch.device("cpu"), bfloat16=False)
    uncut = encoder.encode(bucket_of(), INPUTS).tensors["inputs_embeds"]
    monkeypatch.setattr(features, "TOKENS_AT_ONCE", 70)  # two examples at a time
    cut = encoder.encode(bucket_of(), INPUTS).tensors["inputs_embeds"]
    torch.testing.assert_close(uncut, cut, atol=2e-3, rtol=2e-3)
    assert encoder.examples_read == 24
    assert not uncut.requires_grad


class Kept:
    """A store that remembers, as the one on disk does for the next study."""

    def __init__(self) -> None:
        self.features: dict[str, torch.Tensor] = {}

    def find(self, key: str) -> torch.Tensor | None:
        return self.features.get(key)

    def keep(self, key: str, shape: Sequence[int], parts: Iterable[torch.Tensor]) -> torch.Tensor:
        self.features[key] = gathered(shape, parts)
        return self.features[key]


def frozen_encoder(loaded: Any, store: Kept, *, bfloat16: bool = False) -> FrozenEncoder:
    module = adapted(loaded, built_in("frozen", 4))
    encoder = FrozenEncoder(module, torch.device("cpu"), bfloat16=bfloat16, store=store)
    assert encoder.cut()
    return encoder


def test_what_was_kept_is_not_encoded_again(tiny_model: Any) -> None:
    store = Kept()
    first, second = (frozen_encoder(tiny_model("bert"), store) for _ in range(2))
    kept, found = (encoder.encode(bucket_of(), INPUTS) for encoder in (first, second))
    assert (first.examples_read, first.examples_reused) == (12, 0)
    assert (second.examples_read, second.examples_reused) == (0, 12)
    assert torch.equal(kept.tensors["inputs_embeds"], found.tensors["inputs_embeds"])
    assert set(kept.tensors) == set(found.tensors)


def test_kept_features_are_shared_with_nothing_different(tiny_model: Any) -> None:
    store, whole_text = Kept(), HEADS["sequence-classification"]
    other_weights = tiny_model("bert")
    with torch.no_grad():
        other_weights.module.bert.encoder.layer[1].output.dense.weight[0, 0] += 1e-5
    other_data = bucket_of()
    other_data.tensors["attention_mask"][3, -1] ^= 1
    cases = [
        (frozen_encoder(tiny_model("bert"), store), bucket_of()),
        (frozen_encoder(other_weights, store), bucket_of()),
        (frozen_encoder(tiny_model("bert", hidden_act="relu"), store), bucket_of()),
        (frozen_encoder(tiny_model("bert"), store, bfloat16=True), bucket_of()),
        (frozen_encoder(tiny_model("bert"), store), other_data),
        (frozen_encoder(tiny_model("bert", whole_text), store), bucket_of()),
    ]
    for encoder, bucket in cases:
        encoder.encode(bucket, INPUTS)
        assert encoder.examples_reused == 0
    assert len(store.features) == len(cases)


def test_another_head_of_the_same_form_shares_what_was_kept(tiny_model: Any) -> None:
    """Whatever its labels are, and however its pooler started."""
    store, whole_text = Kept(), HEADS["sequence-classification"]
    first = tiny_model("bert", whole_text)
    other = tiny_model("bert", whole_text)
    other.module.config.id2label = dict(enumerate("abcdefg"))
    with torch.no_grad():
        other.module.bert.pooler.dense.weight.normal_()
    for loaded, reused in ((first, 0), (other, 12)):
        encoder = frozen_encoder(loaded, store)
        encoder.encode(bucket_of(), INPUTS)
        assert encoder.examples_reused == reused


@pytest.mark.parametrize(
    ("family", "only", "settings"),
    [
        ("bert", True, {}), ("albert", True, {}), ("roberta", True, {}), ("distilbert", True, {}),
        ("deberta-v2", True, {}), ("mpnet", True, {}), ("electra", True, {}),
        ("modernbert", True, {"classifier_pooling": "cls"}),
        ("modernbert", False, {"classifier_pooling": "mean"}),
    ],
)  # fmt: skip
def test_only_the_states_that_the_head_reads_are_kept(
    family: str, only: bool, settings: dict[str, Any], tiny_model: Any
) -> None:
    head = HEADS["sequence-classification"]
    loaded = tiny_model(family, head, **settings) if settings else model_of(family, head, tiny_model)
    module = adapted(loaded, built_in("frozen", 4))
    bucket = bucket_of()
    with torch.no_grad():
        expected = module(**{name: bucket.tensors[name] for name in INPUTS}).logits
    encoder = FrozenEncoder(module, torch.device("cpu"), bfloat16=False)
    assert encoder.cut()
    narrowed = only and family in KNOWN_FORMS
    with torch.no_grad():
        states = encoder.encoder(bucket.tensors["input_ids"])[0]
    assert states.shape[1] == (1 if narrowed else bucket.length), "what is not kept is not computed"
    kept = encoder.encode(bucket, INPUTS)
    assert kept.length == kept.tensors["inputs_embeds"].shape[1] == (1 if only else bucket.length)
    assert torch.equal(kept.tensors["attention_mask"], bucket.tensors["attention_mask"])
    assert (kept.sizes == bucket.sizes).all()
    with torch.no_grad():
        found = module(
            inputs_embeds=kept.tensors["inputs_embeds"].float(), attention_mask=kept.tensors["attention_mask"]
        ).logits
    torch.testing.assert_close(found, expected, atol=2e-2, rtol=5e-3)


def test_cut_again_another_head_is_tried_on_all_states(tiny_model: Any) -> None:
    class Mean(torch.nn.Linear):
        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return super().forward(hidden.mean(1))

    loaded = tiny_model("roberta", HEADS["sequence-classification"])
    module = adapted(loaded, built_in("frozen", 4))
    first = FrozenEncoder(module, torch.device("cpu"), bfloat16=False)
    assert first.cut()
    assert first.first_token_only
    first.restore()
    module.classifier = Mean(16, 3)
    second = FrozenEncoder(module, torch.device("cpu"), bfloat16=False)
    assert second.cut()
    assert not second.first_token_only


@pytest.mark.parametrize("head_class", [HEADS["token-classification"], OWN_HEAD])
def test_a_head_that_reads_every_token_keeps_every_token(head_class: str, tiny_model: Any) -> None:
    encoder = frozen_encoder(tiny_model("bert", head_class), Kept())
    assert not encoder.first_token_only
    assert encoder.encode(bucket_of(), INPUTS).tensors["inputs_embeds"].shape == (12, 32, 16)
