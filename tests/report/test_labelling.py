"""The lines that make labels of logits are run on tiny exported models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adaptkit.models.pooled_head import PooledHead
from adaptkit.report.labelling import TASKS_OWN, are_labels
from adaptkit.report.loading import loading_lines
from adaptkit.study.record import StudySummary
from tests.helpers.studies import ner_summary

LABELS = ("food", "price", "staff")
SUMMARY = replace(
    ner_summary(), head="sequence-classification", labels=LABELS, pooling="mean", strategy="full",
    saved_as="model", gives="labels", max_length=4,
)  # fmt: skip


def config_of(**changes: Any) -> Any:
    import transformers

    names = dict(enumerate(LABELS))
    return transformers.BertConfig(
        vocab_size=7, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        id2label=names, label2id={name: place for place, name in names.items()}, **changes,
    )  # fmt: skip


def tokenizer_in(folder: Path) -> Any:
    import transformers

    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "text"]))
    tokenizer = transformers.BertTokenizer(str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    return tokenizer


def run(summary: StudySummary, calibration: dict[str, float]) -> dict[str, Any]:
    """What the lines assign."""
    found: dict[str, Any] = {}
    lines = loading_lines(summary, calibration)
    assert max(map(len, lines)) <= 76 or str(summary.model_folder) in "".join(lines)
    exec("\n".join(lines), found)
    return found


def expected(logits: Any, threshold: float | None) -> list[Any]:
    """The labels of the logits ``[texts, labels]``: the most probable one without a threshold."""
    import torch

    probabilities = torch.as_tensor(logits).sigmoid().tolist()
    if threshold is None:
        return [LABELS[max(range(3), key=one.__getitem__)] for one in probabilities]
    return [
        [name for name, part in zip(LABELS, one, strict=True) if part >= threshold] for one in probabilities
    ]


CASES = [("label", {}, None), ("labels", {"threshold": 0.45}, 0.45)]


@pytest.mark.parametrize(("gives", "calibration", "threshold"), CASES)
def test_the_lines_label_a_text_with_transformers(
    gives: str, calibration: dict[str, float], threshold: float | None, tmp_path: Path
) -> None:
    import torch
    import transformers

    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification(config_of()).eval()
    model.classifier.weight.data *= 30
    model.save_pretrained(tmp_path)
    tokenizer_in(tmp_path)
    study = replace(SUMMARY, pooling="checkpoint", gives=gives, model_folder=str(tmp_path))
    found = run(study, calibration)
    logits = model(torch.tensor([[2, 5, 6, 3]])).logits
    assert found["labels"] == expected(logits, threshold)


@pytest.mark.parametrize(("gives", "calibration", "threshold"), CASES)
def test_the_lines_label_a_text_with_sentence_transformers(
    gives: str, calibration: dict[str, float], threshold: float | None, tmp_path: Path
) -> None:
    pytest.importorskip("sentence_transformers")
    import torch
    import transformers

    from adaptkit.export.sentence_transformers import write_modules

    torch.manual_seed(0)
    encoder, head = transformers.BertModel(config_of()).eval(), PooledHead("mean", 8, 3, 0.0)
    encoder.save_pretrained(tmp_path)
    write_modules(tmp_path, head, tokenizer_in(tmp_path), 16)
    study = replace(SUMMARY, gives=gives, model_folder=str(tmp_path))
    found = run(study, calibration)
    pooled = encoder(torch.tensor([[2, 5, 6, 3]])).last_hidden_state.mean(1)
    assert found["labels"] == expected(head.out(pooled).detach(), threshold)


@pytest.mark.parametrize(
    ("gives", "labels", "calibration", "known"),
    [
        ("label", LABELS, {}, True),
        ("labels", LABELS, {"threshold": 0.2}, True),
        ("label", LABELS, {"threshold": 0.2}, False),
        ("labels", LABELS, {"scale": 0.2}, False),
        ("labels", LABELS, {}, False),
        ("label", (), {}, False),
        ("other", LABELS, {}, False),
        ("", LABELS, {}, False),
    ],
)
def test_labels_are_made_only_where_it_is_known_how(
    gives: str, labels: tuple[str, ...], calibration: dict[str, float], known: bool
) -> None:
    study = replace(SUMMARY, gives=gives, labels=labels)
    assert are_labels(study, calibration) == known
    for pooling in ("checkpoint", "mean"):
        lines = loading_lines(replace(study, pooling=pooling), calibration)
        assert any(line.startswith("labels = ") for line in lines) == known
        own = TASKS_OWN in lines or "model = adaptkit.load(folder)" in lines
        assert own != known


def test_texts_are_cut_where_the_model_was_trained_to() -> None:
    lines = "\n".join(loading_lines(replace(SUMMARY, pooling="checkpoint"), {"threshold": 0.5}))
    assert "max_length=4" in lines
    assert not are_labels(replace(SUMMARY, max_length=0), {"threshold": 0.5})  # of an earlier version


@pytest.mark.parametrize(("pooling", "said"), [("mean", True), ("checkpoint", False), ("pair", False)])
def test_what_transformers_reports_is_explained(pooling: str, said: bool) -> None:
    lines = "\n".join(loading_lines(replace(SUMMARY, pooling=pooling), {}))
    assert ("an unexpected head and a missing pooler" in lines) == said


@pytest.mark.parametrize("pooling", ["mean", "pair"])
def test_a_task_on_two_texts_is_shown_two(pooling: str) -> None:
    lines = loading_lines(replace(SUMMARY, gives="pair", pooling=pooling), {})
    assert lines[-1] == 'model.predict(["a text ||| another text"])'
