"""Warnings about data and winner: on the terminal, in the summary, and in every format of the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adaptkit.config import DataConfig
from adaptkit.data.load import load
from adaptkit.tasks import registry
from tests.helpers.data import OTHERS, moods, write_csv
from tests.helpers.program import Answer, called


def rows_to_warn_of() -> list[tuple[str, str]]:
    """Classes in several spellings, a long text, an input with two labels, and a rare class."""
    rows = [(f"{text} {number}", "calm") for number, (text, _) in enumerate(moods(60, seed=1))]
    rows[3] = (" ".join(OTHERS * 20), "calm")
    rows[5:7] = [("near a bridge", "Calm"), ("near a bridge", "calm")]
    rows[20] = rows[21] = ("a river of old boats", "stormy")
    return rows


def tune(folder: Path, model: Path, *more: object) -> Answer:
    data = write_csv(folder / "train.csv", rows_to_warn_of())
    return called(
        "tune", "--task", "text-classification", "--data", data, "--model", model, "--strategy", "frozen",
        "--device", "cpu", "--precision", "fp32", "--trials", 2, "--studies", folder / "studies", "--study",
        "audited", *more,
    )  # fmt: skip


SAID = (
    "train: 1 label is written in 2 ways that differ only in case, spaces or invisible characters",
    "'calm' (57), 'Calm' (1); the first: ",
    "train: 1 input occurs more than once with different answers",
    "train: 1 of 60 rows (2%) is longer than 48 tokens and is truncated",
    "The model's limit is 48 tokens, so --max-length cannot be raised",
    "than always predicting that class.",
    "--metric macro_f1 and --class-weights balanced",
    "The winner never predicts",
)


def test_every_report_shows_every_warning(tiny_folder: Path, tmp_path: Path) -> None:
    answer = tune(tmp_path, tiny_folder)
    assert answer.code == 0, answer.err
    page, text = tmp_path / "r.html", tmp_path / "r.md"
    options = ("audited", "--studies", tmp_path / "studies")
    assert called("report", *options, "--html", page).code == 0
    assert called("report", *options, "--markdown", text).code == 0
    document = json.loads(called("report", *options, "--json").out)
    summary = json.loads((tmp_path / "studies" / "audited" / "summary.json").read_text())
    assert document["study"]["warnings"] == summary["warnings"]
    assert all(len(line) <= 80 for line in answer.out.splitlines() if "/" not in line)
    warned = [warning.replace("&#39;", "'") for warning in summary["warnings"]]
    html = page.read_text(encoding="utf-8").replace("&#39;", "'")
    markdown = text.read_text(encoding="utf-8").replace("&#95;", "_").replace("&#39;", "'")
    for shown in (" ".join(warned), answer.out, html, markdown):
        joined = " ".join(shown.split())
        for sentence in SAID:
            assert sentence in joined
    assert SAID[0] in " ".join(answer.err.split()), "also while the data are read"


def test_a_study_that_is_continued_keeps_its_warnings(tiny_folder: Path, tmp_path: Path) -> None:
    summary = tmp_path / "studies" / "audited" / "summary.json"
    assert tune(tmp_path, tiny_folder).code == 0
    before = json.loads(summary.read_text())["warnings"]
    assert tune(tmp_path, tiny_folder).code == 0, "nothing is trained"
    assert sorted(json.loads(summary.read_text())["warnings"]) == sorted(before)


def test_a_smaller_max_length_can_be_raised(tiny_folder: Path, tmp_path: Path) -> None:
    answer = tune(tmp_path, tiny_folder, "--max-length", 16)
    assert "Raise --max-length: the model can read 48 tokens." in " ".join(answer.out.split())


@pytest.mark.parametrize(
    ("label", "reason"),
    [("kind", "--column label=kind"), ("Mood", "--column label=Mood")],
)
def test_the_next_step_is_the_one_for_the_reason(tmp_path: Path, label: str, reason: str) -> None:
    data = write_csv(tmp_path / "train.csv", moods(6, seed=1), ("text", label))
    answer = called(
        "tune", "--task", "text-classification", "--data", data, "--studies", tmp_path / "studies"
    )
    joined = " ".join(answer.err.split())
    assert answer.code == 2
    assert f"{data}: no column 'label'; the columns are 'text', '{label}'" in joined
    assert f"Name the column with {reason}" in joined
    assert "'adaptkit tasks text-classification' shows other forms" in joined
    assert not (tmp_path / "studies").exists()


def test_rejected_annotations_are_counted(tiny_folder: Path, tmp_path: Path) -> None:
    rows = [
        {"text": text, "accept": [label], "answer": answer, "options": [{"id": label}]}
        for (text, label), answer in zip(moods(30, seed=1), ("accept",) * 25 + ("reject",) * 5, strict=True)
    ]
    rows[3]["answer"] = "ignore"
    data = tmp_path / "annotated.jsonl"
    data.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    answer = called(
        "tune", "--task", "text-classification", "--data", data, "--model", tiny_folder,
        "--strategy", "frozen", "--device", "cpu", "--trials", 1, "--studies", tmp_path / "studies",
        "--study", "annotated",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    (warning,) = [
        one
        for one in json.loads((tmp_path / "studies" / "annotated" / "summary.json").read_text())["warnings"]
        if "left out" in one
    ]
    assert warning.startswith("train: 6 rows left out")
    assert f"{data}:4" in warning
    assert "left-out.txt" in warning
    assert "train: 6 rows left out" in " ".join(answer.out.split())


TEXTS = {"🎉🎉 Piet Vos left Kassel early.": ("Piet Vos", "Kassel"), "😀 Mira saw Porto.": ("Mira", "Porto")}


def shifted(text: str, entity: str) -> tuple[int, int]:
    """The offsets of an entity in UTF-16 code units."""
    start = len(text[: text.index(entity)].encode("utf-16-le")) // 2
    return start, start + len(entity)


FORMS = {
    "doccano": lambda text, spans: {"text": text, "label": [[*span, "X"] for span in spans]},
    "start_offset": lambda text, spans: {
        "text": text,
        "entities": [{"start_offset": start, "end_offset": end, "label": "X"} for start, end in spans],
    },
    "spans": lambda text, spans: {
        "text": text,
        "spans": [{"start": s, "end": e, "label": "X"} for s, e in spans],
    },
    "spaCy": lambda text, spans: [text, {"entities": [[*span, "X"] for span in spans]}],
}


@pytest.mark.parametrize("form", list(FORMS))
def test_offsets_inside_words_whatever_the_form(form: str, tmp_path: Path) -> None:
    rows = [
        FORMS[form](f"{text} {number}", [shifted(text, entity) for entity in entities])  # type: ignore[no-untyped-call]
        for text, entities in TEXTS.items()
        for number in range(4)
    ]
    path = tmp_path / "train.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    warnings = load(registry.load("ner"), DataConfig(data=str(path)), 0).warnings
    (warning,) = [one for one in warnings if "inside a word" in one]
    assert warning.startswith("train: 16 of 16 entities begin or end inside a word; the first: ")
    assert "would be complete words if offsets counted UTF-16 code units" in warning
