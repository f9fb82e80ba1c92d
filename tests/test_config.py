from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adaptkit.config import (
    DataConfig,
    SearchConfig,
    StudyConfig,
    from_mapping,
    from_toml,
    problems_of,
    to_toml,
)

WHOLE = StudyConfig(
    task="ner",
    options={"tag_column": 3},
    strategy="lora",
    max_length=64,
    data=DataConfig(train="a.conll", dev="b.conll", columns={"text": "sätze"}),
    search=SearchConfig(
        trials=3, epochs=1.5, learning_rate=(1e-5, 1e-3), batch_sizes=(8, 16), timeout=60, pruning=False
    ),
)


@pytest.mark.parametrize("config", [StudyConfig(task="ner"), WHOLE])
def test_what_is_written_is_what_is_read(config: StudyConfig, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(to_toml(config), encoding="utf-8")
    assert from_toml(path) == config


def test_all_unknown_keys_and_wrong_kinds_are_told_together() -> None:
    with pytest.raises(ValueError) as told:
        from_mapping({"sede": 1, "seed": "one", "search": {"trails": 2, "trials": 2.5}, "data": {"data": 1}})
    for word in ("unknown key sede", "seed = 'one'", "search.trails", "search.trials = 2.5", "data.data = 1"):
        assert word in str(told.value)
    assert "task is missing" in str(told.value)


def test_true_is_no_number() -> None:
    with pytest.raises(ValueError, match="seed = True"):
        from_mapping({"task": "ner", "seed": True})


def test_a_good_configuration_has_no_problems() -> None:
    assert problems_of(WHOLE) == []


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (SearchConfig(trials=0), "trials = 0: expected at least 1"),
        (SearchConfig(epochs=0), "epochs = 0: expected more than 0"),
        (SearchConfig(epochs=float("nan")), "epochs = nan"),
        (SearchConfig(timeout=-1), "timeout = -1"),
        (SearchConfig(learning_rate=(1e-3, 1e-5)), "learning_rate = (0.001, 1e-05)"),
        (SearchConfig(learning_rate=(1e-3, float("inf"))), "learning_rate = (0.001, inf)"),
        (SearchConfig(batch_sizes=()), "batch_sizes = ()"),
        (SearchConfig(batch_sizes=(8, 0)), "batch_sizes = (8, 0): expected at least 1"),
        (SearchConfig(evals_per_epoch=0), "evals_per_epoch = 0"),
        (SearchConfig(trials=10**9), "at most 100000"),
    ],
)
def test_each_problem_of_the_search_echoes_its_value(search: SearchConfig, words: str) -> None:
    (problem,) = problems_of(replace(WHOLE, search=search))
    assert words in problem


def test_several_problems_are_told_together() -> None:
    config = replace(WHOLE, parallel_trials=0, lora_rank=0, max_length=1, data=DataConfig(dev_fraction=1.0))
    assert len(problems_of(config)) == 4


@pytest.mark.parametrize(
    "values",
    [
        {"task": "ner", "data": "my.csv"},
        {"task": "ner", "search": {"learning_rate": [1e-5]}},
        {"task": "ner", "search": {"batch_sizes": ["8"]}},
        {"task": "ner", "search": {"batch_sizes": [8.5]}},
        {"task": "ner", "data": {"columns": {"text": 1.5}}},
    ],
)
def test_what_a_file_has_wrong_is_told_not_raised_by_chance(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        from_mapping(values)


def test_a_seed_numpy_would_refuse_is_a_problem() -> None:
    assert problems_of(StudyConfig(task="ner", seed=-1))
    assert not problems_of(StudyConfig(task="ner", seed=2**32 - 1))


def test_a_columns_position_may_be_written_as_a_number() -> None:
    config = from_mapping({"task": "ner", "data": {"columns": {"text": 1, "tags": "2"}}})
    assert config.data.columns == {"text": "1", "tags": "2"}
    assert problems_of(config) == []


def test_values_of_the_wrong_type_are_problems_not_exceptions() -> None:
    search = SearchConfig(learning_rate=1e-3, trials="8", batch_sizes=16)  # type: ignore[arg-type]
    problems = problems_of(StudyConfig(task="ner", max_length=1.5, search=search))  # type: ignore[arg-type]
    for words in (
        "max_length = 1.5",
        "learning_rate = 0.001",
        "trials = '8'",
        "batch_sizes = 16",
    ):
        assert any(problem.startswith(f"{words}: expected") for problem in problems)
    assert len(problems) == 4


def test_a_rank_that_would_be_ignored_is_a_problem() -> None:
    (problem,) = problems_of(StudyConfig(task="ner", strategy="full", lora_rank=16))
    assert problem == "lora_rank = 16: only the strategy 'lora' has a rank"
    assert not problems_of(StudyConfig(task="ner", strategy="lora", lora_rank=16))


def test_keys_of_older_versions_are_read() -> None:
    values = {"task": "ner", "together": 4, "data": {"dev_share": 0.2}, "search": {"rungs_per_epoch": 2}}
    config = from_mapping(values)
    assert (config.parallel_trials, config.data.dev_fraction, config.search.evals_per_epoch) == (4, 0.2, 2)


@pytest.mark.parametrize(
    ("provenance", "fraction"), [("", 0.15), ("ranges = 10", 0.15), ("ranges = 9", None), ("x = 1", None)]
)
def test_a_fraction_nobody_gave_is_not_read(provenance: str, fraction: float | None, tmp_path: Path) -> None:
    # Studies of earlier versions have the default in their file, which does not mean that it was given.
    table = f"[provenance]\n{provenance}\n" if provenance else ""
    (tmp_path / "study.toml").write_text(f'task = "ner"\n[data]\ndev_fraction = 0.15\n{table}')
    assert from_toml(tmp_path / "study.toml").data.dev_fraction == fraction
