"""Model folders that do not fit, or are not safe: one message, exit code 2, and nothing is written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from adaptkit.system.quiet import quiet
from tests.helpers import model_folders as folders
from tests.helpers.program import Answer, called

OUTPUT = "encoder.layer.1.output.dense.weight"


@pytest.fixture
def model(tiny_folder: Path, tmp_path: Path) -> Path:
    """A model folder that may be changed."""
    return folders.copied(tiny_folder, tmp_path / "model")


@pytest.fixture
def tune(model: Path, data_folder: Path, tmp_path: Path) -> Callable[..., Answer]:
    """``(*options) -> Answer`` of a study with the model."""

    def run(*options: object) -> Answer:
        return called(
            "tune", "--task", "text-classification", "--data", data_folder / "text-classification",
            "--model", model, "--device", "cpu", "--trials", 1, "--studies", tmp_path / "studies", *options,
        )  # fmt: skip

    return run


def refused(answer: Answer, *words: str) -> None:
    assert answer.code == 2, answer
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert "report" not in answer.err.lower(), "the fault is not adaptkit's"
    said = " ".join(answer.err.split())
    for word in words:
        assert word in said, said


# Weights that do not fit: by the head of transformers and by a pooled head.

UNFIT: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "another prefix": (
        lambda model: folders.change_weights(model, folders.prefixed("module.")),
        ["lacks", "embeddings.LayerNorm.bias", "it has module."],
    ),
    "prefix of another family": (
        lambda model: folders.change_weights(model, folders.prefixed("roberta.")),
        ["lacks", "it has roberta."],
    ),
    "a missing tensor": (
        lambda model: folders.change_weights(model, folders.without(OUTPUT)),
        ["lacks 1 of", OUTPUT],
    ),
    "two tensors exchanged for others": (
        lambda model: folders.change_weights(
            model,
            lambda weights: {
                key.replace("layer.0.output", "layer.0.exit"): one for key, one in weights.items()
            },
        ),
        ["lacks 4 of", "encoder.layer.0.output.dense.bias", "encoder.layer.0.exit.dense.bias"],
    ),
    "another width": (
        lambda model: folders.set_config(model, hidden_size=16),
        ["[48, 32] instead of [48, 16]"],
    ),
    "another width between": (
        lambda model: folders.set_config(model, intermediate_size=64),
        ["shape", "[48, 32] instead of [64, 32]"],
    ),
    "fewer positions": (
        lambda model: folders.set_config(model, max_position_embeddings=40),
        ["[48, 32] instead of [40, 32]"],
    ),
    "more layers than the file": (
        lambda model: folders.set_config(model, num_hidden_layers=3),
        ["lacks 16 of", "encoder.layer.2."],
    ),
    "fewer layers than the file": (
        lambda model: folders.set_config(model, num_hidden_layers=1),
        ["does not use", "encoder.layer.1.", "--layers"],
    ),
    "another kind of model": (lambda model: folders.set_config(model, model_type="roberta"), ["BertModel"]),
    "a value that is not a number": (
        lambda model: folders.change_weights(model, lambda one: {**one, OUTPUT: one[OUTPUT] * float("nan")}),
        [OUTPUT, "nan"],
    ),
    "a flipped bit of an exponent": (
        lambda model: folders.change_weights(model, lambda one: {**one, OUTPUT: one[OUTPUT] * 2.0**100}),
        [OUTPUT, "e+"],
    ),
}


@pytest.mark.parametrize("strategy", ["frozen", "lora"])
@pytest.mark.parametrize("kind", UNFIT)
def test_weights_that_do_not_fit(
    kind: str, strategy: str, model: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    change, words = UNFIT[kind]
    change(model)
    refused(tune("--strategy", strategy), *words)
    assert os.listdir(tmp_path) == ["model"]


# Tokenizers that do not fit.


def drop_tokenizer(model: Path) -> None:
    (model / "tokenizer.json").unlink()


def drop_all_of_tokenizer(model: Path) -> None:
    for path in model.iterdir():
        if path.name not in ("config.json", "model.safetensors"):
            path.unlink()


def cut_embeddings(model: Path) -> None:
    name = "embeddings.word_embeddings.weight"
    folders.change_weights(model, lambda weights: {**weights, name: weights[name][:50]})
    folders.set_config(model, vocab_size=50)


def one_token_type(model: Path) -> None:
    name = "embeddings.token_type_embeddings.weight"
    folders.change_weights(model, lambda weights: {**weights, name: weights[name][:1]})
    folders.set_config(model, type_vocab_size=1)


TOKENIZERS: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "no vocabulary": (drop_tokenizer, ["no tokenizer", "tokenizer.json", "vocab.txt"]),
    "no file at all": (drop_all_of_tokenizer, ["no tokenizer"]),
    "special tokens only": (lambda model: folders.write_tokenizer(model, []), ["4 tokens for 62 embeddings"]),
    "a small other one": (
        lambda model: folders.write_tokenizer(model, ["the", "river"]), ["6 tokens for 62 embeddings"],
    ),
    "other words": (
        lambda model: folders.write_tokenizer(model, [f"mot{number}" for number in range(58)]),
        ["hardly any token", "unknown"],
    ),
    "more tokens than embeddings": (cut_embeddings, ["up to 61", "50 embeddings"]),
    "no token for padding": (
        lambda model: folders.write_tokenizer(model, [f"w{number}" for number in range(58)], pad_token=""),
        ["no token for padding", "pad_token_id is 0"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_a_tokenizer_that_does_not_fit(
    kind: str, model: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    change, words = TOKENIZERS[kind]
    change(model)
    refused(tune(), *words)
    assert os.listdir(tmp_path) == ["model"]


def test_one_token_type_for_pairs(model: Path, tune: Callable[..., Answer], tmp_path: Path) -> None:
    from adaptkit.testing import wordpiece_tokenizer
    from adaptkit.testing.tiny import write_bert

    rows = [{"premise": "a boat", "hypothesis": "a ship", "label": name} for name in ("yes", "no")] * 8
    data = tmp_path / "train.jsonl"
    data.write_text("\n".join(json.dumps({**row, "premise": f"a boat {n}"}) for n, row in enumerate(rows)))
    write_bert(model, wordpiece_tokenizer(["a boat a ship 0 1 2 3 4 5 6 7 8 9"]), positions=48, inner=48)
    one_token_type(model)
    options = ("--task", "nli", "--data", data, "--dev-fraction", 0.25)
    refused(tune(*options, "--strategy", "full"), "token types up to 1", "the model has 1")
    assert sorted(os.listdir(tmp_path)) == ["model", "train.jsonl"]


def test_one_token_type_is_enough_for_single_texts(model: Path, tune: Callable[..., Answer]) -> None:
    one_token_type(model)
    answer = tune("--strategy", "full", "--epochs", 1)
    assert answer.code == 0, answer.err


# Other kinds of models.


def write_decoder(model: Path) -> None:
    import transformers

    config = transformers.GPT2Config(vocab_size=62, n_positions=48, n_embd=16, n_layer=1, n_head=2)
    transformers.GPT2Model(config).save_pretrained(model)


def write_encoder_decoder(model: Path) -> None:
    import transformers

    config = transformers.BartConfig(
        vocab_size=62, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=48,
    )  # fmt: skip
    transformers.BartModel(config).save_pretrained(model)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (write_decoder, ["decoder", "the tokens after it"]),
        (write_encoder_decoder, ["decoder", "is_encoder_decoder = true"]),
        (lambda model: folders.set_config(model, is_decoder=True), ["decoder", "is_decoder = true"]),
    ],
    ids=["GPT-2", "BART", "BERT as decoder"],
)
@pytest.mark.filterwarnings("ignore:.*loss_type=None.*")
def test_a_decoder(
    change: Callable[[Path], object],
    words: list[str],
    model: Path,
    tune: Callable[..., Answer],
    tmp_path: Path,
) -> None:
    change(model)
    refused(tune(), *words)
    assert os.listdir(tmp_path) == ["model"]


def test_an_adapter_of_adaptkit(
    tuned: Callable[[str, str], Any], model: Path, tune: Callable[..., Answer]
) -> None:
    best = tuned("text-classification", "lora").folder.best
    refused(tune("--model", best), "adapter (LORA)", f"adaptkit export {best.parent.name} --merge --to")


@pytest.mark.parametrize("complete", [True, False])
def test_an_adapter_of_peft(complete: bool, model: Path, tune: Callable[..., Answer], tmp_path: Path) -> None:
    """Alone, and beside the files of a complete model, which transformers would load together."""
    import peft
    import transformers

    folder = model if complete else tmp_path / "adapter"
    with quiet():
        base = transformers.AutoModel.from_pretrained(model)
        adapted = peft.get_peft_model(base, peft.LoraConfig(r=2, target_modules=["query"]))
        adapted.save_pretrained(folder)
    refused(tune("--model", folder), "adapter (LORA)", str(model), "merge_and_unload()")


@pytest.mark.parametrize("below", ["checkpoint-500", "0_Transformer", "runs/last"])
def test_a_model_further_down(
    below: str, tiny_folder: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    folders.copied(tiny_folder, tmp_path / "outer" / below)
    refused(tune("--model", tmp_path / "outer"), "no config.json", str(tmp_path / "outer" / below))


def test_a_study_as_model(tuned: Callable[[str, str], Any], tune: Callable[..., Answer]) -> None:
    study = tuned("text-classification", "full").folder
    refused(tune("--model", study.path), "no config.json", str(study.best))


# What may lead to code.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attn_implementation", "owner/kernel"),
        ("attn_implementation", "paged|owner/kernel@main:function"),
        ("attn_implementation", {"": "owner/kernel"}),
        ("text_config", {"_attn_implementation": "owner/kernel"}),
        ("experts_implementation", "owner/kernel"),
        ("transformers_weights", "adapter_model.bin"),
        ("backbone", "owner/model"),
        ("use_pretrained_backbone", True),
        ("quantization_config", {"quant_method": "fp8"}),
    ],
)
def test_a_setting_that_leads_elsewhere(
    name: str, value: object, model: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    folders.set_config(model, **{name: value})
    refused(tune(), "config.json", "leads to")
    assert os.listdir(tmp_path) == ["model"]


class Marks:
    """Writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.marker, "ran"))


@pytest.mark.parametrize("name", ["adapter_model.bin", "pytorch_model.bin", "model-00001-of-00001.bin"])
def test_pickled_weights_are_not_opened(
    name: str, model: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    torch.save({OUTPUT: Marks(tmp_path / "marker")}, model / name)
    index = {"metadata": {}, "weight_map": {OUTPUT: name}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    (model / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    (model / "model.safetensors").unlink()
    refused(tune(), name, "safetensors")
    assert os.listdir(tmp_path) == ["model"]


def test_pickled_weights_of_an_export_are_not_opened(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    folder = folders.copied(tuned("text-classification", "lora").folder.best, tmp_path / "export")
    (folder / "adapter_model.safetensors").unlink()
    (folder / "manifest.json").unlink()
    torch.save({"x": Marks(tmp_path / "marker")}, folder / "adapter_model.bin")
    refused(called("predict", folder, "a text"), "adapter_model.safetensors")
    assert not (tmp_path / "marker").exists()


def test_an_adapter_in_a_complete_export_is_not_opened(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    """transformers would put it on the model."""
    folder = folders.copied(tuned("text-classification", "full").folder.best, tmp_path / "export")
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "x/y"}')
    torch.save({"x": Marks(tmp_path / "marker")}, folder / "adapter_model.bin")
    refused(called("predict", folder, "a text"), "adapter (LORA)")
    assert not (tmp_path / "marker").exists()


def test_an_export_of_another_kind_of_adapter(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    folder = folders.copied(tuned("text-classification", "lora").folder.best, tmp_path / "export")
    (folder / "manifest.json").unlink()
    folders.change_json(folder / "adapter_config.json", peft_type="XLORA", adapters={"0": "owner/adapter"})
    refused(called("predict", folder, "a text"), "plain LoRA")


# A folder that adaptkit wrote.


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "adaptkit.json"])
def test_a_flipped_bit_where_there_is_a_manifest(
    name: str, tuned: Callable[[str, str], Any], tune: Callable[..., Answer], tmp_path: Path
) -> None:
    folder = folders.copied(tuned("text-classification", "full").folder.best, tmp_path / "export")
    folders.flip_bit(folder / name, at=-20)
    refused(tune("--model", folder), "is damaged", name)


def test_a_foreign_manifest_is_not_compared(model: Path, tune: Callable[..., Answer]) -> None:
    (model / "manifest.json").write_text('{"fileFormatVersion": "1.0.0", "itemInfoEntries": {}}')
    assert tune().code == 0
