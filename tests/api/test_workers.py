"""Where trials are trained, by the user's arguments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.api.workers import trained_on
from adaptkit.config import StudyConfig
from adaptkit.engine.trainer import LocalTrainer
from adaptkit.errors import ConfigError
from tests.helpers.program import environment

CONFIG = StudyConfig(task="ner")


def test_without_devices_this_process_trains() -> None:
    with trained_on(CONFIG, None, None) as (config, trainer):
        assert config is CONFIG
        assert isinstance(trainer, LocalTrainer)


def test_the_study_is_prepared_on_the_first_device() -> None:
    pytest.importorskip("ray")
    with trained_on(CONFIG, ["cpu", "cpu"], None) as (config, trainer):
        assert config.device == "cpu"
        assert trainer.workers == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"devices": "cpu,tpu"}, "unknown-device"),
        ({"devices": []}, "no-devices"),
        ({"devices": ["cpu"], "device": "cuda"}, "device-and-devices"),
        ({"devices": "cuda:99"}, "missing-device"),
        ({"ray": "auto"}, "no-devices"),
    ],
)
def test_wrong_devices_are_refused(arguments: dict[str, Any], code: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        adaptkit.tune("text-classification", studies=tmp_path, progress=False, **arguments)
    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []


WITHOUT_OPTION = """
import sys
import adaptkit
study = adaptkit.tune(
    "text-classification", data=sys.argv[1], model=sys.argv[2], strategy="lora", trials=1, epochs=1,
    device="cpu", progress=False, studies=sys.argv[3],
)
print(study.summary.state, sorted(name for name in sys.modules if name.split(".")[0] == "ray"
      or name.startswith("adaptkit.distributed")))
"""


def test_nothing_of_ray_is_loaded_without_the_option(
    tiny_folder: Path, data_folder: Path, tmp_path: Path
) -> None:
    arguments = [data_folder / "text-classification", tiny_folder, tmp_path]
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_OPTION, *map(str, arguments)], capture_output=True, text=True,
        timeout=300, env=environment(), check=False,
    )  # fmt: skip
    assert answer.stdout == "finished []\n", answer.stderr
