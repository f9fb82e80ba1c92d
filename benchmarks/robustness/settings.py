"""Changes of the JSON files in a model folder: of the configuration and of the tokenizer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

Document = dict[str, Any]
Change = Callable[[Document, Random], str]

NUMBERS = (
    "hidden_size", "num_hidden_layers", "intermediate_size", "vocab_size", "max_position_embeddings",
    "type_vocab_size", "pad_token_id",
)  # fmt: skip
"""The numbers of a BERT configuration that the shapes of its tensors must fit."""


def _change_number(config: Document, draw: Random) -> str:
    name = draw.choice(NUMBERS)
    old = config[name]
    config[name] = draw.choice([old + 1, old - 1, old * 2, old // 2, 0, -1, 10**7, old + 0.5])
    return f"{name}: {old} → {config[name]}"


def _change_type(config: Document, draw: Random) -> str:
    name = draw.choice([*NUMBERS, "hidden_act", "id2label", "layer_norm_eps", "num_attention_heads"])
    config[name] = draw.choice([None, "many", [], {}, True, [32, 32]])
    return f"{name} → {config[name]}"


def _drop_number(config: Document, draw: Random) -> str:
    name = draw.choice([name for name in NUMBERS if name in config])
    del config[name]
    return name


def set_value(name: str, *values: Any) -> Change:
    """One of these values."""

    def changed(document: Document, draw: Random) -> str:
        document[name] = draw.choice(values)
        return f"{name} → {document[name]}"

    return changed


def drop_key(name: str) -> Change:
    """Without this key."""

    def changed(document: Document, draw: Random) -> str:
        return "was there" if document.pop(name, None) is not None else "was not there"

    return changed


def _reorder_labels(config: Document, draw: Random) -> str:
    names = list(config["id2label"].values())
    names = [*names[1:], names[0]]
    config["id2label"] = {str(at): name for at, name in enumerate(names)}
    config["label2id"] = {name: at for at, name in enumerate(names)}
    return str(names)


def _rename_labels(config: Document, draw: Random) -> str:
    config["id2label"] = {number: f"LABEL_{number}" for number in config["id2label"]}
    config["label2id"] = {f"LABEL_{number}": int(number) for number in config["id2label"]}
    return "LABEL_0"


def _fewer_labels(config: Document, draw: Random) -> str:
    config["id2label"].popitem()
    return str(config["id2label"])


def _two_labels_alike(config: Document, draw: Random) -> str:
    config["id2label"]["0"] = config["id2label"]["1"]
    return str(config["id2label"])


def _drop_token(document: Document, draw: Random) -> str:
    vocabulary = document["model"]["vocab"]
    token: str = draw.choice(sorted(vocabulary))
    del vocabulary[token]
    return token


def _drop_special_token(document: Document, draw: Random) -> str:
    token = draw.choice(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    document["model"]["vocab"].pop(token, None)
    document["added_tokens"] = [one for one in document["added_tokens"] if one["content"] != token]
    return token


def _empty_vocabulary(document: Document, draw: Random) -> str:
    document["model"]["vocab"] = {}
    return ""


def few_words(document: Document, draw: Random) -> str:
    """Only the special tokens and the letters."""
    kept = {
        token: number for token, number in document["model"]["vocab"].items() if token.startswith(("[", "##"))
    }
    document["model"]["vocab"] = kept
    return f"{len(kept)} tokens"


def _more_words(document: Document, draw: Random) -> str:
    vocabulary = document["model"]["vocab"]
    last = max(vocabulary.values())
    vocabulary.update({f"new{number}": last + number for number in range(1, 50)})
    return f"{len(vocabulary)} tokens"


def _ids_beyond(document: Document, draw: Random) -> str:
    vocabulary = document["model"]["vocab"]
    token: str = draw.choice(sorted(vocabulary))
    vocabulary[token] = max(vocabulary.values()) + 1000
    return token


def _same_ids(document: Document, draw: Random) -> str:
    vocabulary = document["model"]["vocab"]
    one, other = draw.sample(sorted(vocabulary), 2)
    vocabulary[one] = vocabulary[other]
    return f"{one}, {other}"


def _swap_ids(document: Document, draw: Random) -> str:
    vocabulary = document["model"]["vocab"]
    one, other = draw.sample(sorted(vocabulary), 2)
    vocabulary[one], vocabulary[other] = vocabulary[other], vocabulary[one]
    return f"{one}, {other}"


def _shuffle_words(document: Document, draw: Random) -> str:
    vocabulary = document["model"]["vocab"]
    words = [token for token in vocabulary if not token.startswith("[")]
    numbers = draw.sample([vocabulary[word] for word in words], len(words))
    vocabulary.update(zip(words, numbers, strict=True))
    return ""


def upper_case_words(document: Document, draw: Random) -> str:
    """The words in upper case, which texts in lower case never match."""
    vocabulary = document["model"]["vocab"]
    document["model"]["vocab"] = {
        token if token.startswith("[") else token.upper(): number for token, number in vocabulary.items()
    }
    return ""


CONFIG: dict[str, Change] = {
    "another number": _change_number,
    "a value of another type": _change_type,
    "a number left out": _drop_number,
    "no model_type": drop_key("model_type"),
    "another model_type": set_value(
        "model_type", "roberta", "distilbert", "gpt2", "t5", "modernbert", "berty", 7, ""
    ),
    "another architecture": set_value(
        "architectures",
        ["RobertaModel"],
        ["GPT2LMHeadModel"],
        ["T5Model"],
        ["Unknown"],
        [],
        "BertModel",
        None,
    ),
    "a decoder": set_value("is_decoder", True),
    "an encoder and a decoder": set_value("is_encoder_decoder", True),
    "code of a repository": set_value("auto_map", {"AutoModel": "someone/code--modeling.Model"}),
    "attention of a repository": set_value("attn_implementation", "someone/kernel", "flash_attention_9"),
    "another dtype": set_value("dtype", "float16", "bfloat16", "float8_e4m3fn", "int4", "float99", 3),
    "a quantized model": set_value(
        "quantization_config", {"quant_method": "bitsandbytes", "load_in_4bit": True}, {}
    ),
    "labels in another order": _reorder_labels,
    "labels with other names": _rename_labels,
    "a label less": _fewer_labels,
    "two labels of one name": _two_labels_alike,
    "another problem_type": set_value("problem_type", "regression", "multi_label_classification", "other"),
    "hidden states are returned": set_value("output_hidden_states", True),
    "no return_dict": set_value("return_dict", False),
    "an unknown activation": set_value("hidden_act", "gelu_unknown", 3),
    "dropout of 0.9": set_value("hidden_dropout_prob", 0.9),
    "dropout of 2": set_value("attention_probs_dropout_prob", 2, -1, "high"),
}
"""Name → change of config.json that the folder or the result shows."""

CONFIG_KEEPS_SHAPES: dict[str, Change] = {
    "other attention heads": set_value("num_attention_heads", 1, 4, 8, 3, 0),
    "another epsilon": set_value("layer_norm_eps", 1e-3, 1.0, 0.0),
    "another activation": set_value("hidden_act", "relu", "tanh", "silu"),
    "another kind of positions": set_value("position_embedding_type", "relative_key", "other"),
}
"""Settings that no tensor's shape depends on."""

TOKENIZER: dict[str, Change] = {
    "a token less": _drop_token,
    "a special token less": _drop_special_token,
    "no vocabulary": _empty_vocabulary,
    "letters only": few_words,
    "more tokens than embeddings": _more_words,
    "an id beyond the embeddings": _ids_beyond,
    "two tokens of one id": _same_ids,
    "words in upper case": upper_case_words,
    "no post-processor": set_value("post_processor", None),
    "no pre-tokenizer": set_value("pre_tokenizer", None),
    "a normalizer that removes letters": set_value(
        "normalizer", {"type": "Replace", "pattern": {"Regex": "[a-z]"}, "content": ""}
    ),
    "no normalizer": set_value("normalizer", None),
    "another model": set_value(
        "model", {"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"}, None, {}
    ),
    "truncation to 2 tokens": set_value(
        "truncation", {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}
    ),
    "padding to 64 tokens": set_value(
        "padding",
        {
            "strategy": {"Fixed": 64}, "direction": "Left", "pad_to_multiple_of": None, "pad_id": 0,
            "pad_type_id": 0, "pad_token": "[PAD]",
        },
    ),
    "no added tokens": set_value("added_tokens", []),
}  # fmt: skip
"""Name → change of tokenizer.json."""

TOKENIZER_KEEPS_SHAPES: dict[str, Change] = {
    "two tokens swapped": _swap_ids,
    "words shuffled": _shuffle_words,
}
"""Changes that keep each word and each id, but no longer together."""

TOKENIZER_CONFIG: dict[str, Change] = {
    "no pad token": set_value("pad_token", None),
    "another pad token": set_value("pad_token", "[UNK]", "<pad>", "the", ""),
    "another unknown token": set_value("unk_token", "<unk>", None, "[PAD]"),
    "another first token": set_value("cls_token", "<s>", None, "[SEP]"),
    "another maximum length": set_value("model_max_length", 2, 4, 512, 10**30, 0, -1, "long", None),
    "another tokenizer class": set_value(
        "tokenizer_class",
        "RobertaTokenizer",
        "GPT2TokenizerFast",
        "Unknown",
        None,
        "LlamaTokenizer",
        "T5Tokenizer",
    ),
    "code of a repository": set_value(
        "auto_map", {"AutoTokenizer": ["someone/code--tokens.Tokenizer", None]}
    ),
    "no lower case": set_value("do_lower_case", False),
    "padding on the left": set_value("padding_side", "left", "middle"),
    "cut on the left": set_value("truncation_side", "left", "both"),
    "other model inputs": set_value("model_input_names", ["input_ids"], [], ["text"], None),
}
"""Name → change of tokenizer_config.json."""


def change_document(name: str, change: Change) -> Callable[[Path, Random], str]:
    """The change as one of a model folder."""

    def changed(folder: Path, draw: Random) -> str:
        path = folder / name
        document = json.loads(path.read_text(encoding="utf-8"))
        detail = change(document, draw)
        path.write_text(json.dumps(document, indent=2), encoding="utf-8")
        return detail

    return changed
