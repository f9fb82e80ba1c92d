from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.evaluate import predict_rows, score
from adaptkit.engine.prepare import prepare_model, scoring_data
from adaptkit.errors import Interrupted, TrialDiverged, TrialError, TrialOutOfMemory
from adaptkit.strategies.registry import built_in
from adaptkit.task import Example, Metric, Row, Scores
from tests.helpers.number_task import number_rows, number_task
from tests.helpers.populations import allocate_too_much, filled_stack, greedy_above, make_training

WINDOW = 12


def computing(compute: Any) -> Any:
    return number_task(metric=Metric(name="accuracy", direction="maximize", compute=compute))


def test_a_metric_that_raises_is_named() -> None:
    def broken(predictions: Any, rows: Any) -> Scores:
        raise ZeroDivisionError("no prediction at all")

    with pytest.raises(
        TrialError, match="the metric of task 'numbers' failed: ZeroDivisionError: no prediction at all"
    ):
        score(computing(broken), [], [], "accuracy")


@pytest.mark.parametrize(
    "given",
    [
        None,
        0.5,
        torch.tensor(0.5),
        {"accuracy": 0.5},
        Scores(values={"f1": 0.5}),
        Scores(values=None),  # type: ignore[arg-type]
        Scores(values={"accuracy": 1.0}, groups=None),  # type: ignore[arg-type]
        Scores(values={"accuracy": 1.0}, groups={"PER": 0.9}),  # type: ignore[dict-item]
    ],
)
def test_a_metric_that_gives_something_else_is_named(given: Any) -> None:
    with pytest.raises(TrialError, match="the metric of task 'numbers' gave no 'accuracy' but"):
        score(computing(lambda *_: given), [], [], "accuracy")


NO_NUMBERS = [
    None, "much", "0.5", [0.5], torch.ones(2), torch.tensor(0.5), True, np.bool_(True), 10**400, 10**5000,
]  # fmt: skip


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: type(value).__name__)
def test_a_score_that_is_no_number_is_named(value: Any) -> None:
    for scores in (
        Scores(values={"accuracy": value}),
        Scores(values={"accuracy": 1.0, "f1": value}),
        Scores(values={"accuracy": 1.0}, groups={"x": {"f1": value}}),
    ):
        with pytest.raises(
            TrialError, match=r"the metric of task 'numbers' gave (accuracy|f1) = .*, no number"
        ):
            score(computing(lambda *_, scores=scores: scores), [], [], "accuracy")


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_score_that_is_not_finite_is_no_score(value: float) -> None:
    with pytest.raises(TrialError, match=f"the metric of task 'numbers' gave accuracy = {value}"):
        score(computing(lambda *_: Scores(values={"accuracy": value})), [], [], "accuracy")


def test_other_numbers_that_are_not_finite_are_left_out() -> None:
    given = Scores(
        values={"accuracy": np.float32(0.5), "f1": math.nan},
        groups={"x": {"f1": math.inf, "support": np.int64(3)}},
    )
    scores = score(computing(lambda *_: given), [], [], "accuracy")
    assert scores.values == {"accuracy": 0.5}
    assert type(scores.values["accuracy"]) is float
    assert scores.groups == {"x": {"support": 3.0}}


def parameters(training: Any, count: int) -> dict[str, torch.Tensor]:
    return filled_stack(training, count).parameters(0, count)


def test_outputs_that_are_not_finite_fail_their_slot_only(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(12))
    slots = filled_stack(training, 3)
    healthy = predict_rows(
        training.forward, slots.parameters(0, 3), training.dev, BatchLimits(slots=3, examples=4)
    )
    slots.theta[1, training.layout.columns["classifier.bias"]] = math.nan
    found = predict_rows(
        training.forward, slots.parameters(0, 3), training.dev, BatchLimits(slots=3, examples=4)
    )
    assert isinstance(found[1], TrialDiverged)
    assert found[0] == healthy[0]
    assert found[2] == healthy[2]
    assert found[0] != found[2], "the slots are different models"


@pytest.mark.parametrize("part", ["decode", "merge_windows"])
def test_a_part_of_the_task_that_raises_is_named(part: str, tiny_model: Any) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("harbour")

    training = make_training(
        tiny_model("bert"), "full", "token-classification", number_rows(12), **{part: broken}
    )
    found = predict_rows(
        training.forward, parameters(training, 2), training.dev, BatchLimits(slots=2, examples=4)
    )
    assert [str(one) for one in found] == [f"task 'numbers': {part} failed: KeyError: 'harbour'."] * 2
    assert all(isinstance(one, TrialError) for one in found)


def test_a_decode_that_leaves_pieces_out_is_named(tiny_model: Any) -> None:
    training = make_training(
        tiny_model("bert"), "full", "token-classification", number_rows(12),
        decode=lambda outputs, examples, labels: [0] * (len(examples) - 1),
    )  # fmt: skip
    (found,) = predict_rows(
        training.forward, parameters(training, 1), training.dev, BatchLimits(slots=1, examples=4)
    )
    assert isinstance(found, TrialError)
    assert "task 'numbers': decode failed" in str(found)


def in_windows(rows: Sequence[Row], tokenizer: Any, labels: Any, limit: int) -> list[Example]:
    """Windows of a row, the short rest of it first, so that a row's windows are in several buckets."""
    examples = []
    for position, row in enumerate(rows):
        ids = row["ids"]
        starts = [0, *range(len(ids) % WINDOW or WINDOW, len(ids), WINDOW)]
        for start, stop in zip(starts, [*starts[1:], len(ids)], strict=True):
            inputs = {"input_ids": ids[start:stop], "attention_mask": [1] * (stop - start)}
            examples.append(Example(row=position, inputs=inputs, info=start))
    return examples


def best_of_each(outputs: Mapping[str, Any], examples: Sequence[Example], labels: Any) -> list[Any]:
    best = outputs["logits"].argmax(-1)
    return [
        (example.info, row[: len(example.inputs["input_ids"])].tolist())
        for row, example in zip(best, examples, strict=True)
    ]


def joined(row: Row, pieces: Sequence[Any]) -> list[int]:
    assert [start for start, _ in pieces] == sorted(start for start, _ in pieces)
    return [tag for _, tags in pieces for tag in tags]


def test_windows_in_several_buckets_are_merged_in_order(tiny_model: Any) -> None:
    task = number_task(encode=in_windows, decode=best_of_each, merge_windows=joined)
    model = prepare_model(task, tiny_model("bert"), (), built_in("full", 4), device="cpu", bfloat16=False)
    rows = number_rows(40, seed=8)
    data = scoring_data(model, task, rows)
    lengths_of: dict[int, set[int]] = {}
    for bucket in data.buckets:
        for position in bucket.positions:
            lengths_of.setdefault(data.examples[position].row, set()).add(bucket.length)
    assert sum(len(lengths) > 1 for lengths in lengths_of.values()) > 10
    (found,) = predict_rows(model.forward, {}, data, BatchLimits(slots=1, examples=4))
    assert not isinstance(found, TrialError)
    for row, tags in zip(rows, found, strict=True):
        expected = []
        for example in in_windows([row], None, (), 48):
            logits = model.module(input_ids=torch.tensor([example.inputs["input_ids"]])).logits
            expected += logits[0].argmax(-1).tolist()
        assert tags == expected


def test_no_data_row_gives_no_prediction(tiny_model: Any) -> None:
    model = prepare_model(
        number_task(), tiny_model("bert"), (), built_in("full", 4), device="cpu", bfloat16=False
    )
    data = scoring_data(model, number_task(), [])
    assert predict_rows(model.forward, {}, data, BatchLimits(slots=1, examples=4)) == [[]]


def test_out_of_memory_makes_scoring_batches_smaller_only(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(12))
    several = parameters(training, 3)
    expected = predict_rows(training.forward, several, training.dev, BatchLimits(slots=3, examples=4))
    limits = BatchLimits(slots=3, examples=4)
    hook = greedy_above(training.forward.module, 1)
    found = predict_rows(training.forward, several, training.dev, limits)
    hook.remove()
    assert found == expected
    assert limits.times_shrunk > 0
    assert (limits.slots, limits.examples) == (3, 4), "training is not cut finer for it"


def test_scoring_where_nothing_fits_fails_the_slots_and_ends(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(12))
    greedy_above(training.forward.module, 0)
    limits = BatchLimits(slots=2, examples=4)
    found = predict_rows(training.forward, parameters(training, 3), training.dev, limits)
    assert [type(one) for one in found] == [TrialOutOfMemory] * 3
    assert limits.slots == 1


def test_another_error_of_the_model_is_not_taken_for_memory(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(12))

    def broken(*_: Any) -> None:
        raise RuntimeError("a matrix of the wrong size")

    training.forward.module.register_forward_pre_hook(broken)
    with pytest.raises(RuntimeError, match="wrong size"):
        predict_rows(
            training.forward, parameters(training, 1), training.dev, BatchLimits(slots=1, examples=4)
        )
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        allocate_too_much()


def test_whoever_watches_may_end_it_after_any_batch(tiny_model: Any) -> None:
    training = make_training(tiny_model("bert"), "full", "token-classification", number_rows(12))
    calls = []

    def enough() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise Interrupted(15)

    parameters = filled_stack(training, 2).parameters(0, 2)
    small = BatchLimits(slots=1, examples=1, scoring_shrink=2**14)  # a batch an example
    with pytest.raises(Interrupted):
        predict_rows(training.forward, parameters, training.dev, small, enough)
    assert len(calls) == 2
