from __future__ import annotations

from pathlib import Path

import pytest

from adaptkit.errors import ConfigError
from adaptkit.models.depth import LAYERS, default_layers, layers_of, refuse_layers, with_layers
from adaptkit.models.loading import load_model
from tests.helpers.model_folders import as_sentence_encoder
from tests.helpers.number_task import LABELS, number_task


@pytest.fixture
def sentence_encoder(tiny_folder: Path, tmp_path: Path) -> Path:
    """The tiny encoder of two layers, in a folder that declares a pooling."""
    return as_sentence_encoder(tiny_folder, tmp_path / "encoder")


def test_a_sentence_encoder_gives_half_its_layers(sentence_encoder: Path, tiny_folder: Path) -> None:
    assert default_layers(number_task("token-classification"), str(sentence_encoder)) == 1
    assert default_layers(number_task("sequence-classification"), str(sentence_encoder)) == 0
    assert default_layers(number_task("token-classification"), str(tiny_folder)) == 0


def test_a_model_of_fewer_layers_has_the_first_ones(tiny_folder: Path) -> None:
    task, folder = number_task("token-classification"), str(tiny_folder)
    whole, half = (
        load_model(with_layers(task, layers), folder, LABELS, seed=0, max_length=None).module.state_dict()
        for layers in (0, 1)
    )
    first = [name for name in whole if ".layer.0." in name]
    assert first
    assert all(half[name].equal(whole[name]) for name in first)
    assert not any(".layer.1." in name for name in half)


def test_no_layers_means_all_of_them() -> None:
    task = number_task()
    assert with_layers(task, 0) is task
    assert with_layers(task, 2).config_overrides[LAYERS] == 2


def test_more_layers_than_there_are_are_refused(tiny_folder: Path) -> None:
    assert layers_of(str(tiny_folder), "tiny") == 2
    refuse_layers(2, str(tiny_folder))
    with pytest.raises(ConfigError) as refused:
        refuse_layers(3, str(tiny_folder))
    assert refused.value.code == "layers"
