from __future__ import annotations

import json

from workshop import called


def test_the_list() -> None:
    rows = {row["name"]: row for row in json.loads(called("tasks", "--json").out)["tasks"]}
    assert rows["ner"]["distribution"] == "adaptkit-ner"
    assert rows["ner"]["entry_point"] == "adaptkit_ner:ner"
    shown = called("tasks")
    assert shown.code == 0
    assert "text-classification" in shown.out


def test_one_task() -> None:
    about = json.loads(called("tasks", "ner", "--json").out)
    assert about["metric"] == "f1"
    assert set(about["columns"]) == {"tokens", "tags"}
    assert "tag_column" in about["options"]
    assert about["a sample"] is True
    shown = called("tasks", "ner")
    assert shown.code == 0
    assert "any other" in shown.out


def test_an_unknown_task() -> None:
    answer = called("tasks", "nerr")
    assert answer.code == 2
    assert "'nerr'" in answer.err
    assert "'ner'" in answer.err
