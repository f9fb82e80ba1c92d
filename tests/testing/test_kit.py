"""Healthy tasks pass the conformance kit; a defect is told by name, with its value and how to mend it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from transformers import DataCollatorForTokenClassification

from adaptkit import Example, Metric, Row, Scores, Task, cross_entropy
from adaptkit.testing import Finding, assert_conforms, check
from adaptkit.testing.kit import CHECKS
from tests.helpers.mood_tasks import (
    ACCURACY,
    CLASSIFIED,
    TAGGED,
    classifying,
    encode_texts,
    share_right,
    tagging,
)


def failures(task: Task, rows: Sequence[Row] | None) -> dict[str, Finding]:
    """The checks that fail, by name."""
    return {one.check: one for one in check(task, rows) if one.state == "failed"}


def only_failure(task: Task, rows: Sequence[Row]) -> Finding:
    """The one check that fails: a defect is told once, not by all that comes after it."""
    (finding,) = failures(task, rows).values()
    assert finding.problem
    assert finding.fix.endswith(".")
    return finding


class LearntPooling(torch.nn.Module):
    """A head of an author's own: the tokens' states, weighed by scores that are learnt."""

    def __init__(self, width: int, labels: int) -> None:
        super().__init__()
        self.score = torch.nn.Linear(width, 1)
        self.classify = torch.nn.Linear(width, labels)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        scores = self.score(hidden).masked_fill(mask.unsqueeze(-1) == 0, -1e9)  # [batch, tokens, 1]
        logits: torch.Tensor = self.classify((scores.softmax(1) * hidden).sum(1))  # [batch, labels]
        return logits


def own_head(config: Any, labels: Sequence[str]) -> torch.nn.Module:
    return LearntPooling(config.hidden_size, len(labels))


@pytest.mark.parametrize(
    ("task", "rows"),
    [(classifying(), CLASSIFIED), (tagging(), TAGGED), (classifying(head=own_head), CLASSIFIED)],
    ids=["a class for each text", "a tag for each word", "a head of its own"],
)
def test_a_healthy_task_passes(task: Task, rows: Sequence[Row]) -> None:
    found = check(task, rows)
    assert [one.check for one in found] == list(CHECKS)
    assert [one for one in found if one.state == "failed"] == []
    skipped = {one.check for one in found if one.state == "skipped"}
    assert skipped <= {"sample", "collator: padded labels", "parse and present"}
    json.dumps([dataclasses.asdict(one) for one in found])


def test_a_loss_already_reduced() -> None:
    def mean(outputs: Any, batch: Any) -> Any:
        losses, weights = cross_entropy(outputs, batch)
        return (losses * weights).sum() / weights.sum(), torch.ones(())

    finding = only_failure(classifying(loss=mean), CLASSIFIED)
    assert finding.check == "loss: un-reduced"
    assert "losses of shape [] and weights of shape []" in finding.problem
    assert "expected both [12, ...]" in finding.problem
    assert "reduction='none'" in finding.fix


def test_weights_that_count_padding() -> None:
    def every_token(outputs: Any, batch: Any) -> Any:
        losses, _ = cross_entropy(outputs, batch)
        return losses, torch.ones_like(losses)

    finding = only_failure(tagging(loss=every_token), TAGGED)
    assert finding.check == "loss: padding"
    assert "the sum of weights is" in finding.problem
    assert "with 16 tokens of padding more" in finding.problem
    assert "(labels != -100)" in finding.fix


@pytest.mark.parametrize("task", ["error", "accuracy"])
def test_a_metric_with_the_wrong_direction(task: str) -> None:
    def error(predictions: Any, rows: Any) -> Scores:
        return Scores(values={"error": 1 - share_right(predictions, rows).values["accuracy"]})

    wrong = {
        "error": Metric(name="error", direction="maximize", compute=error),
        "accuracy": dataclasses.replace(ACCURACY, direction="minimize"),
    }[task]
    finding = only_failure(classifying(metric=wrong), CLASSIFIED)
    assert finding.check == "metric"
    assert f"its direction is '{wrong.direction}'" in finding.problem
    assert f"expected a better {task} for the better model" in finding.problem
    assert "direction in Metric" in finding.fix


def padded_to_the_longest(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
    batch = tokenizer([row["text"] for row in rows], truncation=True, max_length=limit, padding=True)
    examples = encode_texts(rows, tokenizer, labels, limit)
    return [
        dataclasses.replace(one, inputs={**one.inputs, **{name: batch[name][one.row] for name in batch}})
        for one in examples
    ]


def numbered_as_they_come(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
    numbers: dict[str, int] = {}
    return [
        dataclasses.replace(
            one, inputs={**one.inputs, "labels": numbers.setdefault(row["label"], len(numbers))}
        )
        if "label" in row
        else one
        for one, row in zip(encode_texts(rows, tokenizer, labels, limit), rows, strict=True)
    ]


@pytest.mark.parametrize(
    ("encode", "name"), [(padded_to_the_longest, "input_ids"), (numbered_as_they_come, "labels")]
)
def test_an_encode_that_depends_on_the_order_of_rows(encode: Any, name: str) -> None:
    found = failures(classifying(encode=encode), CLASSIFIED)
    finding = found["encode: order of rows"]
    assert f"encoded alone gives other inputs: {name} is" in finding.problem
    assert "Make encode work on each row for itself" in finding.fix


def test_a_collator_that_pads_labels_with_0() -> None:
    def collator(tokenizer: Any, pad_to_multiple_of: int | None = None) -> Any:
        return DataCollatorForTokenClassification(
            tokenizer, pad_to_multiple_of=pad_to_multiple_of, label_pad_token_id=0
        )

    finding = only_failure(tagging(collator=collator), TAGGED)
    assert finding.check == "collator: padded labels"
    assert "pads labels with 0" in finding.problem
    assert "expected a value that the loss ignores, such as -100" in finding.problem
    assert "Pad answers with -100" in finding.fix


class ForgetfulHead(LearntPooling):
    """Keeps some of its numbers where neither an optimiser nor a checkpoint looks."""

    def __init__(self, width: int, labels: int) -> None:
        super().__init__(width, labels)
        self.scales = [torch.randn(width), torch.randn(width)]

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return super().forward(hidden * self.scales[0] + self.scales[1], mask)


class HeadWithAPassingBuffer(LearntPooling):
    """The same mistake by way of a buffer."""

    def __init__(self, width: int, labels: int) -> None:
        super().__init__(width, labels)
        self.register_buffer("scales", torch.randn(width), persistent=False)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return super().forward(hidden * self.scales, mask)


@pytest.mark.parametrize("head", [ForgetfulHead, HeadWithAPassingBuffer])
def test_a_head_whose_parameters_are_not_all_saved(head: Callable[[int, int], torch.nn.Module]) -> None:
    task = classifying(head=lambda config, labels: head(config.hidden_size, len(labels)))
    found = failures(task, CLASSIFIED)
    assert set(found) == {"save and load: full", "save and load: lora", "save and load: frozen"}
    for finding in found.values():
        assert "the exported model's logits differ from the trial's" in finding.problem
        assert "the head keeps scales where no checkpoint looks" in finding.problem
        assert "torch.nn.Parameter" in finding.fix


def test_a_loss_that_looks_at_a_value() -> None:
    def focal(outputs: Any, batch: Any) -> Any:
        losses, weights = cross_entropy(outputs, batch)
        return (losses * 2 if losses.max().item() > 1 else losses), weights

    finding = failures(classifying(loss=focal), CLASSIFIED)["loss: many trials at once"]
    assert "does not run under torch.func.vmap" in finding.problem
    assert ".item()" in finding.fix


def test_a_loss_divided_by_what_is_in_the_batch() -> None:
    def divided(outputs: Any, batch: Any) -> Any:
        losses, weights = cross_entropy(outputs, batch)
        return losses / weights.sum(), weights

    finding = only_failure(tagging(loss=divided), TAGGED)
    assert finding.check == "loss: batch in parts"
    assert "over the same examples in batches of 3" in finding.problem


def test_rows_that_cannot_be_learnt_by_heart() -> None:
    """Every text has every label."""
    rows = [{**row, "label": label} for row in CLASSIFIED for label in ("glad", "sad")]
    finding = only_failure(classifying(), rows)
    assert finding.check == "learning by heart"
    assert "the mean loss went from" in finding.problem


def test_an_encode_without_truncation() -> None:
    def endless(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
        return encode_texts(rows, tokenizer, labels, 10**6)

    finding = only_failure(classifying(encode=endless), CLASSIFIED)
    assert finding.check == "hostile rows"
    assert "1,000 words as text" in finding.problem
    assert "at most max_length = 64" in finding.problem


def test_texts_that_are_paired_at_full_length() -> None:
    def paired(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
        texts, others = ([row[name] for row in rows] for name in ("text", "other"))
        batch = tokenizer(texts, others, truncation="longest_first", max_length=limit)
        pairs = [{name: batch[name][position] for name in batch} for position in range(len(rows))]
        return [
            dataclasses.replace(example, inputs={**example.inputs, **pair})
            for example, pair in zip(encode_texts(rows, tokenizer, labels, limit), pairs, strict=True)
        ]

    rows = [{**row, "other": row["text"]} for row in CLASSIFIED]
    task = classifying(encode=paired, parse=lambda text: {"text": text, "other": text})
    finding = only_failure(task, rows)
    assert finding.check == "hostile rows"
    assert "1,000 words as text and other took" in finding.problem
    assert "adaptkit.shortened(texts, tokenizer, max_length)" in finding.fix


def test_a_plugin_that_fails_on_a_row_it_has_let_through() -> None:
    def with_first_word(row: Row) -> Row:
        return {**row, "first": row["text"].split()[0]}

    finding = only_failure(classifying(prepare=with_first_word), CLASSIFIED)
    assert finding.check == "hostile rows"
    assert "an empty text as text: prepare failed: IndexError" in finding.problem
    assert "Refuse such a row in prepare with ValueError" in finding.fix


def test_a_decode_that_looks_at_its_neighbours() -> None:
    def relative(outputs: Any, examples: Sequence[Example], labels: Sequence[str]) -> list[str]:
        logits = outputs["logits"] - outputs["logits"].mean(0)
        return [labels[best] for best in logits.argmax(-1).tolist()]

    finding = failures(classifying(decode=relative), CLASSIFIED)["decode"]
    assert "decoded alone gives" in finding.problem
    assert "the example's own entry" in finding.fix


def test_a_prediction_that_is_no_json() -> None:
    def present(row: Row, prediction: Any) -> dict[str, Any]:
        return {"label": prediction, "length": np.int64(len(row["text"]))}

    finding = only_failure(classifying(present=present), CLASSIFIED)
    assert finding.check == "parse and present"
    assert "which is no JSON" in finding.problem
    assert ".tolist()" in finding.fix


def test_labels_of_rows_to_be_predicted() -> None:
    def with_a_stand_in(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
        return encode_texts([{"label": labels[0], **row} for row in rows], tokenizer, labels, limit)

    finding = only_failure(classifying(encode=with_a_stand_in), CLASSIFIED)
    assert finding.check == "encode: rows to be predicted"
    assert "without ['label'] has labels = 0" in finding.problem


def test_an_encode_that_wants_token_types() -> None:
    def typed(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
        tokenizer([row["text"] for row in rows])["token_type_ids"]
        return encode_texts(rows, tokenizer, labels, limit)

    finding = only_failure(classifying(encode=typed), CLASSIFIED)
    assert finding.check == "encode: byte-level tokenizer"
    assert "'token_type_ids'" in finding.problem
    assert "(test_kit.py:" in finding.problem, "the plugin's own line, not the library's"


def test_outputs_that_the_head_does_not_give() -> None:
    finding = only_failure(classifying(outputs=("start_logits",)), CLASSIFIED)
    assert finding.check == "outputs"
    assert "the model gives no output 'start_logits'" in finding.problem


def test_a_row_that_lacks_a_column() -> None:
    (finding,) = failures(classifying(), [*CLASSIFIED, {"text": "a row without its mood"}]).values()
    assert finding.check == "rows"
    assert "row 13: no column 'label'; the columns are 'text'" in finding.problem
    assert "the task's own names for columns" in finding.fix


def test_neither_rows_nor_a_sample() -> None:
    found = check(classifying())
    assert [one.check for one in found if one.state == "failed"] == ["rows"]
    assert "has no sample, and no rows were given" in next(
        one.problem for one in found if one.check == "rows"
    )
    assert {one.state for one in found} == {"passed", "failed", "skipped"}


def test_a_part_of_another_kind_is_told_before_anything_is_called() -> None:
    found = check(classifying(decode=None), CLASSIFIED)
    assert found[0].check == "parts"
    assert "decode is None, expected a callable" in found[0].problem
    assert {one.state for one in found[1:]} == {"skipped"}


def test_the_assertion_lists_every_failure_and_how_to_mend_it() -> None:
    task = classifying(decode=lambda outputs, examples, labels: [], metric=ACCURACY)
    with pytest.raises(AssertionError) as raised:
        assert_conforms(task, CLASSIFIED)
    message = str(raised.value)
    assert message.startswith(f"task 'moods' fails 1 of {len(CHECKS)} checks")
    assert "decode: decode gave 0 pieces for 12 examples; expected one piece for each example" in message
    assert "what makes one of several is merge." in message


def test_the_kit_leaves_the_caller_s_random_numbers_alone() -> None:
    torch.manual_seed(5)
    check(classifying(decode=None), CLASSIFIED)
    found = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(found, torch.rand(1))
