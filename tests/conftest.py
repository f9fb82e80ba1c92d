"""What many tests need: tiny random models, a tiny task over numbers, and the engine put together."""

from __future__ import annotations

import copy
import importlib.util
import os
import random
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adaptkit.task import Example, Metric, Row, Scores, Task

# Threads that wait for one another cost small tensors more than they gain, most of all on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

FAMILIES = ("bert", "roberta", "distilbert", "modernbert", "deberta-v2", "mpnet")
VOCABULARY = 60
LABELS = ("O", "B-x", "I-x")


def tiny_config(family: str, **settings: Any) -> Any:
    """A configuration of two small layers, without dropout unless ``dropout`` says so."""
    import transformers

    dropout = settings.pop("dropout", 0.0)
    common: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": 48,
        "pad_token_id": 0,
        "initializer_range": 0.2,
        "num_labels": len(LABELS),
    }
    drop = {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    if family == "bert":
        return transformers.BertConfig(**common, **drop, **settings)
    if family == "roberta":
        return transformers.RobertaConfig(**common, **drop, bos_token_id=1, eos_token_id=2, **settings)
    if family == "mpnet":
        return transformers.MPNetConfig(**common, **drop, bos_token_id=1, eos_token_id=2, **settings)
    if family == "distilbert":
        return transformers.DistilBertConfig(
            vocab_size=VOCABULARY, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=48,
            pad_token_id=0, initializer_range=0.2, num_labels=len(LABELS), dropout=dropout,
            attention_dropout=dropout, seq_classif_dropout=dropout, **settings,
        )  # fmt: skip
    if family == "modernbert":
        return transformers.ModernBertConfig(
            **common, cls_token_id=1, sep_token_id=2, bos_token_id=1, eos_token_id=2, local_attention=8,
            global_attn_every_n_layers=2, classifier_dropout=dropout, mlp_dropout=dropout,
            embedding_dropout=dropout, attention_dropout=dropout, **settings,
        )  # fmt: skip
    assert family == "deberta-v2"
    return transformers.DebertaV2Config(
        **common, **drop, relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8,
        norm_rel_ebd="layer_norm", share_att_key=True, pooler_dropout=dropout, cls_dropout=dropout,
        **settings,
    )  # fmt: skip


def pad_numbers(tokenizer: Any, pad_to_multiple_of: int) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    """A collator over lists of numbers; labels are padded with -100."""
    import torch

    fill = {"input_ids": 0, "attention_mask": 0, "labels": -100}

    def collate(batch: list[dict[str, Any]]) -> dict[str, Any]:
        longest = max(len(one["input_ids"]) for one in batch)
        length = -(-longest // pad_to_multiple_of) * pad_to_multiple_of
        return {
            name: torch.tensor([one[name] + [fill[name]] * (length - len(one[name])) for one in batch])
            if isinstance(batch[0][name], list)
            else torch.tensor([one[name] for one in batch])
            for name in batch[0]
        }

    return collate


def encode_numbers(rows: Sequence[Row], tokenizer: Any, labels: Sequence[str], limit: int) -> list[Example]:
    return [
        Example(
            row=position,
            inputs={
                "input_ids": row["ids"],
                "attention_mask": [1] * len(row["ids"]),
                "labels": row["answer"],
            },
        )
        for position, row in enumerate(rows)
    ]


def decode_numbers(outputs: Any, examples: Sequence[Example], labels: Sequence[str]) -> list[Any]:
    best = outputs["logits"].argmax(-1)
    if best.ndim == 1:
        return list(best.tolist())
    return [
        row[: len(example.inputs["input_ids"])].tolist() for row, example in zip(best, examples, strict=True)
    ]


def right_share(predictions: Sequence[Any], rows: Sequence[Row]) -> Scores:
    right = [
        float(np.mean(np.asarray(said) == np.asarray(row["answer"])))
        for said, row in zip(predictions, rows, strict=True)
    ]
    return Scores(values={"accuracy": float(np.mean(right))})


def number_task(head: Any = "token-classification", **changes: Any) -> Task:
    """A task over rows ``{"ids": [...], "answer": label or labels}``: numbers in, labels out."""
    parts: dict[str, Any] = {
        "name": "numbers",
        "columns": {"ids": "token ids", "answer": "label ids"},
        "head": head,
        "encode": encode_numbers,
        "decode": decode_numbers,
        "collator": pad_numbers,
        "metric": Metric(name="accuracy", direction="maximize", compute=right_share),
        **changes,
    }
    return Task(**parts)


def number_rows(count: int, head: str = "token-classification", seed: int = 0) -> list[Row]:
    """Rows of 3 to 30 numbers; a number's label is what it leaves when divided by 3."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        ids = [draw.randrange(3, VOCABULARY) for _ in range(draw.randrange(3, 31))]
        tags = [number % 3 for number in ids]
        rows.append({"ids": ids, "answer": tags if head == "token-classification" else tags[0]})
    return rows


def pooling_head(config: Any, labels: Sequence[str]) -> Any:
    """A factory of a head no transformers class has: a weighted mean of the tokens, and a bare parameter."""
    import torch
    from torch import nn

    class PoolingHead(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weigh = nn.Linear(config.hidden_size, 1)
            self.dense = nn.Linear(config.hidden_size, 5)
            self.out = nn.Linear(5, len(labels))
            self.scale = nn.Parameter(torch.linspace(0.5, 1.5, len(labels)))

        def forward(self, hidden: Any, mask: Any) -> Any:
            assert mask.shape == hidden.shape[:2]
            weights = self.weigh(hidden).squeeze(-1).masked_fill(mask == 0, -1e4).softmax(-1)
            pooled = (weights.unsqueeze(-1) * hidden).sum(1)
            return self.scale * self.out(torch.tanh(self.dense(pooled)))

    return PoolingHead()


def with_own_head(config: Any) -> Any:
    """An encoder with random weights under `pooling_head`."""
    import torch

    from adaptkit.models.custom_head import encoder_class, make_head, put_on

    torch.manual_seed(0)
    kind, settings = encoder_class(config)
    head = make_head(number_task(pooling_head), config, LABELS)
    return put_on(kind(config, **settings), head).eval()


@pytest.fixture(scope="session", autouse=True)
def cache_of_all_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What session fixtures keep lies here, and never in the user's own cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADAPTKIT_CACHE", str(folder))
        patch.delenv("ADAPTKIT_CACHE_LIMIT", raising=False)
        yield folder


@pytest.fixture(autouse=True)
def cache_of_one_test(cache_of_all_tests: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of this test, empty and not there yet, so that no test depends on another."""
    folder = cache_of_all_tests / secrets.token_hex(8)
    monkeypatch.setenv("ADAPTKIT_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_model() -> Callable[..., Any]:
    """``(family, head_class, **settings) -> LoadedModel`` with random weights, the head marked as fresh."""
    import torch
    import transformers

    from adaptkit.models.custom_head import OWN_HEAD
    from adaptkit.models.loading import LoadedModel

    made: dict[str, Any] = {}

    def make(family: str, head_class: str = "AutoModelForTokenClassification", **settings: Any) -> Any:
        key = f"{family} {head_class} {settings}"
        if key not in made and head_class == OWN_HEAD:
            made[key] = with_own_head(tiny_config(family, **settings))
        elif key not in made:
            torch.manual_seed(0)
            made[key] = getattr(transformers, head_class).from_config(tiny_config(family, **settings)).eval()
        module = copy.deepcopy(made[key])
        encoder = {id(parameter) for parameter in module.base_model.parameters()}
        newly_initialized = frozenset(name for name, p in module.named_parameters() if id(p) not in encoder)
        return LoadedModel(
            module=module,
            tokenizer=None,
            newly_initialized=newly_initialized,
            head_class=head_class,
            source="tiny",
            max_length=48,
        )  # type: ignore[arg-type]

    return make


# What the tests of the whole program share is a module beside this file, which is no package.
_spec = importlib.util.spec_from_file_location("workshop", Path(__file__).with_name("workshop.py"))
assert _spec is not None
assert _spec.loader is not None
_workshop = importlib.util.module_from_spec(_spec)
sys.modules["workshop"] = _workshop
_spec.loader.exec_module(_workshop)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder: a small BERT with random weights that knows the words of `data_folder`."""
    folder: Path = _workshop.write_model(tmp_path_factory.mktemp("model") / "tiny")
    return folder


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``ner/`` and ``text-classification/``, each with train, dev and test files."""
    folder: Path = _workshop.write_data(tmp_path_factory.mktemp("data"))
    return folder


@pytest.fixture(scope="session")
def tuned(
    tiny_folder: Path, data_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Any]:
    """``(task, strategy) -> Study``: two trials, tuned once for all tests. To be read, not written to."""
    import adaptkit

    studies = tmp_path_factory.mktemp("tuned") / "studies"
    made: dict[tuple[str, str], Any] = {}

    def of(task: str, strategy: str) -> Any:
        if (task, strategy) not in made:
            made[task, strategy] = adaptkit.tune(
                task, data=str(data_folder / task), model=str(tiny_folder), strategy=strategy, trials=2,
                epochs=3, learning_rate=(2e-3, 2e-2), batch_sizes=(4,), study=f"{task}-{strategy}",
                studies=studies, device="cpu", precision="fp32",  # as exported models are scored
            )  # fmt: skip
        return made[task, strategy]

    return of


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a tmpfs is not permitted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
