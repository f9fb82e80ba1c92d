from __future__ import annotations

from pathlib import Path

import pytest

from adaptkit import Metric, Scores
from adaptkit.errors import ConfigError, TaskError
from adaptkit.tasks.metrics import beside, load, with_metric
from tests.helpers.installed import EXAMPLES, install
from tests.helpers.mood_tasks import classifying

ROWS = [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]
CODE = """
from adaptkit import Metric, Scores

def {name}(*, weight: float = 2.0):
    return Metric(
        name="inner", direction="minimize",
        compute=lambda predictions, rows: Scores(values={{"inner": weight * len(rows)}}),
    )
"""


@pytest.fixture
def weighted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(install(tmp_path / "site", EXAMPLES / "adaptkit-weighted-accuracy"))


def test_costs_of_labels_count(weighted: None) -> None:
    metric = load("weighted_accuracy", {"costs": "x=9"})
    predictions = [{"label": "x"}, {"label": "x"}]
    assert metric.compute(predictions, ROWS).values == {"weighted_accuracy": 0.9}
    assert load("weighted_accuracy").compute(predictions, ROWS).values == {"weighted_accuracy": 0.5}


def test_a_metric_has_the_name_of_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "shop-size"
    project.mkdir()
    (project / "shop_size.py").write_text(CODE.format(name="size"))
    (project / "pyproject.toml").write_text(
        '[project]\nname = "shop-size"\nversion = "1"\n'
        '[project.entry-points."adaptkit.metrics"]\nsize = "shop_size:size"\n'
    )
    monkeypatch.syspath_prepend(install(tmp_path / "site", project))
    task = with_metric(classifying(), "shop-size:size", {"weight": "3"})
    assert (task.metric.name, task.metric.direction) == ("size", "minimize")
    assert task.metric.others == {"accuracy": "maximize"}
    assert task.metric.compute(["x", "x"], ROWS).values == {"accuracy": 0.5, "size": 6.0}


def test_the_tasks_own_numbers_need_no_plugin(weighted: None) -> None:
    task = classifying()
    assert with_metric(task, None, {}) is with_metric(task, "accuracy", {}) is task
    with pytest.raises(ConfigError, match="without a metric of a plugin"):
        with_metric(task, None, {"costs": "x=9"})
    with pytest.raises(ConfigError, match=r"metric 'f9'. Expected one of accuracy, .*weighted_accuracy"):
        with_metric(task, "f9", {})
    with pytest.raises(TaskError, match="unknown option 'cost'"):
        with_metric(task, "weighted_accuracy", {"cost": "x=9"})


def test_both_metrics_groups_and_numbers_are_reported() -> None:
    def scores(name: str, **groups: dict[str, float]) -> Metric:
        return Metric(
            name=name, direction="maximize", compute=lambda p, r: Scores(values={name: 1.0}, groups=groups)
        )

    found = beside(scores("one"), scores("two", a={"two": 2.0})).compute([], [])
    assert found == Scores(values={"two": 1.0, "one": 1.0}, groups={"a": {"two": 2.0}})
