"""In what two calls describe different studies; `test_folder.py` holds what a folder makes of it."""

from dataclasses import replace
from typing import Any

import pytest

from adaptkit.config import DataConfig, SearchConfig, StudyConfig
from adaptkit.study.provenance import Provenance, differences_of

CONFIG = StudyConfig(task="ner", options={"kinds": ("a", "b")}, search=SearchConfig(evals_per_epoch=2))
MET = Provenance(
    versions={"adaptkit": "0.1.0"},
    data_fingerprint="aa11",
    labels=5,
    space={"learning_rate": "1e-05 … 2e-04 (log)"},
    fixed={"epochs": 3},
    metric="f1",
    direction="maximize",
)


def test_a_study_is_itself_whatever_form_a_file_gives_its_values() -> None:
    listed = replace(CONFIG, options={"kinds": ["a", "b"]})
    assert differences_of((CONFIG, MET), (listed, MET)) == []


def test_data_elsewhere_with_the_same_rows_and_other_versions_are_the_same_study() -> None:
    moved = replace(CONFIG, data=DataConfig(train="elsewhere.conll"))
    assert differences_of((CONFIG, MET), (moved, replace(MET, versions={"adaptkit": "9"}))) == []


@pytest.mark.parametrize(
    ("config", "met", "told"),
    [
        ({"max_length": 64}, {}, ["max length: not set → 64"]),
        ({"search": SearchConfig(evals_per_epoch=3)}, {}, ["evals per epoch: 2 → 3"]),
        ({"lora_rank": 16}, {}, []),  # no part of a full study
        ({"strategy": "lora", "lora_rank": 16}, {}, ["lora rank: not set → 16", "strategy: full → lora"]),
        ({}, {"fixed": {"epochs": 4, "warmup": 0.1}}, ["epochs: 3 → 4", "warmup: not set → 0.1"]),
        ({}, {"space": {}, "labels": 6}, ["labels: 5 → 6", "learning rate: 1e-05 … 2e-04 (log) → not set"]),
    ],
)
def test_each_difference_is_a_line_by_the_name_a_user_knows(
    config: dict[str, Any], met: dict[str, Any], told: list[str]
) -> None:
    assert differences_of((CONFIG, MET), (replace(CONFIG, **config), replace(MET, **met))) == told
