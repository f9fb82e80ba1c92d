from __future__ import annotations

import builtins
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from adaptkit.errors import ModelError, TaskError
from adaptkit.models.loading import head_settings, length_limit, load_model, load_tokenizer, reload_model
from adaptkit.system.quiet import quiet
from tests.helpers.models import tiny_config
from tests.helpers.number_task import VOCABULARY, number_task

LABELS = ("a", "b", "c")
HEAD_CLASS = "AutoModelForSequenceClassification"


@pytest.fixture(scope="session")
def wordpiece() -> Any:
    words = {
        word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "harbour"])
    }
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


def test_an_encoder_without_a_head_gets_a_fresh_one(save: Any) -> None:
    loaded = load(save("AutoModel"))
    assert loaded.newly_initialized == {"classifier.weight", "classifier.bias"}
    assert loaded.module.config.id2label == dict(enumerate(LABELS))
    assert loaded.module.config.label2id == {"a": 0, "b": 1, "c": 2}
    assert not loaded.module.training
    assert {p.dtype for p in loaded.module.parameters()} == {torch.float32}


def test_a_pooler_that_no_checkpoint_held_is_fresh_too(save: Any) -> None:
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


def test_what_is_fresh_depends_on_the_seed_only(save: Any) -> None:
    folder = save("AutoModel")
    one, same, other = (load(folder, seed=seed).module.classifier.weight for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_a_fine_tuned_checkpoint_with_other_labels_gets_a_fresh_head(save: Any) -> None:
    folder = save("AutoModelForSequenceClassification")
    loaded = load(folder)
    assert loaded.module.classifier.out_features == 3
    assert loaded.newly_initialized == {"classifier.weight", "classifier.bias"}, (
        "the pooler was in the checkpoint"
    )
    kept = transformers.AutoModel.from_pretrained(folder).state_dict()
    assert torch.equal(loaded.module.bert.pooler.dense.weight, kept["pooler.dense.weight"])


def test_a_model_loads_back_whole_or_not_at_all(save: Any) -> None:
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
def test_a_configuration_that_is_none(content: str, save: Any) -> None:
    folder = save("AutoModel")
    (folder / "config.json").write_text(content)
    with pytest.raises(ModelError, match="cannot load the model"):
        load(folder)


def test_a_broken_tokenizer(save: Any) -> None:
    folder = save("AutoModel")
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="cannot load the model"):
        load(folder)


class Boom:
    """Pickled, it writes a file where it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.marker, "ran"))


def test_pickled_weights_are_never_opened(save: Any, tmp_path: Path) -> None:
    folder, marker = save("AutoModel"), tmp_path / "marker"
    (folder / "model.safetensors").unlink()
    torch.save({"pooler.dense.weight": Boom(marker)}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"holds no \.safetensors file.*pickled weights are not read"):
        load(folder)
    assert not marker.exists()


@pytest.fixture
def yes_man(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A user who answers every question with yes; what was asked."""
    asked: list[str] = []

    def answer(prompt: str = "") -> str:
        asked.append(prompt)
        return "y"

    monkeypatch.setattr(builtins, "input", answer)
    return asked


@pytest.mark.parametrize("model_type", ["bert", "harbour"])
def test_code_that_comes_with_a_model_is_never_run(
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
    if model_type == "bert":  # transformers has a class of its own for it, and for its tokenizer a fallback
        load(folder)
    else:
        with pytest.raises(ModelError, match="cannot load the model"):
            load(folder)
    assert not marker.exists()
    assert yes_man == []


def test_a_head_there_is_none_of(save: Any) -> None:
    with pytest.raises(TaskError, match="asks for the head 'regression'"):
        load(save("AutoModel"), "regression")


def test_a_model_that_has_no_such_head(save: Any) -> None:
    folder = save("AutoModel", "modernbert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "vit"}))
    with pytest.raises(ModelError, match="cannot load the model"):
        load(folder, "multiple-choice")


# How much it reads.


def test_more_tokens_than_the_model_reads_are_refused(save: Any) -> None:
    folder = save("AutoModel")
    assert load(folder).max_length == 48
    assert load(folder, max_length=20).max_length == 20
    assert load(folder, max_length=48).max_length == 48
    with pytest.raises(ModelError, match=r"max length 49 .*at most 48 tokens.*--max-length"):
        load(folder, max_length=49)


def test_roberta_reads_two_positions_fewer(save: Any, tiny_model: Any, wordpiece: Any) -> None:
    module = tiny_model("roberta").module
    limit = length_limit(module, wordpiece)
    assert limit == 48 - 1 - module.config.pad_token_id
    ids = torch.full((1, limit), 7)
    assert module(input_ids=ids).logits.isfinite().all()
    with pytest.raises((IndexError, RuntimeError), match="out of"):
        module(input_ids=torch.full((1, limit + 1), 7))


def test_the_tokenizers_own_limit_counts(tiny_model: Any, wordpiece: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(wordpiece, "model_max_length", 32)
    assert length_limit(tiny_model("bert").module, wordpiece) == 32


def test_a_long_model_is_given_512_unless_told(save: Any) -> None:
    folder = save("AutoModel", "distilbert")
    config = json.loads((folder / "config.json").read_text())
    config["max_position_embeddings"] = 600
    with quiet():
        transformers.AutoModel.from_config(transformers.DistilBertConfig(**config)).save_pretrained(folder)
    assert load(folder).max_length == 512
    assert load(folder, max_length=600).max_length == 600


# Tokenizers.


def byte_level(*, nested: bool) -> Any:
    tokens = ["<s>", "<pad>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    stage = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(), stage]) if nested else stage
    tokenizer.decoder = decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", cls_token="<s>", sep_token="</s>"
    )


@pytest.mark.parametrize("nested", [False, True])
def test_a_byte_level_tokenizer_reads_words_as_after_a_space_and_is_saved_so(
    nested: bool, tmp_path: Path
) -> None:
    byte_level(nested=nested).save_pretrained(tmp_path / "plain")

    def tokens(tokenizer: Any) -> list[str]:
        found: list[str] = tokenizer(["tea", "in"], is_split_into_words=True).tokens()
        return found

    plain = load_tokenizer(str(tmp_path / "plain"), "plain", word_level=False)
    assert "Ġ" not in tokenizer_text(plain, "tea")
    spaced = load_tokenizer(str(tmp_path / "plain"), "plain", word_level=True)
    assert tokens(spaced) == ["Ġ", "t", "e", "a", "Ġ", "i", "n"]
    spaced.save_pretrained(tmp_path / "saved")
    again = transformers.AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert tokens(again) == tokens(spaced)
    assert tokens(load_tokenizer(str(tmp_path / "saved"), "saved", word_level=True)) == tokens(spaced)


def tokenizer_text(tokenizer: Any, text: str) -> str:
    return "".join(tokenizer(text).tokens())


def test_another_tokenizer_is_left_as_it_is(wordpiece: Any, tmp_path: Path) -> None:
    wordpiece.save_pretrained(tmp_path)
    before = wordpiece.backend_tokenizer.to_str()
    assert load_tokenizer(str(tmp_path), "x", word_level=True).backend_tokenizer.to_str() == before


# Settings.


def test_labels_name_the_heads_outputs() -> None:
    assert head_settings(number_task(), ("x", "y")) == {
        "id2label": {0: "x", 1: "y"},
        "label2id": {"x": 0, "y": 1},
    }
    assert head_settings(number_task(config_overrides={"num_labels": 1}), ()) == {"num_labels": 1}
    assert len(LABELS) < VOCABULARY
