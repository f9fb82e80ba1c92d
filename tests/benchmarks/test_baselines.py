"""The alternatives of `benchmarks.baselines` learn what can be learned, and their runs are told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.baselines import alternatives, run, table, trainer, trainer_spans
from tests.helpers.data import moods, sentences

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "RATE", 1e-2)
    monkeypatch.setattr(trainer, "BATCH_SIZE", 8)


def test_trainer_learns_texts(tiny_folder: Path) -> None:
    found = trainer.scores("text-classification", moods(48, 1), moods(30, 2), 0, str(tiny_folder))
    assert found["accuracy"] > 0.8
    assert found["macro_f1"] > 0.8


def test_trainer_learns_numbers(tiny_folder: Path) -> None:
    rows = [("the river", "the river" if n % 2 else "old boats", f"{n % 2}.0") for n in range(40)]
    assert trainer.scores("similarity", rows, rows, 0, str(tiny_folder))["pearson"] > 0.9


def test_trainer_learns_tags(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By heart, as the encoder is random; a word without a piece gets no entity."""
    monkeypatch.setattr(trainer, "EPOCHS", 40)
    rows = [("\n".join(f"{word}\t{tag}" for word, tag in words),) for words in sentences(48, 1)]
    found = trainer.scores("ner", rows, [*rows, ("\u200b\tO\nAmara\tB-PER",)], 0, str(tiny_folder))
    assert found["f1"] > 0.9
    assert set(found) == {"f1", "precision", "recall"}


@pytest.mark.parametrize("features", ["tfidf", "mean"])
def test_the_alternatives_learn_texts(features: str, tiny_folder: Path) -> None:
    found = alternatives.scores("text-classification", moods(48, 1), moods(30, 2), features, str(tiny_folder))
    assert found["accuracy"] > 0.45  # a third by chance; the states are those of a random encoder


def test_other_encoders_have_runs_and_tables_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    one = {"set": "banking77", "size": "200", "seed": 0, "side": "mean", "accuracy": 0.5, "cpu": 3.0}
    assert run._key(one) != run._key({**one, "model": "other"})
    assert "50.0 ± 0.0 (1)" in table.scores([one])
    table.main()
    assert "| banking77 | 200 |" in capsys.readouterr().out


def test_trainer_learns_spans(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "EPOCHS", 40)
    rows = [("Who?", f"{name} was in Oslo.", name, "0") for name in ("Ada", "Amara", "Bo")] * 16
    found = trainer.scores("qa", rows, rows, 0, str(tiny_folder))
    assert found["f1"] == found["exact_match"] == 1.0


def test_an_answer_is_the_best_span_of_the_context() -> None:
    offsets = [None, (0, 3), (4, 7), (8, 12)]
    starts, ends = np.array([9.0, 1.0, 5.0, 0.0]), np.array([9.0, 2.0, 0.0, 4.0])
    assert trainer_spans._text(starts, ends, offsets, "Ada was here") == "was here"  # type: ignore[arg-type]
