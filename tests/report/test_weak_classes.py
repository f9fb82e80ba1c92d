from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from adaptkit.report.html import as_html
from adaptkit.report.markdown import as_markdown
from adaptkit.report.terminal import print_report
from adaptkit.report.weak_classes import (
    hardly_found,
    hardly_found_in_words,
    lowest_in_words,
    lowest_on_test,
)
from adaptkit.study.record import StudySummary
from tests.helpers.studies import ner_summary, ner_trials

BEST = ner_trials()[8]


def with_recall(recall: dict[str, float]) -> StudySummary:
    """A study whose classes have this recall on test, and an F1 equal to it."""
    groups = {name: {"recall": one, "f1": one, "support": 40.0} for name, one in recall.items()}
    return replace(ner_summary(), groups_title="class", test_groups=groups)


def test_classes_that_are_hardly_found_on_test() -> None:
    summary = with_recall({"a": 0.9, "b": 0.0, "c": 0.1, "d": 0.125})
    assert hardly_found(summary) == {"b": (0, 40), "c": (4, 40)}
    assert hardly_found_in_words(summary) == (
        "On test, the winner finds at most a tenth of the cases of 2 of 4 classes: 'b' (0 of 40), "
        "'c' (4 of 40)."
    )


def test_classes_with_many_test_rows_come_first() -> None:
    summary = with_recall({f"class {number}": 0.0 for number in range(9)})
    groups = {**summary.test_groups, "class 8": {"recall": 0.0, "support": 99.0}}
    words = hardly_found_in_words(replace(summary, test_groups=groups))
    assert "9 of 9 classes: 'class 8' (0 of 99), 'class 0' (0 of 40)" in words
    assert words.endswith("'class 3' (0 of 40) and 4 more.")


@pytest.mark.parametrize(
    "group", [{"f1": 0.0, "support": 3.0}, {"recall": 0.0, "support": 0.0}, {"recall": 0.0}]
)
def test_without_recall_or_cases_nothing_is_said(group: dict[str, float]) -> None:
    assert hardly_found_in_words(replace(ner_summary(), test_groups={"a": group})) == ""


def test_the_lowest_test_scores() -> None:
    summary = with_recall({f"class {number}": 1 - number / 10 for number in range(8)})
    lowest = lowest_on_test(summary, BEST)
    assert [one.name for one in lowest] == [f"class {number}" for number in (7, 6, 5, 4, 3)]
    assert (lowest[0].measure, lowest[0].score, lowest[0].support) == ("f1", pytest.approx(0.3), 40)
    words = lowest_in_words(summary, BEST, most=7)
    assert words.startswith("The lowest f1 on test: 'class 7' 0.3000 (support 40), 'class 6' 0.4000")


def test_a_short_table_is_not_said_again() -> None:
    summary = with_recall({"a": 0.9, "b": 0.2})
    assert lowest_in_words(summary, None, most=2) == ""
    assert lowest_in_words(summary, None, most=1) == (
        "The lowest f1 on test: 'b' 0.2000 (support 40), 'a' 0.9000 (support 40)."
    )
    assert [one.name for one in lowest_on_test(summary, None)] == ["b", "a"]


@pytest.mark.parametrize(("classes", "formats"), [(15, 0), (16, 1), (40, 1), (41, 2), (100, 2), (101, 3)])
def test_only_formats_that_leave_classes_out_say_it(classes: int, formats: int) -> None:
    summary = with_recall({f"class {number:03}": number / 1000 for number in range(classes)})
    best = replace(BEST, groups=summary.test_groups)
    console = Console(file=io.StringIO(), width=500)
    print_report(console, summary, [best])
    shown = [console.file.getvalue(), as_html(summary, [best]), as_markdown(summary, [best])]  # type: ignore[attr-defined]
    said = ["The lowest f1 on test" in " ".join(text.split()) for text in shown]
    assert said == [True] * formats + [False] * (3 - formats)


def test_equal_scores_are_in_order_of_support_and_name() -> None:
    summary = with_recall({"c": 0.1, "b": 0.1, "a": 0.1})
    groups = {**summary.test_groups, "d": {"f1": 0.1, "support": 50.0}}
    assert [one.name for one in lowest_on_test(replace(summary, test_groups=groups), None)] == list("dabc")


def test_a_class_without_test_rows_has_no_test_score() -> None:
    summary = with_recall({"a": 0.9})
    groups = {**summary.test_groups, "b": {"f1": 0.0, "support": 0.0}, "c": {"f1": 0.1}}
    assert [one.name for one in lowest_on_test(replace(summary, test_groups=groups), None)] == ["c", "a"]


def test_a_number_that_is_no_score_has_no_lowest() -> None:
    groups = {f"band {number}": {"predicted": number / 9, "error": 0.2} for number in range(9)}
    summary = replace(ner_summary(), metric="pearson", test_groups=groups)
    assert lowest_on_test(summary, None) == []
    assert lowest_in_words(summary, None, most=5) == ""
    assert lowest_on_test(replace(ner_summary(), test_groups={}), BEST) == []
