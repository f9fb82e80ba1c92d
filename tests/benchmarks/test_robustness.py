"""The benchmark of changed inputs: what it changes, and how it names the outcomes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.robustness import contents, rows
from benchmarks.robustness.folders import CHANGES, FolderChange
from benchmarks.robustness.good import GOOD, Good, suffix, written
from benchmarks.robustness.outcomes import Answer, outcome
from benchmarks.robustness.run import changed_file, main, row_changes
from benchmarks.robustness.table import PAGE, RESULTS, changed_scores, page_with, records, table
from benchmarks.robustness.weights import KEEPS_SHAPES, NOTICED

FORMS = [(good, form) for good in GOOD for form in good.formats]
GOOD_ANSWER = Answer(0, 0.9, ("as before",))


def named(value: object) -> str:
    return value.task if isinstance(value, Good) else str(value)


@pytest.mark.parametrize(("good", "form"), FORMS, ids=named)
def test_good_files_are_read_without_a_warning(good: Good, form: str, tmp_path: Path) -> None:
    from adaptkit.config import DataConfig
    from adaptkit.data.load import load
    from adaptkit.tasks import registry

    paths = {split: tmp_path / f"{split}{suffix(form)}" for split in ("train", "dev")}
    for (path, count), seed in zip(((paths["train"], 84), (paths["dev"], 42)), (1, 2), strict=True):
        path.write_text(written(good.rows(count, seed), form), encoding="utf-8")
    data = DataConfig(train=str(paths["train"]), dev=str(paths["dev"]))
    loaded = load(registry.load(good.task), data, seed=0)
    assert (len(loaded.train), len(loaded.dev), loaded.left_out) == (84, 42, [])


@pytest.mark.parametrize(("good", "form"), FORMS, ids=named)
def test_each_change_of_a_file_can_be_made(good: Good, form: str) -> None:
    before = written(good.rows(12, 1), form).encode()
    unchanged = set()
    for name, (change, _) in {**rows.CHANGES, **row_changes(good, form)}.items():
        after = written(change(good.rows(12, 1), Random(1), good), form).encode("utf-8", "replace")
        unchanged |= {name} if after == before else set()
    for name, one in contents.OF_FORM[form].items():
        unchanged |= {name} if one(before, Random(1)) == before else set()
    assert len(unchanged) <= 6, unchanged  # such as lower case for labels in lower case


def test_the_same_number_is_the_same_change() -> None:
    for good, form in FORMS:
        one, again, other = (
            [changed_file(good, form, "train", Random(f"{seed} {number}")) for number in range(5)]
            for seed in ("a", "a", "b")
        )
        assert one == again
        assert one != other


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small classifier with its tokenizer."""
    import torch
    import transformers

    from benchmarks.robustness.subjects import write_encoder

    path = write_encoder(tmp_path_factory.mktemp("model") / "tiny")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(path, num_labels=3)
    with torch.no_grad():
        for tensor in model.parameters():
            tensor.normal_()
    model.save_pretrained(path)
    return path


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_each_change_of_a_folder_can_be_made(change: FolderChange, folder: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(folder, tmp_path / "model"))
    before = content(model)
    change.apply(model, Random(1))
    assert content(model) != before


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_changes_of_tensors_that_keep_all_shapes(folder: Path) -> None:
    from safetensors.torch import load_file

    before = load_file(folder / "model.safetensors")
    for changes, keep in ((KEEPS_SHAPES, True), (NOTICED, False)):
        for name, change in changes.items():
            after = change(dict(before), Random(2))
            same = {one: (t.shape, t.dtype) for one, t in after.items()} == {
                one: (t.shape, t.dtype) for one, t in before.items()
            }
            usual = all(bool((tensor.double().abs() < 100).all()) for tensor in after.values())
            assert (same and usual) == keep, name


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Answer(2, message="refused"), "refused"),
        (Answer(1, message="unexpected"), "unexpected"),
        (Answer(0, 0.86), "same result"),
        (Answer(0, 0.84, ("as before", "labels are missing")), "warned"),
        (Answer(0, 0.96, ("as before", "labels are missing")), "warned"),
        (Answer(0, 0.84, ("as before",)), "silent"),
        (Answer(0, 0.84, ("another thing",)), "silent"),
        (Answer(0, None), "unexpected"),
    ],
)
def test_the_names_of_outcomes(answer: Answer, found: str) -> None:
    assert outcome(answer, GOOD_ANSWER, "LABEL|before", unnoticeable=False) == found
    if found == "silent":
        assert outcome(answer, GOOD_ANSWER, "LABEL", unnoticeable=True) == "cannot be noticed"
        assert outcome(answer, GOOD_ANSWER, "", unnoticeable=False) == "silent"


def test_the_table_counts_outcomes() -> None:
    records = [{"target": "nli", "outcome": "refused"}] * 3 + [{"target": "qa", "outcome": "silent"}]
    lines = table(records).splitlines()
    assert lines[2:] == [
        "| nli | 3 | 0 | 3 | 0 | 0 | 0 | 0 |",
        "| qa | 1 | 0 | 0 | 0 | 0 | 1 | 0 |",
        "| all | 4 | 0 | 3 | 0 | 0 | 1 | 0 |",
    ]


def test_the_page_has_the_tables_of_the_results() -> None:
    page, results = PAGE.read_text(encoding="utf-8"), records(RESULTS)
    assert len(results) >= 200
    assert page_with(f"{table(results)}\n\n{changed_scores(results)}", page) == page


def test_changes_of_the_score_are_listed_by_kind() -> None:
    one = {"target": "nli", "change": "a | b", "before": 0.9}
    results = [{**one, "outcome": "warned", "score": score} for score in (0.5, 0.7)]
    lines = changed_scores([*results, {**one, "outcome": "refused", "score": None}]).splitlines()
    assert lines[2:] == ["| warned | data | a \\| b | 2 | 40 |"]


def test_a_run_is_continued(tmp_path: Path, capsys: Any) -> None:
    results = tmp_path / "results.jsonl"
    options = ["--only", "text-classification", "--results", str(results), "--work", str(tmp_path / "work")]
    main([*options, "--count", "1"])
    first = results.read_text()
    main([*options, "--count", "2"])
    assert results.read_text().startswith(first)
    records = [json.loads(line) for line in results.read_text().splitlines()]
    assert [record["number"] for record in records] == [0, 1]
    assert {record["outcome"] for record in records} <= {"same result", "refused", "warned"}
    assert all(record["before"] > 0.9 for record in records)
    assert str(tmp_path) not in results.read_text()
    assert "| text-classification | 2 |" in capsys.readouterr().out
