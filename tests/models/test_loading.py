from __future__ import annotations

import builtins
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from adaptkit.errors import ModelError, TaskError
from adaptkit.models.loading import head_settings, load_model, reload_model
from adaptkit.system.quiet import quiet
from tests.helpers.models import tiny_config
from tests.helpers.number_task import VOCABULARY, number_task

LABELS = ("a", "b", "c")
HEAD_CLASS = "AutoModelForSequenceClassification"


@pytest.fixture(scope="session")
def wordpiece() -> Any:
    known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "harbour"]
    known += [f"pier{number}" for number in range(VOCABULARY - len(known))]
    words = {word: number for number, word in enumerate(known)}
    tokenizer = Tokenizer(models.WordPiece(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )


@pytest.fixture
def save(wordpiece: Any, tmp_path: Path) -> Callable[..., Path]:
    """``(model class, family) -> folder`` with a tiny model, two labels and its tokenizer."""

    def make(kind: str, family: str = "bert") -> Path:
        folder = tmp_path / f"{kind}-{family}"
        torch.manual_seed(1)
        config = tiny_config(family)
        config.num_labels = 2
        with quiet():
            getattr(transformers, kind).from_config(config).save_pretrained(folder)
        wordpiece.save_pretrained(folder)
        return folder

    return make


def load(folder: Path | str, head: str = "sequence-classification", **settings: Any) -> Any:
    options = {"seed": 0, "max_length": None, **settings}
    return load_model(number_task(head), str(folder), LABELS, **options)


def test_an_encoder_without_a_head_gets_a_new_one(save: Any) -> None:
    loaded = load(save("AutoModel"))
    assert loaded.newly_initialized == {"classifier.weight", "classifier.bias"}
    assert loaded.module.config.id2label == dict(enumerate(LABELS))
    assert loaded.module.config.label2id == {"a": 0, "b": 1, "c": 2}
    assert not loaded.module.training
    assert {p.dtype for p in loaded.module.parameters()} == {torch.float32}


def test_a_pooler_that_the_checkpoint_lacks_is_new_too(save: Any) -> None:
    loaded = load(save("AutoModelForMaskedLM"))
    assert loaded.newly_initialized == {
        "classifier.weight", "classifier.bias", "bert.pooler.dense.weight", "bert.pooler.dense.bias"
    }  # fmt: skip


def test_weights_in_half_precision_are_trained_in_float32(save: Any) -> None:
    folder = save("AutoModel")
    model = transformers.AutoModel.from_pretrained(folder)
    with quiet():
        model.half().save_pretrained(folder)
    assert {p.dtype for p in load(folder).module.parameters()} == {torch.float32}


def test_new_parameters_depend_only_on_the_seed(save: Any) -> None:
    folder = save("AutoModel")
    one, same, other = (load(folder, seed=seed).module.classifier.weight for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_a_checkpoint_with_other_labels_gets_a_new_head(save: Any) -> None:
    folder = save("AutoModelForSequenceClassification")
    loaded = load(folder)
    assert loaded.module.classifier.out_features == 3
    assert loaded.newly_initialized == {"classifier.weight", "classifier.bias"}, "not the pooler"
    kept = transformers.AutoModel.from_pretrained(folder).state_dict()
    assert torch.equal(loaded.module.bert.pooler.dense.weight, kept["pooler.dense.weight"])


def test_a_model_is_reloaded_completely_or_not_at_all(save: Any) -> None:
    folder = save("AutoModelForSequenceClassification")
    assert reload_model(folder, HEAD_CLASS, number_task(), LABELS).classifier.out_features == 2
    with pytest.raises(ModelError, match=r"lacks the weights classifier.bias, classifier.weight"):
        reload_model(save("AutoModel"), HEAD_CLASS, number_task(), LABELS)


# What cannot be loaded.


@pytest.mark.parametrize(
    "content",
    ["", "{", "[1, 2]", '"bert"', "{}", '{"model_type": "no-such-kind"}', '{"model_type": 3}',
     '{"model_type": "bert", "hidden_size": "x"}', '{"model_type": "bert", "hidden_size": 0}'],
)  # fmt: skip
def test_an_invalid_configuration_is_an_error(content: str, save: Any) -> None:
    folder = save("AutoModel")
    (folder / "config.json").write_text(content)
    with pytest.raises(ModelError, match="Check the files in the folder") as caught:
        load(folder)
    assert caught.value.code == "cannot-load"


def test_a_broken_tokenizer_is_an_error(save: Any) -> None:
    folder = save("AutoModel")
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError) as caught:
        load(folder)
    assert caught.value.code == "cannot-load"


class Boom:
    """Writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.marker, "ran"))


def test_pickled_weights_are_never_opened(save: Any, tmp_path: Path) -> None:
    folder, marker = save("AutoModel"), tmp_path / "marker"
    (folder / "model.safetensors").unlink()
    torch.save({"pooler.dense.weight": Boom(marker)}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="pickled weights are not read") as caught:
        load(folder)
    assert caught.value.code == "no-weights"
    assert not marker.exists()


@pytest.fixture
def yes_man(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The questions to a user who answers all of them with yes."""
    asked: list[str] = []

    def answer(prompt: str = "") -> str:
        asked.append(prompt)
        return "y"

    monkeypatch.setattr(builtins, "input", answer)
    return asked


@pytest.mark.parametrize("model_type", ["bert", "harbour"])
def test_code_that_is_part_of_a_model_is_never_run(
    model_type: str, save: Any, tmp_path: Path, yes_man: list[str]
) -> None:
    folder, marker = save("AutoModel"), tmp_path / "marker"
    (folder / "harbour.py").write_text(
        f"from pathlib import Path\nPath({str(marker)!r}).write_text('ran')\n"
        "from transformers import BertConfig as HarbourConfig, BertModel as HarbourModel\n"
        "from transformers import BertForSequenceClassification as HarbourHead\n"
        "from transformers import BertTokenizerFast as HarbourTokenizer\n"
    )
    for name, classes in (
        ("config.json", {"AutoConfig": "harbour.HarbourConfig", "AutoModel": "harbour.HarbourModel",
                         "AutoModelForSequenceClassification": "harbour.HarbourHead"}),
        ("tokenizer_config.json", {"AutoTokenizer": [None, "harbour.HarbourTokenizer"]}),
    ):  # fmt: skip
        content = json.loads((folder / name).read_text())
        content["auto_map"] = classes
        if name == "config.json":
            content["model_type"] = model_type
        else:
            content["tokenizer_class"] = "HarbourTokenizer"
        (folder / name).write_text(json.dumps(content))
    if model_type == "bert":  # transformers has its own class for it, and a fallback for its tokenizer
        load(folder)
    else:
        with pytest.raises(ModelError) as caught:
            load(folder)
        assert caught.value.code == "cannot-load"
    assert not marker.exists()
    assert yes_man == []


def test_an_unknown_head_is_refused(save: Any) -> None:
    with pytest.raises(TaskError, match="'regression'") as caught:
        load(save("AutoModel"), "regression")
    assert caught.value.code == "unknown-head"


def test_a_model_that_has_no_such_head(save: Any) -> None:
    folder = save("AutoModel", "modernbert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "vit"}))
    with pytest.raises(ModelError) as caught:
        load(folder, "multiple-choice")
    assert caught.value.code == "cannot-load"


# How much it can read.


def test_more_tokens_than_the_model_reads_are_refused(save: Any) -> None:
    folder = save("AutoModel")
    assert load(folder).max_length == 48
    assert load(folder, max_length=20).max_length == 20
    assert load(folder, max_length=48).max_length == 48
    with pytest.raises(ModelError, match=r"49 .*at most 48 tokens.*--max-length"):
        load(folder, max_length=49)


def test_a_long_model_reads_512_tokens_by_default(save: Any) -> None:
    folder = save("AutoModel", "distilbert")
    config = json.loads((folder / "config.json").read_text())
    config["max_position_embeddings"] = 600
    with quiet():
        transformers.AutoModel.from_config(transformers.DistilBertConfig(**config)).save_pretrained(folder)
    assert load(folder).max_length == 512
    assert load(folder, max_length=600).max_length == 600


# Settings.


def test_labels_name_the_heads_outputs() -> None:
    named = {"id2label": {0: "x", 1: "y"}, "label2id": {"x": 0, "y": 1}}
    assert head_settings(number_task(), ("x", "y")) == named
    assert head_settings(number_task(config_overrides={"num_labels": 1}), ()) == {"num_labels": 1}
    assert len(LABELS) < VOCABULARY
