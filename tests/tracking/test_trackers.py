from __future__ import annotations

import importlib
import sys

import pytest

from adaptkit.errors import ConfigError
from adaptkit.tracking.trackers import TRACKERS, tracker
from tests.helpers.program import called


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_is_not_installed_names_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    importlib.import_module(f"adaptkit.tracking.{name}")
    for module in ("mlflow.tracking", "torch.utils.tensorboard", "wandb"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=rf"pip install 'adaptkit\[{name}\]'") as refused:
        tracker(name)
    assert refused.value.code == "tracker-not-installed"
    answer = called("tune", "--task", "ner", "--track", name)
    assert (answer.code, answer.out) == (2, "")
    assert f"adaptkit[{name}]" in answer.err


def test_another_tracker_is_a_usage_error() -> None:
    answer = called("tune", "--task", "ner", "--track", "paper")
    assert answer.code == 2
    assert "'mlflow', 'tensorboard', 'wandb'" in answer.err
