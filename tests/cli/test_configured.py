from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click
import pytest

from adaptkit.cli import cli
from adaptkit.cli.configured import configured
from adaptkit.cli.tune import tune
from adaptkit.config import DataConfig, SearchConfig, StudyConfig, to_toml
from adaptkit.errors import ConfigError
from tests.helpers.program import called

OF_THE_PROGRAM = ("name", "studies_dir", "as_json", "dry_run", "trackers")
"""Options that are not part of a configuration."""


def given(*arguments: str) -> dict[str, Any]:
    """The command's options as click reads them."""
    program = click.Context(cli, **cli.context_settings)  # click keeps the help option of the first context
    found = tune.make_context("tune", list(arguments), parent=program).params
    return {key: value for key, value in found.items() if key not in OF_THE_PROGRAM}


def config_of(*arguments: str) -> StudyConfig:
    options = given(*arguments)
    return configured(options.pop("config_file"), options, tune.params)


def test_options_that_are_not_given_have_their_defaults() -> None:
    assert config_of("--task", "ner") == StudyConfig(task="ner")


def test_every_option_is_in_the_configuration() -> None:
    config = config_of(
        *("--task", "ner", "--train", "a", "--dev", "b", "--column", "tokens=words", "--dev-fraction", "0.3"),
        *("--group", "doc", "--skip-bad-rows"),
        *("--option", "tag_column=2", "--model", "m", "--strategy", "lora"),
        *(
            "--lora-rank",
            "4",
            "--max-length",
            "99",
            "--trials",
            "5",
            "--epochs",
            "1.5",
            "--lr",
            "1e-4",
            "1e-2",
        ),
        *(
            "--batch-size",
            "4,8",
            "--metric",
            "recall",
            "--no-pruning",
            "--evals-per-epoch",
            "2",
            "--timeout",
            "1.5h",
        ),
        *("--seed", "7", "--device", "cpu", "--precision", "fp32", "--parallel-trials", "3"),
        *("--no-fast-paths", "--class-weights", "balanced", "--label-smoothing", "0.1"),
    )
    assert not config.fast_paths
    assert (config.data.train, config.data.dev, config.data.data) == ("a", "b", None)
    assert config.data.group == "doc"
    assert (config.data.columns, config.data.dev_fraction, config.data.skip_bad_rows) == (
        {"tokens": "words"},
        0.3,
        True,
    )
    assert (config.options, config.model, config.strategy, config.lora_rank) == (
        {"tag_column": "2"},
        "m",
        "lora",
        4,
    )
    assert (config.max_length, config.seed, config.device, config.precision, config.parallel_trials) == (
        99,
        7,
        "cpu",
        "fp32",
        3,
    )
    assert config.search == SearchConfig(
        trials=5, epochs=1.5, learning_rate=(1e-4, 1e-2), batch_sizes=(4, 8), metric="recall", pruning=False,
        evals_per_epoch=2, timeout=5400.0, class_weights="balanced", label_smoothing=0.1,
    )  # fmt: skip


def test_options_take_precedence_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(to_toml(StudyConfig(task="ner", seed=3, search=SearchConfig(trials=9, epochs=2.0))))
    config = config_of("--config", str(path), "--trials", "4")
    assert (config.task, config.seed, config.search.trials, config.search.epochs) == ("ner", 3, 4, 2.0)


def test_a_given_source_replaces_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    data = DataConfig(train="a.csv", dev="b.csv", dev_fraction=0.3)
    path.write_text(to_toml(StudyConfig(task="ner", parallel_trials=4, data=data)))
    assert config_of("--config", str(path)).parallel_trials == 4
    assert config_of("--config", str(path), "--parallel-trials", "auto").parallel_trials is None
    assert config_of("--config", str(path), "--data", "c.csv").data == DataConfig(
        data="c.csv", dev_fraction=0.3
    )
    assert config_of("--config", str(path), "--train", "c.csv").data == replace(data, train="c.csv")
    path.write_text(to_toml(StudyConfig(task="ner", data=DataConfig(data="a"))))
    assert config_of("--config", str(path), "--train", "c.csv").data == DataConfig(train="c.csv")


def test_every_problem_of_a_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text("sede = 3\n[search]\ntrails = 4\n")
    with pytest.raises(ConfigError, match=r"task is missing.*search\.trails.*sede"):
        config_of("--config", str(path))


def test_a_task_is_needed() -> None:
    assert called("tune").code == 2
    with pytest.raises(ConfigError, match="--task"):
        config_of()


def test_a_pair_needs_an_equals_sign() -> None:
    with pytest.raises(click.BadParameter, match="KEY=VALUE"):
        config_of("--task", "ner", "--column", "tokens")


def test_options_by_their_old_names_still_work() -> None:
    config = config_of("--task", "ner", "--together", "3", "--rungs", "2", "--dev-share", "0.3")
    assert (config.parallel_trials, config.search.evals_per_epoch, config.data.dev_fraction) == (3, 2, 0.3)


def test_each_option_is_a_field_of_one_part() -> None:
    parts = [{one.name for one in fields(kind)} for kind in (DataConfig, SearchConfig, StudyConfig)]
    parts[2] -= {"data", "search"}
    elsewhere = {"config_file", "devices", "ray"}  # where a study is trained is not part of it
    for name in given("--task", "ner").keys() - elsewhere:
        assert sum(name in part for part in parts) == 1, name


def test_patience_and_confirm_are_in_the_configuration() -> None:
    search = config_of("--task", "ner", "--patience", "0", "--confirm", "4").search
    assert (search.patience, search.confirm) == (0, 4)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("--trials 0", "--trials 0: expected at least 1"),
        ("--folds -1", "--folds -1: expected at least 0"),
        ("--together 0", "--parallel-trials 0: expected at least 1"),
        ("--lr 0.1 0.01", "--lr 0.1 0.01: expected the lowest rate first"),
        ("--batch-size 0,4", "--batch-size 0,4: expected at least 1"),
        ("--timeout 0s", "--timeout 0s: expected more than 0"),
        ("--lora-rank 4", "--lora-rank 4: only the strategy 'lora' has a rank"),
        ("--soup --confirm 1", "--soup with --confirm 1: expected at least 2 runs to average"),
    ],
)
def test_a_problem_names_the_option(arguments: str, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config_of("--task", "ner", *arguments.split())
    assert (refused.value.problem, refused.value.next_step) == (problem, "Change these options.")
    assert called("tune", "--task", "ner", *arguments.split()).code == 2


def test_a_problem_names_the_key_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text('task = "ner"\n[search]\ntrials = 0\n')
    with pytest.raises(ConfigError, match=r"study\.toml: search\.trials = 0: expected at least 1"):
        config_of("--config", str(path))
    path.write_text('task = "ner"\nsoup = true\n')
    with pytest.raises(ConfigError, match=r"soup = True in \S+study\.toml with --confirm 0: .*in \S+toml"):
        config_of("--config", str(path), "--confirm", "0")
