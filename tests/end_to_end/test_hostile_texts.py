"""Labels and texts with markup or control characters are shown literally."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from tests.helpers.data import MOODS, moods, write_csv
from tests.helpers.program import called

NASTY = {
    "glad": "[red]glad[/red]",
    "sad": "\x1b[31msad \u202egnp",
    "calm": "<script>alert()</script>",
}
TEXT = "[link=http://example.org]bright[/link] \x1b]0;owned\x07 \u202ekind <script>x</script> [/oops]"


@pytest.fixture(scope="module")
def study(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("hostile")
    train = write_csv(folder / "[b]train[bold].csv", [*moods(30, 1, NASTY), (TEXT, NASTY["glad"])])
    dev = write_csv(folder / "dev.csv", moods(12, 2, NASTY))
    return adaptkit.tune(
        "text-classification", train=str(train), dev=str(dev), test=str(dev), model=str(tiny_folder),
        strategy="frozen", trials=1, epochs=1, study="nasty", studies=folder / "studies", device="cpu",
    )  # fmt: skip


def test_the_labels_are_unchanged_in_predictions(study: Any) -> None:
    assert sorted(study.summary.labels) == sorted(NASTY.values())
    answer = called("predict", study.folder.path, TEXT, "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["label"] in NASTY.values()
    assert "\x1b" not in answer.out


def test_the_terminal_shows_them_literally(study: Any) -> None:
    answer = called("report", study.folder.path)
    assert answer.code == 0, answer.err
    for sign in ("\x1b", "\u202e", "\x07"):
        assert sign not in answer.out
    output = "".join(answer.out.split())
    assert "[red]glad[/red]" in output
    assert "\\x1b[31m" in output
    assert "\\u202e" in output
    assert "<script>" in output


def test_the_web_page_has_no_script_from_the_data(study: Any) -> None:
    page = study.folder.report.read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_a_prediction_shows_them_literally(study: Any) -> None:
    for text in (TEXT, *MOODS["sad"]):
        answer = called("predict", study.folder.path, text)
        assert answer.code == 0, answer.err
        assert "\x1b" not in answer.out
        assert "\u202e" not in answer.out


def test_an_evaluation_shows_them_literally(study: Any) -> None:
    answer = called("evaluate", study.folder.path, "--data", study.summary.data["dev"].source)
    assert answer.code == 0, answer.err
    assert "\x1b" not in answer.out
    assert "[red]glad[/red]" in answer.out


def test_the_model_card_has_no_markup_from_the_data(study: Any) -> None:
    card = (study.folder.best / "README.md").read_text(encoding="utf-8")
    assert "\x1b" not in card
    assert "<script>" not in card


def test_texts_of_every_script_are_predicted(study: Any) -> None:
    texts = ["👩‍🚀 🛶", "مرحبا بالعالم", "東京は雨", "a" * 5000, "word " * 3000, "\u200d", "\u0000"]
    answer = called("predict", study.folder.path, *texts, "--json")
    assert answer.code == 0, answer.err
    assert len(answer.out.splitlines()) == len(texts)
