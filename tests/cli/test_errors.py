from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import adaptkit
from adaptkit.cli.errors import _lines
from adaptkit.run.row_results import RowResult
from tests.helpers.data import write_csv
from tests.helpers.program import called


def test_wrong_rows_are_shown_worst_first(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "full")
    texts = ["boats", "rain", "the bright boats", "a dull day"]
    predicted = [one["label"] for one in study.load().predict(texts)]
    other = {"glad": "sad", "sad": "glad"}
    labels = [predicted[0], *(other[label] for label in predicted[1:])]
    data = write_csv(tmp_path / "rows.csv", list(zip(texts, labels, strict=True)))
    answer = called("errors", study.folder.path, "--data", data)
    assert answer.code == 0, answer.err
    assert answer.out.startswith(f"4 rows of {data}: 3 wrong.\n")
    assert "  text: rain\n" in answer.out
    assert "  text: boats\n" not in answer.out
    assert f"\n  expected label: {labels[1]}\n  predicted label: {predicted[1]}\n" in answer.out
    losses = [float(line.rpartition(" ")[2]) for line in answer.out.splitlines() if "  loss " in line]
    assert losses == sorted(losses, reverse=True)

    lines = called("errors", study.folder.path, "--data", data, "--json").out.splitlines()
    said = [json.loads(line) for line in lines]
    assert len(said) == 3
    assert {one["place"] for one in said} == {f"{data}:{number}" for number in (3, 4, 5)}
    assert all(one["right"] is False and one["loss"] > 0 for one in said)
    few = called("errors", study.folder.path, "--data", data, "--most", 1)
    assert "The 1 with the highest loss (--most N shows more):" in few.out
    assert few.out.count("  loss ") == 1


def test_confusions_come_before_the_rows(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "full")
    (found,) = study.load().predict(["boats"])
    wrong = {"glad": "sad", "sad": "glad"}[found["label"]]
    data = write_csv(tmp_path / "rows.csv", [("boats", wrong), ("boats", wrong)])
    out = called("errors", study.folder.path, "--data", data).out
    assert "Most frequent confusions:" in out
    assert f"     2 x {wrong}, predicted {found['label']}\n" in out


def test_tags_are_shown_beside_their_words(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study, data = tuned("ner", "full"), tmp_path / "rows.conll"
    data.write_text("Xylo B-PER\nsang O\nof O\nXylo B-LOC\n")
    (found,) = adaptkit.row_results(study, data)
    tags = found.predicted_answer["tags"]
    shown = " ".join(
        f"{word}/{tag}" for word, tag in zip(found.row["tokens"], tags, strict=True) if tag != "O"
    )
    out = called("errors", study.folder.path, "--data", data).out
    assert "\n  tokens: Xylo sang of Xylo\n  expected tags: Xylo/B-PER Xylo/B-LOC\n" in out
    assert f"\n  predicted tags: {shown or 'none'}\n" in out


def test_a_correlation_calls_no_row_wrong(tmp_path: Path, tiny_folder: Path) -> None:
    scores = [(f"boat {number}", "a boat", number % 5) for number in range(20)]
    data = write_csv(tmp_path / "rows.csv", scores, header=("sentence1", "sentence2", "score"))
    study = adaptkit.tune(
        "similarity", train=data, model=tiny_folder, strategy="frozen", trials=1, confirm=0, progress=False,
        studies=tmp_path / "studies", device="cpu",
    )  # fmt: skip
    answer = called("errors", study.folder.path, "--data", data, "--most", 3)
    assert answer.code == 0, answer.err
    assert answer.out.startswith(f"20 rows of {data}, by loss. pearson has no right or wrong for one row.\n")
    assert answer.out.count("  loss ") == 3


def test_a_text_that_is_the_predicted_label() -> None:
    shown = _lines(result({"text": "glad"}, {"label": "sad"}, {"label": "glad", "text": "glad"}))
    assert shown == [
        "a.csv:2  loss 1.5000",
        "  text: glad",
        "  expected label: sad",
        "  predicted label: glad",
    ]


def test_a_position_is_shown_with_what_is_there() -> None:
    choices = {"choices": ["ash", "oak"]}
    assert "  expected answer: 1 (oak)" in _lines(result(choices, {"answer": 1}, {}))
    for value in (7, -1, True):
        assert f"  expected answer: {value}" in _lines(result(choices, {"answer": value}, {}))


def result(row: dict[str, Any], expected: dict[str, Any], predicted: dict[str, Any]) -> RowResult:
    return RowResult(place="a.csv:2", row=row, expected=expected, predicted=predicted, right=False, loss=1.5)


def test_control_characters_are_made_visible(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    data = write_csv(tmp_path / "rows.csv", [("a\x1b[31mred", "glad"), ("a\x1b[31mred", "sad")])
    out = called("errors", tuned("text-classification", "full").folder.path, "--data", data).out
    assert "\x1b" not in out
    assert "red" in out


def test_all_rows_may_be_right(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "full")
    rows = [(text, study.load().predict(text)["label"]) for text in ("boats", "rain")]
    data = write_csv(tmp_path / "rows.csv", rows)
    assert called("errors", study.folder.path, "--data", data).out == f"2 rows of {data}: 0 wrong.\n"
    assert all(one.right for one in adaptkit.row_results(study, data))
