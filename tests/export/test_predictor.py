from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.errors import DataError, ModelError, TaskError
from adaptkit.export.loading import DESCRIPTION
from adaptkit.export.predictor import ROWS_AT_ONCE, load
from tests.helpers.data import SENTENCE


def test_the_offsets_of_entities_are_right(tuned: Callable[[str, str], Any]) -> None:
    predictor = adaptkit.load(tuned("ner", "full").folder.best, device="cpu")
    (said,) = predictor.predict([SENTENCE])
    assert said["text"] == SENTENCE
    for entity in said["entities"]:
        assert SENTENCE[entity["start"] : entity["end"]] == entity["text"]
        assert entity["label"] in ("PER", "LOC")
        assert 0 < entity["score"] <= 1


def test_a_text_is_predicted_the_same_alone_and_in_a_list(
    data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    """The head starts at random: one that is solved on a random encoder has weights of several hundred."""
    study = adaptkit.tune(
        "text-classification", data=data_folder / "text-classification", model=tiny_folder, strategy="lora",
        head_init="random", trials=1, epochs=1, device="cpu", studies=tmp_path,
    )  # fmt: skip
    predictor = adaptkit.load(study.folder.best, device="cpu")
    texts = [SENTENCE, "bright", "the cold river has seen the old boats near a bridge", "grey " * 40]
    together = predictor.predict(texts)
    for text, said in zip(texts, together, strict=True):
        (alone,) = predictor.predict([text])
        assert alone["label"] == said["label"]
        assert alone["probabilities"] == pytest.approx(said["probabilities"], abs=1e-5)


def test_no_texts_no_predictions(tuned: Callable[[str, str], Any]) -> None:
    assert adaptkit.load(tuned("text-classification", "full").folder.best, device="cpu").predict([]) == []


@pytest.mark.parametrize("good", [0, 3, 2 * ROWS_AT_ONCE + 1])
def test_rows_before_an_error_are_predicted(tuned: Callable[[str, str], Any], good: int) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield from ({"text": "merry"} for _ in range(good))
        raise DataError("the file ends here")

    predictor = adaptkit.load(tuned("text-classification", "full").folder.best, device="cpu")
    predictions = predictor.stream(rows())
    assert len(list(itertools.islice(predictions, good))) == good
    with pytest.raises(DataError, match="the file ends here"):
        next(predictions)


def test_no_list_of_predictions_ends_at_an_error(tuned: Callable[[str, str], Any]) -> None:
    class Rows(list[dict[str, Any]]):
        def __iter__(self) -> Iterator[dict[str, Any]]:
            yield {"text": "merry"}
            raise DataError("the file ends here")

    predictor = adaptkit.load(tuned("text-classification", "full").folder.best, device="cpu")
    with pytest.raises(DataError, match="the file ends here"):
        predictor.predictions(Rows())


def test_the_scores_are_those_of_the_tasks_metric(tuned: Callable[[str, str], Any]) -> None:
    predictor = adaptkit.load(tuned("text-classification", "full").folder.best, device="cpu")
    (said,) = predictor.predict(["merry"])
    others = [label for label in predictor.description.labels if label != said["label"]]
    rows = [{"text": "merry", "label": said["label"]}] * 3 + [{"text": "merry", "label": others[0]}]
    assert predictor.score(rows).values["accuracy"] == 0.75


def test_a_folder_without_a_model_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as error:
        adaptkit.load(tmp_path)
    assert error.value.code == "not-a-model-folder"


def described(folder: Path, to: Path, **changes: Any) -> Path:
    """A copy of the model folder with changes to its description."""
    shutil.copytree(folder, to)
    values = json.loads((to / DESCRIPTION).read_text())
    (to / DESCRIPTION).write_text(json.dumps({**values, **changes}))
    (to / "manifest.json").unlink()
    return to


def test_a_missing_plugin_is_named_with_how_to_install_it(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    changes = {"task": "moods", "plugin": "shop-moods", "versions": {"shop-moods": "1.2"}}
    folder = described(tuned("text-classification", "full").folder.best, tmp_path / "model", **changes)
    with pytest.raises(TaskError) as caught:
        adaptkit.load(folder, device="cpu")
    assert str(caught.value) == (
        "the model is for the task 'moods' of shop-moods 1.2, which is not installed. "
        "Expected its plugin, shop-moods 1.2. Install it: pip install shop-moods."
    )


def test_of_two_plugins_the_one_it_was_trained_with_is_used(
    tuned: Callable[[str, str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    information = tmp_path / "site" / "shop_copy-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-copy\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[adaptkit.tasks]\ntext-classification = adaptkit_multi_label:multi_label\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "site")
    own = tuned("text-classification", "full").folder.best
    assert "label" in adaptkit.load(own, device="cpu").task.columns
    other = described(own, tmp_path / "model", plugin="shop-copy")
    assert "labels" in adaptkit.load(other, device="cpu").task.columns
    with pytest.raises(TaskError, match=r"shop-copy 1.0 have a task of this name, too"):
        adaptkit.load(described(own, tmp_path / "unknown", plugin="shop-gone"), device="cpu")


def test_another_plugin_is_used_only_if_it_is_named(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    own = tuned("text-classification", "full").folder.best
    folder = described(own, tmp_path / "model", plugin="shop-text-classification")
    with pytest.raises(TaskError, match=r"adaptkit-text-classification 0.1.0 has a task of this name, too"):
        adaptkit.load(folder, device="cpu")
    named = load(folder, device="cpu", task="adaptkit-text-classification:text-classification")
    assert named.predict(["merry"])
    unnamed = described(own, tmp_path / "old", plugin="")
    assert adaptkit.load(unnamed, device="cpu").predict(["merry"])


@pytest.mark.parametrize(
    ("texts", "words"),
    [(["boats", " "], "' ': the text is empty"), ("", "'': the text is empty")],
)
def test_texts_that_cannot_be_predicted_are_rejected(
    texts: Any, words: str, tuned: Callable[[str, str], Any]
) -> None:
    predictor = adaptkit.load(tuned("text-classification", "full").folder.best, device="cpu")
    with pytest.raises(DataError, match=words):
        predictor.predict(texts)
