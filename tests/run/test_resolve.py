"""The study's name, its metric and its device, from a configuration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adaptkit.cache.entries import Cache
from adaptkit.config import DataConfig, SearchConfig, StudyConfig
from adaptkit.errors import ConfigError, DataError, ModelError, TaskError
from adaptkit.run.resolve import Machine, chosen_metric, default_name, refuse_problems
from adaptkit.task import Metric

CONFIG = StudyConfig(task="adaptkit-ner:ner", strategy="lora", data=DataConfig(data="a.conll"))


def test_the_same_command_finds_the_same_study() -> None:
    name = default_name(CONFIG)
    assert name.startswith("ner-lora-")
    free = SearchConfig(trials=99, timeout=5.0, pruning=False)
    for same in (
        replace(CONFIG, device="cpu", precision="fp32", parallel_trials=3, fast_paths=False),
        replace(CONFIG, search=free),
    ):
        assert default_name(same) == name


@pytest.mark.parametrize(
    "other",
    [
        replace(CONFIG, seed=1),
        replace(CONFIG, model="tiny"),
        replace(CONFIG, options={"tag_column": 2}),
        replace(CONFIG, data=DataConfig(data="b.conll")),
        replace(CONFIG, data=DataConfig(data="a.conll", group="document")),
        replace(CONFIG, data=DataConfig(data="a.conll", dev_fraction=0.15)),
        replace(CONFIG, search=SearchConfig(epochs=2.0)),
        replace(CONFIG, search=SearchConfig(metric="recall")),
        replace(CONFIG, search=SearchConfig(class_weights="balanced")),
        replace(CONFIG, search=SearchConfig(label_smoothing=0.1)),
    ],
    ids=["seed", "model", "options", "data", "group", "fraction", "epochs", "metric", "weights", "smoothing"],
)
def test_another_command_starts_another_study(other: StudyConfig) -> None:
    assert default_name(other) != default_name(CONFIG)


def test_the_metric_is_the_tasks_unless_another_is_chosen() -> None:
    metric = Metric(
        name="f1", direction="maximize", compute=lambda said, rows: None, others={"loss": "minimize"}  # type: ignore[arg-type, return-value]
    )  # fmt: skip
    assert chosen_metric(metric, None) == ("f1", "maximize")
    assert chosen_metric(metric, "loss") == ("loss", "minimize")
    with pytest.raises(ConfigError, match=r"'bleu'.*f1, loss.*--metric") as error:
        chosen_metric(metric, "bleu")
    assert error.value.code == "unknown-metric"


def test_all_problems_are_reported_together() -> None:
    with pytest.raises(ConfigError, match=r"lora_rank = 0.*trials = 0"):
        refuse_problems(replace(CONFIG, lora_rank=0, search=SearchConfig(trials=0)))
    refuse_problems(replace(CONFIG, data=DataConfig()))


def test_a_wrong_strategy_or_model_needs_neither_task_nor_data() -> None:
    config = replace(CONFIG, task="not installed")
    with pytest.raises(TaskError, match=r"no strategy 'frozn' is installed\. Expected 'frozen'"):
        refuse_problems(replace(config, strategy="frozn"))
    with pytest.raises(ModelError, match=r"no model folder \./nowhere"):
        refuse_problems(replace(config, model="./nowhere"))


def test_data_that_are_not_there_are_refused() -> None:
    with pytest.raises(DataError, match=r"no file or folder 'a\.conll'"):
        refuse_problems(CONFIG)
    refuse_problems(replace(CONFIG, data=DataConfig(train=f"rows:{'a' * 32}", test="owner/name")))


def test_the_machine_is_the_configured_one() -> None:
    for precision in ("fp32", "bf16"):
        machine = Machine.of(replace(CONFIG, device="cpu", precision=precision))
        assert machine == Machine(device="cpu", precision=precision, cache=Cache.from_environment())
