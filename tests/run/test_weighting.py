"""Which weights of classes a study has, from its configuration, its task and its labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adaptkit.config import SearchConfig
from adaptkit.errors import ConfigError
from adaptkit.run.weighting import UNWEIGHTED, Weighting, resolve_weighting
from adaptkit.tasks import registry
from tests.helpers.number_task import number_task

LABELS = ("a", "b")


def written(path: Path, content: object) -> SearchConfig:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return SearchConfig(class_weights=str(path))


def test_by_default_all_classes_count_the_same() -> None:
    assert resolve_weighting(SearchConfig(), registry.load("qa"), ()) is UNWEIGHTED
    assert UNWEIGHTED.in_words == "none"


@pytest.mark.parametrize("task", ["text-classification", "nli", "ner"])
def test_tasks_with_one_label_per_item_have_balanced_weights(task: str) -> None:
    search = SearchConfig(class_weights="balanced", label_smoothing=0.1)
    found = resolve_weighting(search, registry.load(task), LABELS)
    assert found == Weighting(balanced=True, smoothing=0.1)
    assert found.in_words == "balanced"


@pytest.mark.parametrize("task", ["qa", "similarity", "multi-label", "multiple-choice"])
@pytest.mark.parametrize("given", [{"class_weights": "balanced"}, {"label_smoothing": 0.1}])
def test_other_tasks_are_refused(task: str, given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=rf"'{task}'.*one label per item.*--class-weights") as caught:
        resolve_weighting(SearchConfig(**given), registry.load(task), LABELS)
    assert caught.value.code == "no-class-weights"


def test_a_file_gives_the_weights_in_the_order_of_the_labels(tmp_path: Path) -> None:
    by_json = resolve_weighting(written(tmp_path / "w.json", {"b": 2, "a": 0.5}), number_task(), LABELS)
    by_toml = resolve_weighting(written(tmp_path / "w.toml", "b = 2\na = 0.5\n"), number_task(), LABELS)
    assert by_json == by_toml
    assert list((by_json.weights or {}).items()) == [("a", 0.5), ("b", 2.0)]
    assert by_json.in_words == "a 0.5, b 2.0"


def test_json_itself_gives_the_weights_as_a_file_does() -> None:
    given = SearchConfig(class_weights='{"b": 2.0, "a": 0.5}')
    assert resolve_weighting(given, number_task(), LABELS).weights == {"a": 0.5, "b": 2.0}
    for wrong, message in (('{"a": 1.0}', "no weight for 'b'"), ("{a", "JSONDecodeError")):
        with pytest.raises(ConfigError, match=message):
            resolve_weighting(SearchConfig(class_weights=wrong), number_task(), LABELS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": 1, "b": 1, "B": 1}, r"unknown labels 'B'\. Expected a number above 0 for each of 'a', 'b'"),
        ({"a": 1}, "no weight for 'b'"),
        ({"a": 1, "b": 0}, "the weight of 'b' is 0"),
        ({"a": 1, "b": True}, "the weight of 'b' is True"),
        ('{"a": 1, "b": NaN}', "the weight of 'b' is nan"),
        ([1, 2], "it is not a mapping"),
        ("a: 1", "JSONDecodeError"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        resolve_weighting(written(tmp_path / "w.json", content), number_task(), LABELS)
    assert caught.value.code == "invalid-class-weights"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    search = SearchConfig(class_weights=str(tmp_path / "none.json"))
    with pytest.raises(ConfigError, match=r"FileNotFoundError.*'balanced', or a JSON"):
        resolve_weighting(search, number_task(), LABELS)
