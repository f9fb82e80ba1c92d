"""The kit accepts a head with inputs and new tokens, and finds what never arrives and what nobody takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from tests.helpers.conformance import failures, only_failure
from tests.helpers.mood_tasks import CLASSIFIED, classifying, encode_texts
from tests.helpers.relation_task import RELATED, TwoStates, encode, relating


def with_inputs(encoding: Any, change: Any) -> Any:
    """The encoding with changed inputs."""

    def changed(*arguments: Any) -> Any:
        return [replace(one, inputs=change(dict(one.inputs))) for one in encoding(*arguments)]

    return changed


def test_a_head_with_inputs_and_new_tokens_conforms() -> None:
    assert failures(relating(), RELATED) == {}


def test_a_head_input_that_never_arrives() -> None:
    without = with_inputs(encode, lambda inputs: {n: v for n, v in inputs.items() if n != "places"})
    finding = failures(relating(encode=without), RELATED)["collator"]
    assert "the head is to receive places" in finding.problem
    assert "Example.inputs" in finding.fix


def test_a_tensor_that_nobody_takes() -> None:
    more = with_inputs(encode_texts, lambda inputs: {**inputs, "place": 3})
    finding = only_failure(classifying(encode=more), CLASSIFIED)
    assert finding.check == "tensors that nobody takes"
    assert "nothing takes place" in finding.problem
    assert "Task.head_inputs" in finding.fix


def test_head_inputs_for_a_head_of_transformers() -> None:
    finding = failures(classifying(head_inputs=("place",)), CLASSIFIED)["parts"]
    assert "'sequence-classification' is a head of transformers" in finding.problem


def test_new_tokens_that_occur_nowhere() -> None:
    finding = failures(classifying(new_tokens=("[A]",)), CLASSIFIED)["new tokens"]
    assert "none of them occurs" in finding.problem


def test_tokens_that_a_plugin_adds_by_itself() -> None:
    def adding(rows: Any, tokenizer: Any, labels: Any, limit: int) -> Any:
        tokenizer.add_tokens(["[A]", "[B]"])
        return encode(rows, tokenizer, labels, limit)

    assert failures(relating(new_tokens=(), encode=adding), RELATED)


class Counting(TwoStates):
    """A head that keeps a count of its calls."""

    def __init__(self, width: int, labels: int) -> None:
        super().__init__(width, labels)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.calls += 1  # type: ignore[operator]
        return super().forward(hidden, mask, places)


def test_a_head_with_inputs_that_keeps_a_state() -> None:
    task = relating(head=lambda config, labels: Counting(config.hidden_size, len(labels)))
    finding = failures(task, RELATED)["first rows"]
    assert "changes calls during training" in finding.problem
