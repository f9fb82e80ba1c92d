"""A task's own head works like any other head: it is loaded, trained, exported and loaded again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import nn

from adaptkit.engine.features import FrozenEncoder
from adaptkit.engine.patches.attention import NAME, use_attention
from adaptkit.errors import ConfigError, ModelError, TaskError
from adaptkit.models.custom_head import HEAD, OWN_HEAD, make_head, refuse_unfit
from adaptkit.models.loading import load_model, reload_model
from adaptkit.strategies.apply import adapted
from adaptkit.strategies.registry import built_in
from adaptkit.system.quiet import quiet
from tests.helpers.models import pooling_head, tiny_config, with_own_head
from tests.helpers.number_task import LABELS, number_task
from tests.helpers.plain_training import assert_trained_as_in_plain_torch

FAMILIES = ("bert", "distilbert", "modernbert", "deberta-v2")
KIND = "sequence-classification"


# As one model.


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_together_alone_and_plain_torch_agree(family: str, strategy: str, tiny_model: Any) -> None:
    assert_trained_as_in_plain_torch(tiny_model(family, OWN_HEAD), strategy, KIND)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_encoder_uses_the_same_attention_as_without_the_head(family: str, tiny_model: Any) -> None:
    module = tiny_model(family, OWN_HEAD).module
    use_attention(module)
    assert (module.config._attn_implementation == NAME) == (family != "deberta-v2")


def test_a_frozen_encoder_is_cut_off(tiny_model: Any) -> None:
    module = adapted(tiny_model("bert", OWN_HEAD), built_in("frozen", 4))
    assert FrozenEncoder(module, torch.device("cpu"), bfloat16=False).cut()
    assert {name.partition(".")[0] for name, _ in module.named_parameters()} == {HEAD}


def test_the_encoder_has_no_pooling_layer(tiny_model: Any) -> None:
    names = {name for name, _ in tiny_model("bert", OWN_HEAD).module.named_parameters()}
    assert not any("pooler" in name for name in names)


def test_the_head_receives_the_mask_in_its_documented_form(tiny_model: Any) -> None:
    seen = []

    class Watching(nn.Module):
        def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            seen.append(mask)
            return hidden[:, 0]

    module = tiny_model("bert", OWN_HEAD).module
    setattr(module, HEAD, Watching())
    ids = torch.tensor([[7, 8, 9], [5, 6, 0]])
    mask = (ids > 0).long()
    added = (1.0 - mask.float())[:, None, None, :] * torch.finfo(torch.float32).min
    with torch.no_grad():
        plain = module(input_ids=ids, attention_mask=mask)
        other = module(input_ids=ids, attention_mask=added.expand(-1, 1, 3, -1))
        bare = module(input_ids=ids)
    torch.testing.assert_close(plain.logits, other.logits)
    assert torch.equal(seen[0], mask)
    assert torch.equal(seen[1], mask)
    assert torch.equal(seen[2], torch.ones_like(mask))
    assert bare.logits.shape == (2, 16)


# Loading and saving.


@pytest.fixture
def folder(tmp_path: Path, tiny_folder: Path) -> Callable[[str], Path]:
    """``(family) -> folder`` with a bare encoder and a tokenizer."""

    def make(family: str) -> Path:
        made = tmp_path / family
        with quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_folder)
            config = tiny_config(family)
            config.vocab_size = len(tokenizer)
            transformers.AutoModel.from_config(config).save_pretrained(made)
            tokenizer.save_pretrained(made)
        return made

    return make


def load(folder: Path, head: Any = pooling_head, seed: int = 0, labels: Sequence[str] = LABELS) -> Any:
    return load_model(number_task(head), str(folder), labels, seed=seed, max_length=None)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_head_is_new_and_the_encoder_is_the_checkpoints(
    family: str, folder: Callable[[str], Path]
) -> None:
    place = folder(family)
    loaded = load(place)
    head = getattr(loaded.module, HEAD)
    assert loaded.head_class == OWN_HEAD
    assert loaded.newly_initialized == {f"{HEAD}.{name}" for name, _ in head.named_parameters()}
    assert head.scale.tolist() == [0.5, 1.0, 1.5], "it starts as its author made it"
    assert loaded.module.config.id2label == dict(enumerate(LABELS))
    kept = transformers.AutoModel.from_pretrained(place).state_dict()
    for name, weight in loaded.module.base_model.state_dict().items():
        assert torch.equal(weight, kept[name]), name


def test_new_parameters_depend_only_on_the_seed(folder: Callable[[str], Path]) -> None:
    place = folder("bert")
    one, same, other = (load(place, seed=seed).module.task_head.out.weight for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_model_is_loaded_and_can_be_trained_further(
    family: str, folder: Callable[[str], Path], tmp_path: Path
) -> None:
    place = folder(family)
    loaded = load(place)
    with quiet(), torch.no_grad():
        for parameter in loaded.module.parameters():
            parameter.add_(0.01)
        loaded.module.save_pretrained(place)
    ids = torch.arange(3, 15).view(2, 6)
    again = reload_model(place, OWN_HEAD, number_task(pooling_head), LABELS)
    with torch.no_grad():
        expected = loaded.module(input_ids=ids).logits
        torch.testing.assert_close(again(input_ids=ids).logits, expected)
        bare = transformers.AutoModel.from_pretrained(place).eval()(input_ids=ids)[0]
        torch.testing.assert_close(bare, loaded.module.base_model(input_ids=ids)[0])
    assert load(place).newly_initialized == frozenset(), "the checkpoint contains the head"
    assert load(place, labels=("a", "b")).newly_initialized == {
        f"{HEAD}.{name}" for name in ("out.weight", "out.bias", "scale")
    }


def test_a_missing_weight_is_an_error(folder: Callable[[str], Path]) -> None:
    with pytest.raises(ModelError, match=r"task_head\.dense\.bias") as caught:
        reload_model(folder("bert"), OWN_HEAD, number_task(pooling_head), LABELS)
    assert caught.value.code == "missing-weights"


def test_another_version_of_the_plugin_is_an_error(folder: Callable[[str], Path]) -> None:
    with pytest.raises(TaskError, match=r"'numbers' .*'token-classification'") as caught:
        reload_model(folder("bert"), OWN_HEAD, number_task(), LABELS)
    assert caught.value.code == "other-plugin-version"


def test_a_setting_that_the_model_lacks_is_an_error(folder: Callable[[str], Path]) -> None:
    task = number_task(pooling_head, config_overrides={"nmu_labels": 1})
    with pytest.raises(ModelError, match=r"'nmu_labels'.*BertConfig") as caught:
        load_model(task, str(folder("bert")), LABELS, seed=0, max_length=None)
    assert caught.value.code == "unknown-setting"


# Invalid heads.


class Gives(nn.Module):
    """A head that returns the result of a function."""

    def __init__(self, make: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.make = make

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> Any:
        return self.make(hidden)


class Normalising(nn.Module):
    """A head whose normalisation keeps statistics of its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(16)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        normal: torch.Tensor = self.norm(hidden[:, 0])
        return normal


def broken(hidden: torch.Tensor) -> torch.Tensor:
    return hidden @ torch.ones(3, 3)


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (lambda config, labels: 7, "is 7. Expected a torch.nn.Module"),
        (lambda config: nn.Identity(), "TypeError"),
        (lambda config, labels: nn.Linear(config.width, 3), "AttributeError.*width"),
        (lambda config, labels: nn.Linear(16, 3), "failed on hidden states .2, 5, 16. .*TypeError"),
        (lambda config, labels: Gives(broken), "failed on hidden states.*RuntimeError"),
        (lambda config, labels: Gives(lambda h: [h]), "returned list. Expected logits, a tensor of floats"),
        (lambda config, labels: Gives(lambda h: {"scores": h}), r"returned \['scores'\] without logits"),
        (lambda config, labels: Gives(lambda h: h.mean()), r"returned logits \[\] of float32 for 2 examples"),
        (lambda config, labels: Gives(lambda h: h[0]), r"returned logits \[5, 16\] of float32"),
        (lambda config, labels: Gives(lambda h: h.argmax(-1)), r"returned logits \[2, 5\] of int64"),
        (lambda config, labels: Normalising(), "changes norm.running_mean"),
    ],
)
def test_an_invalid_head_is_refused(factory: Any, message: str, folder: Callable[[str], Path]) -> None:
    with pytest.raises(TaskError, match=f"the head of the task 'numbers' .*{message}") as caught:
        load(folder("bert"), factory)
    assert caught.value.code == "bad-head"


def test_a_head_may_return_several_named_outputs() -> None:
    model = with_own_head(tiny_config("bert"))
    setattr(model, HEAD, Gives(lambda h: {"start": h[..., 0], "end": h[..., 1]}))
    task = number_task(pooling_head, outputs=("start", "end"))
    refuse_unfit(task, model)
    assert model(input_ids=torch.ones(3, 4, dtype=torch.long)).end.shape == (3, 4)


def test_a_head_in_half_precision_is_trained_in_float32() -> None:
    task = number_task(lambda config, labels: pooling_head(config, labels).half())
    head = make_head(task, tiny_config("bert"), LABELS)
    assert {p.dtype for p in head.parameters()} == {torch.float32}


def test_a_frozen_model_needs_a_head_with_parameters(folder: Callable[[str], Path]) -> None:
    loaded = load(folder("bert"), lambda config, labels: Gives(lambda h: h[:, 0]))
    with pytest.raises(ConfigError, match=r"nothing to train.*--strategy lora or full"):
        adapted(loaded, built_in("frozen", 4))
    assert any(p.requires_grad for p in adapted(loaded, built_in("lora", 4)).parameters())
