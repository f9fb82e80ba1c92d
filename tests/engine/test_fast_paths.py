"""With and without the fast paths: the same scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.engine.patches.attention import NAME
from adaptkit.engine.patches.fast_paths import FAST_PATHS, patch_model
from adaptkit.engine.patches.vocabulary import OccurringTokens
from adaptkit.strategies.apply import adapted
from adaptkit.strategies.registry import built_in
from tests.helpers.number_task import number_rows
from tests.helpers.populations import HEADS, unchecked_training

EXPECTED = {
    "frozen": ["attention", "first_token", "last_layer"],
    "lora": ["attention", "lora", "last_layer"],
    "full": ["attention", "last_layer", "vocabulary"],
}


def tuned(fast_paths: bool, strategy: Any, model: Path, data: Path, studies: Path) -> adaptkit.Study:
    return adaptkit.tune(
        "text-classification", data=data, model=model, strategy=strategy, trials=2, epochs=2,
        learning_rate=(1e-4, 1e-3), batch_sizes=(4,), pruning=False, device="cpu", precision="fp32",
        parallel_trials=2, fast_paths=fast_paths, study=f"{strategy}-{fast_paths}", studies=studies,
    )  # fmt: skip


@pytest.mark.parametrize("strategy", EXPECTED)
def test_a_study_without_fast_paths_has_the_same_scores(
    strategy: str, tiny_folder: Path, data_folder: Path, tmp_path: Path
) -> None:
    fast, plain = (
        tuned(fast_paths, strategy, tiny_folder, data_folder / "text-classification", tmp_path)
        for fast_paths in (True, False)
    )
    assert list(fast.summary.fast_paths or ()) == EXPECTED[strategy]
    assert not plain.summary.fast_paths
    assert not plain.summary.not_together, "transformers' attention can be batched over trials, too"
    assert (plain.summary.trials_per_pass, plain.summary.parallel_trials) == (2, 2)
    assert (
        plain.summary.encoder_passes == fast.summary.encoder_passes == (1 if strategy == "frozen" else None)
    )
    for one, other in zip(fast.trials, plain.trials, strict=True):
        assert one.hyperparameters == other.hyperparameters
        assert [rung.score for rung in one.rungs] == pytest.approx([rung.score for rung in other.rungs])
        losses = [rung.loss for rung in other.rungs]
        assert [rung.loss for rung in one.rungs] == pytest.approx(losses, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("strategy", EXPECTED)
def test_without_fast_paths_the_model_is_as_it_was(strategy: str, tiny_model: Any) -> None:
    head = "sequence-classification"
    training = unchecked_training(
        tiny_model("bert", HEADS[head]), strategy, head, number_rows(20, head), fast_paths=()
    )
    module: Any = training.forward.module
    assert training.fast_paths == ()
    assert training.vocabulary is None
    assert module.config._attn_implementation != NAME
    parts = list(module.modules())
    assert not any("forward" in vars(part) for part in parts)
    assert not any(isinstance(part, OccurringTokens) for part in parts)


@pytest.mark.parametrize("wanted", [(), ("attention",), ("lora", "vocabulary"), FAST_PATHS])
def test_only_the_wanted_paths_are_applied(wanted: tuple[str, ...], tiny_model: Any) -> None:
    loaded = tiny_model("bert", dropout=0.1)
    module = adapted(loaded, built_in("lora", 4))
    used = patch_model(loaded.module, module, wanted, bfloat16=False)
    assert set(used) == set(wanted) & {"attention", "lora"}
    assert (loaded.module.config._attn_implementation == NAME) is ("attention" in wanted)
