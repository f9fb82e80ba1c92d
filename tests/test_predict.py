from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from workshop import SENTENCE

import adaptkit
from adaptkit.errors import ModelError


def test_entities_stand_where_they_say(tuned: Callable[[str, str], Any]) -> None:
    predictor = adaptkit.load(tuned("ner", "full").folder.best, device="cpu")
    (said,) = predictor.predict([SENTENCE])
    assert said["text"] == SENTENCE
    for entity in said["entities"]:
        assert SENTENCE[entity["start"] : entity["end"]] == entity["text"]
        assert entity["label"] in ("PER", "LOC")
        assert 0 < entity["score"] <= 1


def test_a_text_is_predicted_alike_alone_and_among_others(tuned: Callable[[str, str], Any]) -> None:
    predictor = adaptkit.load(tuned("text-classification", "lora").folder.best, device="cpu")
    texts = [SENTENCE, "bright", "the cold river has seen the old boats near a bridge", "grey " * 100]
    together = predictor.predict(texts)
    for text, said in zip(texts, together, strict=True):
        (alone,) = predictor.predict([text])
        assert alone["label"] == said["label"]
        assert alone["probabilities"] == pytest.approx(said["probabilities"], abs=1e-5)


def test_no_texts_no_predictions(tuned: Callable[[str, str], Any]) -> None:
    assert adaptkit.load(tuned("text-classification", "full").folder.best, device="cpu").predict([]) == []


def test_scores_are_the_tasks(tuned: Callable[[str, str], Any]) -> None:
    predictor = adaptkit.load(tuned("text-classification", "full").folder.best, device="cpu")
    (said,) = predictor.predict(["merry"])
    others = [label for label in predictor.description.labels if label != said["label"]]
    rows = [{"text": "merry", "label": said["label"]}] * 3 + [{"text": "merry", "label": others[0]}]
    assert predictor.score(rows).values["accuracy"] == 0.75


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model folder of adaptkit"):
        adaptkit.load(tmp_path)
