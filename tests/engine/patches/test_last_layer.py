"""Which encoders are narrowed, for which heads; `test_layer_forms.py` holds what they compute then."""

from __future__ import annotations

import copy
import functools
from typing import Any

import pytest
import torch
from torch import nn

from adaptkit.engine.patches.last_layer import narrow, narrow_for, widen
from adaptkit.engine.prepare import make_training
from adaptkit.models.custom_head import OWN_HEAD
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
        output = model.trained(tensors["input_ids"], attention_mask=tensors["attention_mask"])
    return int(output.last_hidden_state.shape[1])


@pytest.mark.parametrize("strategy", ["full", "lora"])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_layer_is_narrowed_where_its_form_is_known_and_the_head_reads_no_more(
    family: str, head: str, strategy: str, tiny_model: Any
) -> None:
    model = prepared(model_of(family, HEADS[head], tiny_model), strategy, head)
    before = logits(model)
    done = narrow_for(model.forward, model.trained, [bucket_of()])
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
def test_a_head_that_goes_by_the_tokens_is_held_against_the_studys_own(marked: bool, tiny_model: Any) -> None:
    loaded, bucket = tiny_model("roberta", WHOLE_TEXT), bucket_of()
    marker = int(bucket.tensors["input_ids"][2, 1]) if marked else -1
    head = ByItsTokens(loaded.module.classifier, marker)
    loaded.module.base_model.register_forward_pre_hook(head.see, with_kwargs=True)
    loaded.module.classifier = head
    model = prepared(loaded)
    assert narrow_for(model.forward, model.trained, [bucket]) is not marked


def test_a_head_whose_other_tokens_weigh_nothing_yet_keeps_the_whole_layer(tiny_model: Any) -> None:
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
    assert not narrow_for(model.forward, model.trained, [bucket_of()])
    assert not model.module.classifier.mean.weight.any()


def test_an_answer_that_is_masked_hides_no_other(tiny_model: Any) -> None:
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
    assert not narrow_for(model.forward, model.trained, [bucket_of()])


def test_a_head_of_a_plugin_that_reads_every_token_keeps_the_whole_layer(tiny_model: Any) -> None:
    model = prepared(tiny_model("bert", OWN_HEAD), head="token-classification")
    assert not narrow_for(model.forward, model.trained, [bucket_of()])


def test_a_layer_that_serves_several_times_is_left_whole(tiny_model: Any) -> None:
    loaded = tiny_model("bert", WHOLE_TEXT)
    layers = loaded.module.base_model.encoder.layer
    layers[0] = layers[-1]
    model = prepared(loaded)
    before = logits(model)
    assert not narrow_for(model.forward, model.trained, [bucket_of()])
    assert torch.equal(logits(model), before)


def test_what_fails_on_one_token_is_left_whole(tiny_model: Any) -> None:
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


def test_a_part_of_known_form_that_is_never_called_is_not_the_last_layer(tiny_model: Any) -> None:
    loaded = tiny_model("bert", WHOLE_TEXT)
    loaded.module.base_model.unused = copy.deepcopy(loaded.module.base_model.encoder.layer[0].attention)
    model = prepared(loaded)
    assert not narrow_for(model.forward, model.trained, [bucket_of()])
    assert tokens_of_last_states(model) == 32


def test_what_was_narrowed_is_held_against_the_whole_again(tiny_model: Any) -> None:
    model = prepared(tiny_model("roberta", WHOLE_TEXT))
    assert narrow_for(model.forward, model.trained, [bucket_of()])
    model.module.classifier = nn.Sequential(Mean(), nn.Linear(16, 3))
    assert not narrow_for(model.forward, model.trained, [bucket_of()])
    assert tokens_of_last_states(model) == 32


class Mean(nn.Module):
    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden.mean(1)


def test_a_forward_pass_of_someone_elses_is_left_alone(tiny_model: Any) -> None:
    model = prepared(tiny_model("bert", WHOLE_TEXT))
    attention = model.trained.encoder.layer[-1].attention
    theirs = functools.partial(type(attention).forward, attention)
    attention.forward = theirs
    assert not narrow_for(model.forward, model.trained, [bucket_of()])
    widen(model.trained)
    assert attention.forward is theirs


def test_widened_it_computes_all_tokens_again(tiny_model: Any) -> None:
    model = prepared(tiny_model("bert", WHOLE_TEXT))
    assert narrow_for(model.forward, model.trained, [bucket_of()])
    widen(model.trained)
    assert tokens_of_last_states(model) == 32
