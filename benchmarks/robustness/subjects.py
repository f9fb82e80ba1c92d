"""What is changed: tiny encoders that were trained on the good rows, and the files with those rows."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from benchmarks.robustness.good import GOOD, WORDS, Good, suffix, written

TRAIN_ROWS, DEV_ROWS = 132, 60
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LONGEST = 64
OF_EXPORT = ("adaptkit.json", "manifest.json", "README.md")
"""What an exported model has and a folder from elsewhere has not."""


@dataclass(frozen=True)
class Subject:
    """A task with its good rows, and the folders of models trained on them."""

    good: Good
    exported: Path
    """A model as adaptkit exports it, with its head and with a manifest."""

    plain: Path
    """The same model without what only adaptkit writes."""

    encoder: Path
    """Its encoder and its tokenizer alone."""


def subject(good: Good, work: Path) -> Subject:
    """The subject of a task; its models are trained once for each folder ``work``."""
    made = Subject(good, *(work / good.task / name for name in ("exported", "plain", "encoder")))
    if not made.encoder.exists():
        _train(good, work, made)
    return made


def _train(good: Good, work: Path, made: Subject) -> None:
    import adaptkit

    tiny = write_encoder(work / "tiny")
    train, dev = (write_rows(good, work / good.task, split) for split in ("train", "dev"))
    study = adaptkit.tune(
        good.task, train=train, dev=dev, model=tiny, strategy="full", trials=3, epochs=20, device="cpu",
        learning_rate=(3e-3, 1e-2), batch_sizes=(8,), studies=work / good.task / "studies", study="good",
    )  # fmt: skip
    shutil.copytree(study.folder.best, made.exported)
    shutil.copytree(made.exported, made.plain, ignore=shutil.ignore_patterns(*OF_EXPORT))
    _write_encoder_of(made)


def write_rows(good: Good, folder: Path, split: str, form: str = "") -> Path:
    """A good file of a split, by default in the first of the task's formats."""
    chosen = form or good.formats[0]
    count, seed = (TRAIN_ROWS, 1) if split == "train" else (DEV_ROWS, 2)
    path = folder / f"{split}{suffix(chosen)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written(good.rows(count, seed), chosen), encoding="utf-8")
    return path


def _write_encoder_of(made: Subject) -> None:
    import torch
    import transformers

    from adaptkit.system.quiet import quiet

    torch.manual_seed(0)  # for the pooling layer, which a model for tokens lacks
    with quiet():
        transformers.AutoModel.from_pretrained(made.exported).save_pretrained(made.encoder)
    for path in made.exported.glob("*token*"):
        shutil.copy(path, made.encoder / path.name)


def write_encoder(folder: Path) -> Path:
    """A tiny BERT with random weights and its tokenizer, unless the folder is there."""
    import torch
    import transformers

    if folder.exists():
        return folder
    tokenizer = _tokenizer()
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=48, max_position_embeddings=LONGEST, pad_token_id=0, initializer_range=0.2,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer() -> Any:
    """WordPiece in lower case. The vocabulary is fixed: a trained one has other ids each time."""
    import tokenizers
    import transformers

    words = [word.lower().replace("é", "e").replace("ë", "e") for word in WORDS]
    letters = [*ascii_lowercase, *(f"##{letter}" for letter in ascii_lowercase)]
    tokens = dict.fromkeys([*SPECIAL, *words, *letters, *"0123456789"])
    core = tokenizers.Tokenizer(
        tokenizers.models.WordPiece({token: at for at, token in enumerate(tokens)}, unk_token="[UNK]")
    )
    core.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    core.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    core.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=core, model_max_length=LONGEST, unk_token="[UNK]", sep_token="[SEP]",
        pad_token="[PAD]", cls_token="[CLS]", mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )  # fmt: skip


def good_of(task: str) -> Good:
    """The good rows of a task."""
    return next(good for good in GOOD if good.task == task)
