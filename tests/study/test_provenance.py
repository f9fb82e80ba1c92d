"""The differences between two calls for a study; `test_folder.py` tests the error they lead to."""

from dataclasses import replace
from typing import Any

import pytest

from adaptkit.config import DataConfig, SearchConfig, StudyConfig
from adaptkit.study.provenance import Provenance, differences_of

CONFIG = StudyConfig(task="ner", options={"kinds": ("a", "b")}, search=SearchConfig(evals_per_epoch=2))
PROVENANCE = Provenance(
    versions={"adaptkit": "0.1.0"},
    data_fingerprint="aa11",
    labels=5,
    space={"learning_rate": "1e-05 … 2e-04 (log)"},
    fixed={"epochs": 3},
    metric="f1",
    direction="maximize",
)


def test_the_types_that_toml_changes_make_no_difference() -> None:
    listed = replace(CONFIG, options={"kinds": ["a", "b"]})
    assert differences_of((CONFIG, PROVENANCE), (listed, PROVENANCE)) == []


def test_moved_data_and_other_versions_make_no_difference() -> None:
    moved = replace(CONFIG, data=DataConfig(train="elsewhere.conll"))
    assert (
        differences_of((CONFIG, PROVENANCE), (moved, replace(PROVENANCE, versions={"adaptkit": "9"}))) == []
    )


def test_no_average_was_the_default_of_earlier_versions() -> None:
    earlier, now = replace(PROVENANCE, ranges=7), replace(PROVENANCE, ranges=8)
    without = replace(CONFIG, soup=False)
    assert differences_of((without, earlier), (CONFIG, earlier)) == []
    assert differences_of((without, now), (CONFIG, now)) == ["soup: False → not set"]
    averaged = replace(CONFIG, soup=True)
    assert differences_of((without, earlier), (averaged, earlier)) == ["soup: not set → True"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            DataConfig(data="a.csv"),
            DataConfig(train="b.csv", test="c.csv"),
            "from a.csv; now from b.csv, c.csv",
        ),
        (DataConfig(), DataConfig(data="a.csv"), "from the task's sample; now from a.csv"),
        (DataConfig(data="a.csv"), DataConfig(data="a.csv"), "a.csv: changed, or read in another way"),
        (
            DataConfig(data="a.csv", dev_fraction=0.2),
            DataConfig(data="a.csv"),
            "a.csv: dev fraction 0.2 → 0.15",
        ),
        (DataConfig(data="a.csv"), DataConfig(data="a.csv", group="who"), "a.csv: group not set → who"),
        (
            DataConfig(train=f"rows:{'a' * 32}", dev=f"rows:{'b' * 32}"),
            DataConfig(train=f"rows:{'c' * 32}", dev=f"rows:{'b' * 32}"),
            "rows given in Python: changed, or read in another way",
        ),
    ],
)
def test_other_rows_are_shown_with_where_they_come_from(old: DataConfig, new: DataConfig, said: str) -> None:
    becomes = (replace(CONFIG, data=new), replace(PROVENANCE, data_fingerprint="bb22"))
    differences = differences_of((replace(CONFIG, data=old), PROVENANCE), becomes)
    assert differences == [f"data: {said} (fingerprint aa11 → bb22)"]


def test_other_dev_rows_by_another_seed_are_no_changed_file() -> None:
    becomes = (replace(CONFIG, seed=CONFIG.seed + 4), replace(PROVENANCE, data_fingerprint="bb22"))
    data, seed = differences_of((CONFIG, PROVENANCE), becomes)
    assert data.endswith(": other dev rows by another seed (fingerprint aa11 → bb22)")
    assert seed == f"seed: {CONFIG.seed} → {CONFIG.seed + 4}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            {},
            {"train": "a header", "dev": "a header"},
            "train was read as: nothing inferred; now as: a header",
        ),
        ({"train": "x", "dev": "a row"}, {"train": "x"}, "dev was read as: a row; now as: nothing inferred"),
    ],
)
def test_rows_read_in_another_way_are_shown_with_both_ways(
    old: dict[str, str], new: dict[str, str], said: str
) -> None:
    was = replace(PROVENANCE, read_as=old)
    becomes = replace(PROVENANCE, read_as=new, data_fingerprint="bb22")
    (difference,) = differences_of((CONFIG, was), (CONFIG, becomes))
    assert f"; {said} (fingerprint aa11 → bb22)" in difference
    assert differences_of((CONFIG, was), (CONFIG, replace(becomes, data_fingerprint="aa11"))) == []


@pytest.mark.parametrize(
    ("config", "resolved", "differences"),
    [
        ({"max_length": 64}, {}, ["max length: not set → 64"]),
        ({"search": SearchConfig(evals_per_epoch=3)}, {}, ["evals per epoch: 2 → 3"]),
        ({"lora_rank": 16}, {}, []),  # not used by a full study
        ({"strategy": "lora", "lora_rank": 16}, {}, ["lora rank: not set → 16", "strategy: full → lora"]),
        ({}, {"fixed": {"epochs": 4, "warmup": 0.1}}, ["epochs: 3 → 4", "warmup: not set → 0.1"]),
        ({}, {"class_weights": "balanced"}, ["class weights: none → balanced"]),
        ({}, {"split": 2}, ["split: 1 → 2"]),
        ({}, {"space": {}, "labels": 6}, ["labels: 5 → 6", "learning rate: 1e-5 … 0.0002 (log) → not set"]),
    ],
)
def test_each_difference_is_a_line_with_the_users_name_for_it(
    config: dict[str, Any], resolved: dict[str, Any], differences: list[str]
) -> None:
    new = (replace(CONFIG, **config), replace(PROVENANCE, **resolved))
    assert differences_of((CONFIG, PROVENANCE), new) == differences
