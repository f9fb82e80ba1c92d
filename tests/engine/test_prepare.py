from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from adaptkit.data.encode import length_of
from adaptkit.engine.patches.attention import NAME
from adaptkit.engine.prepare import (
    make_training,
    micro_batch_for,
    prepare_model,
    rungs_per_epoch_for,
    scoring_data,
    training_data,
)
from adaptkit.errors import TaskError
from adaptkit.strategies.registry import built_in
from adaptkit.task import Example
from tests.helpers.number_task import number_rows, number_task
from tests.helpers.populations import filled_stack


def prepared(tiny_model: Any, strategy: str, **changes: Any) -> Any:
    loaded = replace(tiny_model("bert"), **changes)
    return prepare_model(number_task(), loaded, (), built_in(strategy, 4), device="cpu", bfloat16=False)


@pytest.mark.parametrize(
    ("sizes", "micro_batch"),
    [((16,), 16), ((8, 16, 32, 64), 8), ((64, 32), 16), ((12, 20), 4), ((7,), 7), ((7, 8), 1), ((48,), 16),
     ((34,), 2), ((1,), 1)],
)  # fmt: skip
def test_micro_batches_add_up_to_every_batch_size(sizes: tuple[int, ...], micro_batch: int) -> None:
    assert micro_batch_for(sizes) == micro_batch
    assert all(size % micro_batch == 0 for size in sizes)


def test_scoring_stays_cheap_beside_training() -> None:
    assert rungs_per_epoch_for(1000, 100) == 4
    assert rungs_per_epoch_for(1000, 300) == 2
    assert rungs_per_epoch_for(100, 1000) == 1
    assert rungs_per_epoch_for(100, 0) == 4


@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_a_model_that_trains_inside_reads_tokens(strategy: str, tiny_model: Any) -> None:
    model = prepared(tiny_model, strategy)
    assert model.encoder is None
    assert model.forward.inputs == {"input_ids", "attention_mask"}
    assert model.module.config._attn_implementation == NAME


@pytest.mark.parametrize("strategy", ["full", "lora", "frozen"])
def test_a_head_may_leave_autocast_and_compute_in_float32(strategy: str, tiny_model: Any) -> None:
    loaded = tiny_model("bert")

    class Exact(torch.nn.Linear):
        """A head that distrusts half precision."""

        def __init__(self) -> None:
            super().__init__(16, 3)
            self.inner = torch.nn.Linear(16, 16)

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            with torch.autocast("cpu", enabled=False):
                return super().forward(self.inner(hidden.float()))

    loaded.module.classifier = Exact()
    task = number_task()
    model = prepare_model(task, loaded, (), built_in(strategy, 4), device="cpu", bfloat16=True)
    training = make_training(
        model, task, number_rows(8), number_rows(4), batch_sizes=[4], rungs_per_epoch=1, seed=0,
        metric=task.metric.name, direction=task.metric.direction,
    )  # fmt: skip
    leaves = training.forward.leaves(filled_stack(training, 1).parameters(0, 1))
    batch = {name: tensor[:2].unsqueeze(0) for name, tensor in training.buckets[0].tensors.items()}
    losses, _ = training.forward.losses(leaves, batch, torch.ones(1, 2, dtype=torch.bool))
    gradients = torch.autograd.grad(losses.sum(), list(leaves.values()), allow_unused=True)
    assert any(gradient is not None and gradient.any() for gradient in gradients)


def test_a_frozen_encoder_is_cut_off_and_the_head_reads_features(tiny_model: Any) -> None:
    model = prepared(tiny_model, "frozen")
    assert model.encoder is not None
    assert model.forward.inputs == {"inputs_embeds", "attention_mask"}
    assert {name for name, _ in model.module.named_parameters()} == {"classifier.weight", "classifier.bias"}
    _, buckets = training_data(
        model, number_task(), number_rows(10), micro_batch=2, rungs_per_epoch=1, seed=0
    )
    assert all("input_ids" not in bucket.tensors for bucket in buckets)
    assert all(bucket.tensors["inputs_embeds"].shape[-1] == 16 for bucket in buckets)


def test_the_tokenizer_says_what_the_model_reads(tiny_model: Any) -> None:
    tokenizer = SimpleNamespace(model_input_names=["input_ids", "token_type_ids", "attention_mask"])
    model = prepared(tiny_model, "full", tokenizer=tokenizer)
    assert model.forward.inputs == {"input_ids", "token_type_ids", "attention_mask"}


def test_every_example_lies_in_one_bucket_long_enough(tiny_model: Any) -> None:
    rows = number_rows(70)
    model = prepared(tiny_model, "full")
    plan, buckets = training_data(model, number_task(), rows, micro_batch=4, rungs_per_epoch=2, seed=0)
    data = scoring_data(model, number_task(), rows)
    assert [bucket.length for bucket in buckets] == list(plan.lengths)
    for several in (buckets, data.buckets):
        assert sorted(position for bucket in several for position in bucket.positions) == list(range(70))
        for bucket in several:
            for place, position in enumerate(bucket.positions):
                ids = rows[position]["ids"]
                assert len(ids) <= bucket.length
                assert bucket.tensors["input_ids"][place, : len(ids)].tolist() == ids
    assert [length_of(example) for example in data.examples] == [len(row["ids"]) for row in rows]


def test_padding_goes_no_further_than_the_model_reads(tiny_model: Any) -> None:
    """Lengths are rounded up to a multiple of 4, and a table of positions ends where it ends."""
    rows = [row for row in number_rows(70) if len(row["ids"]) <= 10]
    limit = max(len(row["ids"]) for row in rows)
    assert limit % 4
    model = replace(prepared(tiny_model, "full"), max_length=limit)
    _, buckets = training_data(model, number_task(), rows, micro_batch=4, rungs_per_epoch=2, seed=0)
    for several in (buckets, scoring_data(model, number_task(), rows).buckets):
        assert max(bucket.tensors["input_ids"].shape[1] for bucket in several) == limit


def test_one_data_row_is_enough(tiny_model: Any) -> None:
    model = prepared(tiny_model, "full")
    plan, buckets = training_data(
        model, number_task(), number_rows(1), micro_batch=8, rungs_per_epoch=4, seed=0
    )
    assert plan.examples == 1
    assert len(buckets) == 1


def test_a_plugins_mistake_is_reported_as_the_plugins(tiny_model: Any) -> None:
    task = number_task(encode=lambda *_: [Example(row=0, inputs={"input_ids": [1] * 49})])
    with pytest.raises(TaskError, match="an example of 49 tokens"):
        scoring_data(prepared(tiny_model, "full"), task, number_rows(1))


@pytest.mark.parametrize("strategy", ["full", "lora", "frozen"])
def test_a_training_starts_at_the_models_own_weights(strategy: str, tiny_model: Any) -> None:
    model = prepared(tiny_model, strategy)
    training = make_training(
        model, number_task(), number_rows(30), number_rows(9, seed=5), batch_sizes=(4, 8), rungs_per_epoch=2,
        seed=1, metric="accuracy", direction="maximize",
    )  # fmt: skip
    assert training.plan.micro_batch == 4
    assert training.plan.rungs_per_epoch == 2
    trained = {name: p for name, p in model.module.named_parameters() if p.requires_grad}
    assert set(training.layout.shapes) == set(trained)
    for name, columns in training.layout.columns.items():
        assert torch.equal(training.initial[columns], trained[name].detach().flatten())
    assert [len(training.dev.rows), len(training.dev.examples)] == [9, 9]
