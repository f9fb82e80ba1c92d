from __future__ import annotations

import re
from dataclasses import replace

import pytest

from adaptkit.report.formatting import NONE
from adaptkit.report.markdown import as_markdown
from tests.helpers.studies import edge_studies

STUDIES = edge_studies()


@pytest.mark.parametrize("name", STUDIES)
def test_every_line_of_a_table_has_the_same_cells(name: str) -> None:
    for block in as_markdown(*STUDIES[name]).split("\n\n"):
        if block.startswith("|"):
            widths = {line.count("|") for line in block.split("\n")}
            assert len(widths) == 1, block
            assert set(block.split("\n")[1]) <= set("|-: ")


def test_the_contents() -> None:
    text = as_markdown(*STUDIES["finished"])
    for said in (
        "# Study `people-and-places`",
        "## Winner: trial 8",
        "0.0279 better",
        "```python\nfrom peft",
        "6.4 GiB",
    ):
        assert said in text, said
    assert "| **8** | complete | 0.8977 | 9.80e-4 | 16 |" in text
    assert len(re.findall(r"^\| \*?\*?\d+\*?\*? \|", text, re.MULTILINE)) == 12
    assert "`東京`" in text


def test_the_numbers_chosen_on_dev_are_shown() -> None:
    assert "Chosen on the dev rows: null threshold 0.341512." in as_markdown(*STUDIES["calibrated"])
    assert "Chosen on the dev rows" not in as_markdown(*STUDIES["finished"])


def test_a_shortened_table_says_where_all_classes_are() -> None:
    summary, (trial,) = STUDIES["many classes"]
    assert "most frequent of" not in as_markdown(summary, [trial])
    more = replace(trial, groups={f"class {number}": {"f1": 0.5} for number in range(1200)})
    text = as_markdown(replace(summary, test_groups={}), [more])
    assert "The 100 most frequent of 1,200: adaptkit report --html FILE shows all." in text


def test_texts_with_markup_are_escaped() -> None:
    text = re.sub(r"```python\n.*?\n```", "", as_markdown(*STUDIES["hostile"]), flags=re.DOTALL)
    assert "<script" not in text
    assert "@user" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_states() -> None:
    assert "12 trials: out of memory" in as_markdown(*STUDIES["failed"])
    assert "Winner" not in as_markdown(*STUDIES["failed"])
    assert "Run the same command again" in as_markdown(*STUDIES["interrupted"])
    assert "Best so far: trial 3" in as_markdown(*STUDIES["running"])


def test_the_baselines_are_shown_beside_the_winner() -> None:
    text = as_markdown(*STUDIES["baselines"])
    assert "| words (dev) | 0.8125 |" in text
    assert "0.0852 better than the best baseline, words (0.8125)" in text
    assert "\n- The baseline words scores 0.9500 on the same rows" in as_markdown(*STUDIES["unbeaten"])


def test_test_rows_have_baselines_and_lowest_classes() -> None:
    text = as_markdown(*STUDIES["tested baselines"])
    assert "| words (dev) | 0.8125 |" in text
    assert "| words (test) | 0.8500 |" in text
    assert "The lowest f1 on test" not in text, "the table shows all classes"


def test_cross_validation_is_not_called_dev() -> None:
    text = as_markdown(*STUDIES["folds"]).split("## Data")[0]
    assert "| 5-fold | 0.8977 |" in text
    assert not re.search(r"\bdev\b", text)


def test_the_intervals_of_the_test_scores() -> None:
    text = as_markdown(*STUDIES["intervals"])
    cells = ["95% interval over the test rows", "0.8641 to 0.8925", NONE, "0.8500 to 0.8950", NONE]
    assert f"\n| {' | '.join(cells)} |\n" in text
    without = as_markdown(*STUDIES["finished"])
    assert without.count("interval") == without.count("doubling gained 0.0051 (95% interval") == 1
