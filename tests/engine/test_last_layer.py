from __future__ import annotations

import copy
import functools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from adaptkit.data.encode import Bucket
from adaptkit.engine.last_layer import narrow, narrow_for, widen
from adaptkit.engine.prepare import make_training as make_training_of_a_study
from adaptkit.engine.prepare import prepare_model
from adaptkit.headed import OWN_HEAD
from tests.conftest import number_rows, number_task
from tests.engine.populations import HEADS, filled_rows, make_training, micro_step
from tests.engine.test_features import FAMILIES, bucket_of, model_of

KNOWN = {"bert", "roberta", "electra", "distilbert"}
"""The families whose layers have a known form."""

WHOLE_TEXT = HEADS["sequence-classification"]


NARROWED = {"BertAttention", "TransformerBlock"}


def kind(module: nn.Module) -> str:
    return type(module).__name__


def prepared(loaded: Any, strategy: str = "full", head: str = "sequence-classification") -> Any:
    return prepare_model(number_task(head), loaded, (), strategy, 4, device="cpu", bfloat16=False)


def logits(model: Any) -> torch.Tensor:
    bucket = bucket_of()
    with torch.no_grad():
        inputs = {name: bucket.tensors[name] for name in ("input_ids", "attention_mask")}
        found: torch.Tensor = model.module.eval()(**inputs).logits
    return found


def tokens_of_last_states(model: Any) -> int:
    bucket = bucket_of()
    with torch.no_grad():
        states = model.trained(bucket.tensors["input_ids"], attention_mask=bucket.tensors["attention_mask"])[
            0
        ]
    return int(states.shape[1])


@pytest.mark.parametrize("strategy", ["full", "lora"])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_layer_is_narrowed_where_its_form_is_known_and_the_head_reads_no_more(
    family: str, head: str, strategy: str, tiny_model: Any
) -> None:
    model = prepared(model_of(family, HEADS[head], tiny_model), strategy, head)
    before = logits(model)
    done = narrow_for(model.forward, model.trained, [bucket_of()])
    assert done is (family in KNOWN and head == "sequence-classification")
    assert tokens_of_last_states(model) == (1 if done else 32)
    torch.testing.assert_close(logits(model), before, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", sorted(KNOWN))
def test_gradients_are_those_of_the_whole_layer(family: str, tiny_model: Any) -> None:
    found = []
    for narrowed in (False, True):
        model = prepared(model_of(family, WHOLE_TEXT, tiny_model))
        bucket = bucket_of()
        if narrowed:
            assert narrow_for(model.forward, model.trained, [bucket])
        inputs = {name: bucket.tensors[name] for name in ("input_ids", "attention_mask")}
        loss = nn.functional.cross_entropy(model.module(**inputs).logits, bucket.tensors["labels"][:, 0] % 3)
        loss.backward()
        named = model.module.named_parameters()
        found.append({name: p.grad for name, p in named if p.grad is not None and p.grad.any()})
    whole, narrow_ones = found
    assert whole.keys() == narrow_ones.keys()
    for name, gradient in whole.items():
        torch.testing.assert_close(narrow_ones[name], gradient, atol=1e-6, rtol=1e-3, msg=name)


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
@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_rows_together_are_rows_alone_with_a_narrowed_layer(
    family: str, strategy: str, tiny_model: Any
) -> None:
    rows_of_data = number_rows(24, "sequence-classification")
    training = make_training(
        tiny_model(family, WHOLE_TEXT), strategy, "sequence-classification", rows_of_data
    )
    assert any("forward" in vars(one) for one in training.forward.module.modules() if kind(one) in NARROWED)
    rows, step = filled_rows(training, 3), micro_step(training, [[0, 1, 2], [3, 4, 0], [2, 1, 5]])
    batch = {name: tensor[step.places] for name, tensor in step.bucket.tensors.items()}
    valid = torch.ones(3, 3, dtype=torch.bool)
    together, _ = training.forward.losses(rows.parameters(0, 3), batch, valid)
    alone = [
        training.forward.losses(
            rows.parameters(row, row + 1), {n: t[row : row + 1] for n, t in batch.items()}, valid[:1]
        )[0]
        for row in range(3)
    ]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_a_training_is_made_with_a_narrowed_layer(strategy: str, tiny_model: Any) -> None:
    head, task = "sequence-classification", number_task("sequence-classification")
    model = prepared(tiny_model("bert", WHOLE_TEXT), strategy)
    model.module.train()
    make_training_of_a_study(
        model, task, number_rows(24, head), number_rows(8, head),
        batch_sizes=[4], rungs_per_epoch=1, seed=0, metric="accuracy", direction="maximize",
    )  # fmt: skip
    assert tokens_of_last_states(model) == 1
    assert model.module.training, "the mode it had"
    assert all(one.training for one in model.module.modules())


def test_a_choice_among_several_reads_first_tokens(tiny_model: Any) -> None:
    loaded = tiny_model("bert", "AutoModelForMultipleChoice")
    tensors = {
        "input_ids": torch.randint(3, 40, (6, 3, 8), generator=torch.Generator().manual_seed(0)),
        "attention_mask": torch.ones(6, 3, 8, dtype=torch.long),
    }  # [examples, choices, tokens]
    tensors["attention_mask"][2, :, 5:] = 0
    bucket = Bucket(length=8, positions=list(range(6)), sizes=np.full(6, 24), tensors=tensors)
    model = prepared(loaded)
    with torch.no_grad():
        before = model.module(**tensors).logits
        assert narrow_for(model.forward, model.trained, [bucket])
        torch.testing.assert_close(model.module(**tensors).logits, before, atol=1e-5, rtol=1e-4)
    assert before.shape == (6, 3)


def test_the_narrowed_layer_has_dropout_in_its_attention_while_it_trains(tiny_model: Any) -> None:
    loaded = tiny_model("bert", WHOLE_TEXT)
    model, bucket = prepared(loaded), bucket_of()
    assert narrow_for(model.forward, model.trained, [bucket])
    model.trained.encoder.layer[-1].attention.self.dropout.p = 0.5
    inputs = {name: bucket.tensors[name] for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        scored = [model.module.eval()(**inputs).logits for _ in range(2)]
        trained = [model.module.train()(**inputs).logits for _ in range(2)]
    assert torch.equal(*scored)
    assert not torch.equal(*trained)


def test_under_bfloat16_it_differs_from_the_whole_by_its_rounding(tiny_model: Any) -> None:
    model, bucket = prepared(tiny_model("bert", WHOLE_TEXT)), bucket_of()
    half = replace(model.forward, bfloat16=True)
    with torch.no_grad():
        exact, whole = (forward.outputs({}, bucket.tensors)["logits"] for forward in (model.forward, half))
        assert narrow_for(half, model.trained, [bucket])
        found = half.outputs({}, bucket.tensors)["logits"]
    rounding = (whole - exact).abs().max()
    assert 0 < (found - exact).abs().max() < 3 * rounding


def test_masks_of_numbers_and_of_one_line_serve_as_well(tiny_model: Any) -> None:
    model, tensors = prepared(tiny_model("bert", WHOLE_TEXT)), bucket_of().tensors
    assert narrow_for(model.forward, model.trained, [bucket_of()])
    attention = model.trained.encoder.layer[-1].attention
    states = torch.randn(12, 32, 16, generator=torch.Generator().manual_seed(0))
    seen = tensors["attention_mask"][:, None, None, :].bool()  # [12, 1, 1, 32]
    added = torch.zeros(12, 1, 32, 32).masked_fill(~seen, torch.finfo(torch.float32).min)
    with torch.no_grad():
        one_line, square, numbers = (
            attention(states, attention_mask=mask)[0] for mask in (seen, seen.expand(-1, 1, 32, -1), added)
        )
        unmasked = attention(states)[0]
    assert one_line.shape == (12, 1, 16)
    assert torch.equal(one_line, square)
    torch.testing.assert_close(one_line, numbers)
    assert not torch.allclose(one_line, unmasked)


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
