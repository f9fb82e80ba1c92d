"""Which encoders are narrowed, for which heads; `test_layer_forms.py` holds what they compute then."""

from __future__ import annotations

import copy
import functools
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from adaptkit.engine.patches.last_layer import narrow, narrow_for, widen
from adaptkit.engine.prepare import make_training, narrow_and_trim
from adaptkit.models.custom_head import HEAD, OWN_HEAD
from tests.helpers.encoders import FAMILIES, bucket_of, model_of, prepared
from tests.helpers.number_task import number_rows, number_task
from tests.helpers.populations import HEADS, KNOWN_FORMS

WHOLE_TEXT = HEADS["sequence-classification"]


def logits(model: Any) -> torch.Tensor:
    bucket = bucket_of()
    with torch.no_grad():
        inputs = {name: bucket.tensors[name] for name in ("input_ids", "attention_mask")}
        found: torch.Tensor = model.module.eval()(**inputs).logits
    return found


def tokens_of_last_states(model: Any) -> int:
    tensors = bucket_of().tensors
    with torch.no_grad():
        output = model.narrowable(tensors["input_ids"], attention_mask=tensors["attention_mask"])
    return int(output.last_hidden_state.shape[1])


@pytest.mark.parametrize("strategy", ["full", "lora"])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_narrowed_if_the_form_is_known_and_the_head_allows_it(
    family: str, head: str, strategy: str, tiny_model: Any
) -> None:
    model = prepared(model_of(family, HEADS[head], tiny_model), strategy, head)
    before = logits(model)
    done = narrow_for(model.forward, model.narrowable, [bucket_of()])
    assert done is (family in KNOWN_FORMS and head == "sequence-classification")
    assert tokens_of_last_states(model) == (1 if done else 32)
    torch.testing.assert_close(logits(model), before, atol=1e-5, rtol=1e-4)


class ByItsTokens(nn.Module):
    """Reads the state at the first token with this id; where there is none, the first token's."""

    def __init__(self, inner: nn.Module, marker: int) -> None:
        super().__init__()
        self.inner = inner
        self.marker = marker
        self.ids = torch.empty(0)

    def see(self, _: Any, args: Any, kwargs: Any) -> None:
        self.ids = kwargs["input_ids"] if "input_ids" in kwargs else args[0]

    def forward(self, hidden: torch.Tensor) -> Any:
        places = (self.ids == self.marker).int().argmax(1)  # [batch]
        return self.inner(hidden[torch.arange(len(hidden)), places][:, None].expand_as(hidden))


@pytest.mark.parametrize("marked", [False, True])
def test_a_head_that_chooses_by_token_is_checked_on_study_data(marked: bool, tiny_model: Any) -> None:
    loaded, bucket = tiny_model("roberta", WHOLE_TEXT), bucket_of()
    marker = int(bucket.tensors["input_ids"][2, 1]) if marked else -1
    head = ByItsTokens(loaded.module.classifier, marker)
    loaded.module.base_model.register_forward_pre_hook(head.see, with_kwargs=True)
    loaded.module.classifier = head
    model = prepared(loaded)
    assert narrow_for(model.forward, model.narrowable, [bucket]) is not marked


def test_a_weight_that_starts_at_zero_hides_no_token(tiny_model: Any) -> None:
    class Head(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(16, 3)
            self.mean = nn.Linear(16, 3)
            nn.init.zeros_(self.mean.weight)

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return torch.as_tensor(self.first(hidden[:, 0]) + self.mean(hidden.mean(1)))

    loaded = tiny_model("roberta", WHOLE_TEXT)
    loaded.module.classifier = Head()
    model = prepared(loaded)
    assert not narrow_for(model.forward, model.narrowable, [bucket_of()])
    assert not model.module.classifier.mean.weight.any()


def test_a_masked_answer_hides_no_other(tiny_model: Any) -> None:
    class Head(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mean = nn.Linear(16, 3)

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            never = torch.tensor([False, False, True])
            return torch.as_tensor(self.mean(hidden.mean(1)).masked_fill(never, -1e9))

    loaded = tiny_model("roberta", WHOLE_TEXT)
    loaded.module.classifier = Head()
    model = prepared(loaded)
    assert not narrow_for(model.forward, model.narrowable, [bucket_of()])


class FirstToken(nn.Module):
    """A plugin's head that reads the first token only."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(16, 3)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.out(hidden[:, 0]))


def own_head(tiny_model: Any) -> Any:
    loaded = tiny_model("bert", OWN_HEAD)
    setattr(loaded.module, HEAD, FirstToken())
    newly_initialized = frozenset({f"{HEAD}.out.weight", f"{HEAD}.out.bias"})
    return replace(loaded, newly_initialized=newly_initialized)


@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_under_a_plugins_own_head_nothing_is_narrowed(strategy: str, tiny_model: Any) -> None:
    model = prepared(own_head(tiny_model), strategy)
    assert model.narrowable is None
    assert "last_layer" not in narrow_and_trim(model, [bucket_of()], torch.arange(3))


def test_frozen_a_plugins_head_may_keep_first_tokens_only(tiny_model: Any) -> None:
    model = prepared(own_head(tiny_model), "frozen")
    assert model.encoder.in_use == ["first_token", "last_layer"]


def test_a_layer_that_is_called_twice_is_not_narrowed(tiny_model: Any) -> None:
    loaded = tiny_model("bert", WHOLE_TEXT)
    layers = loaded.module.base_model.encoder.layer
    layers[0] = layers[-1]
    model = prepared(loaded)
    before = logits(model)
    assert not narrow_for(model.forward, model.narrowable, [bucket_of()])
    assert torch.equal(logits(model), before)


def test_a_model_that_fails_on_one_token_is_not_narrowed(tiny_model: Any) -> None:
    encoder = tiny_model("bert", WHOLE_TEXT).module.base_model
    ids = torch.arange(3, 19).view(2, 8)

    def outputs() -> torch.Tensor:
        states: torch.Tensor = encoder(ids)[0]
        assert states.shape[1] == 8
        return states[:, 0].flatten()

    assert not narrow(encoder, outputs)
    assert outputs().any()


@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_a_training_is_made_with_a_narrowed_layer(strategy: str, tiny_model: Any) -> None:
    head, task = "sequence-classification", number_task("sequence-classification")
    model = prepared(tiny_model("bert", WHOLE_TEXT), strategy)
    model.module.train()
    make_training(
        model, task, number_rows(24, head), number_rows(8, head),
        batch_sizes=[4], rungs_per_epoch=1, seed=0, metric="accuracy", direction="maximize",
    )  # fmt: skip
    assert tokens_of_last_states(model) == 1
    assert model.module.training, "the mode it had"
    assert all(one.training for one in model.module.modules())


def test_a_part_that_is_never_called_is_not_the_last_layer(tiny_model: Any) -> None:
    loaded = tiny_model("bert", WHOLE_TEXT)
    loaded.module.base_model.unused = copy.deepcopy(loaded.module.base_model.encoder.layer[0].attention)
    model = prepared(loaded)
    assert not narrow_for(model.forward, model.narrowable, [bucket_of()])
    assert tokens_of_last_states(model) == 32


def test_a_narrowed_layer_is_widened_before_the_next_check(tiny_model: Any) -> None:
    model = prepared(tiny_model("roberta", WHOLE_TEXT))
    assert narrow_for(model.forward, model.narrowable, [bucket_of()])
    model.module.classifier = nn.Sequential(Mean(), nn.Linear(16, 3))
    assert not narrow_for(model.forward, model.narrowable, [bucket_of()])
    assert tokens_of_last_states(model) == 32


class Mean(nn.Module):
    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden.mean(1)


def test_a_forward_pass_replaced_by_others_is_left_alone(tiny_model: Any) -> None:
    model = prepared(tiny_model("bert", WHOLE_TEXT))
    attention = model.narrowable.encoder.layer[-1].attention
    theirs = functools.partial(type(attention).forward, attention)
    attention.forward = theirs
    assert not narrow_for(model.forward, model.narrowable, [bucket_of()])
    widen(model.narrowable)
    assert attention.forward is theirs


def test_widened_it_computes_all_tokens_again(tiny_model: Any) -> None:
    model = prepared(tiny_model("bert", WHOLE_TEXT))
    assert narrow_for(model.forward, model.narrowable, [bucket_of()])
    widen(model.narrowable)
    assert tokens_of_last_states(model) == 32
