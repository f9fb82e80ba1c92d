"""Model folders that do not fit, or are not safe: one message, exit code 2, and nothing is written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import model_folders as folders
from tests.helpers.model_folders import refused
from tests.helpers.program import Answer

OUTPUT = "encoder.layer.1.output.dense.weight"


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
