from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest

from adaptkit.report.formatting import NONE
from adaptkit.report.html import as_html
from tests.helpers.studies import edge_studies, ner_summary

STUDIES = edge_studies()
VOID = {"meta", "br", "hr", "img", "input", "link"}


class Checker(HTMLParser):
    """Checks that tags nest, and collects the elements with their attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@cache
def page_of(name: str) -> str:
    return as_html(*STUDIES[name])


def checked(name: str) -> Checker:
    checker = Checker()
    checker.feed(page_of(name))
    checker.close()
    assert checker.open == []
    return checker


@pytest.mark.parametrize("name", STUDIES)
def test_every_page_is_well_formed_and_self_contained(name: str) -> None:
    page = checked(name)
    tags = [tag for tag, _ in page.elements]
    assert not {"script", "link", "img", "iframe", "object", "base", "form", "b1"} & set(tags)
    for tag, attributes in page.elements:
        assert not {"src", "href", "style", "srcset", "xlink:href"} & set(attributes), tag
        assert not any(key.startswith("on") for key in attributes)
        if tag == "th":
            assert "scope" in attributes
    identities = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identities) == len(set(identities))
    assert "url(" not in page_of(name)
    assert "@import" not in page_of(name)
    for drawing in re.findall(r"<svg(?![^>]*aria-hidden).*?</svg>", page_of(name), re.DOTALL):
        assert "<title" in drawing
    assert not re.search(
        r"\b(nan|inf|None|Undefined)\b", re.sub(r"<style>.*</style>", "", page_of(name), flags=re.S)
    )


def test_a_finished_study_has_its_charts_and_all_its_trials() -> None:
    page = checked("finished")
    curves = [
        given for tag, given in page.elements if tag == "polyline" and "curve" in (given.get("class") or "")
    ]
    assert len(curves) == 12
    assert [given["class"] for given in curves].count("curve winner") == 1
    assert len([tag for tag, given in page.elements if "dot" in (given.get("class") or "").split()]) == 11
    rows = [given["class"] for tag, given in page.elements if tag == "tr" and given.get("class")]
    assert len(rows) == 12
    assert rows[0] == "complete winner"
    for said in ("0.8977", "0.8791", "from peft import PeftModel", "0.0279 better", "Straße", "6.4 GiB"):
        assert said in page.text, said


@pytest.mark.parametrize("name", ["finished", "baselines", "beats", "many classes"])
def test_every_table_scrolls_if_the_window_is_narrow(name: str) -> None:
    page = page_of(name)
    assert re.findall(r"<table>", page)
    assert len(re.findall(r'<div class="wide[^>]*>\s*<table>', page)) == len(re.findall(r"<table\b", page))
    wide = re.search(r"^\.wide \{(.*?)\}", page, re.DOTALL | re.MULTILINE)
    assert wide
    assert "overflow-x: auto" in wide[1]
    assert "background-attachment: local" in wide[1], "a shade says that there is more"


def test_a_single_hyperparameter_has_no_share() -> None:
    assert "What mattered" in page_of("finished")
    assert "What mattered" not in as_html(replace(ner_summary(), importances={"l2": 1.0}), [])


def test_the_numbers_chosen_on_dev_are_shown() -> None:
    assert "Chosen on the dev rows: null threshold 0.341512." in checked("calibrated").text
    assert "Chosen on the dev rows" not in checked("finished").text


def test_long_studies_are_complete_and_stay_small() -> None:
    rows = [given for tag, given in checked("hundred trials").elements if tag == "tr" and given.get("class")]
    assert len(rows) == 100
    assert len(page_of("hundred trials")) < 200_000
    assert len(page_of("finished")) < 50_000
    assert "class_76" in checked("many classes").text


def test_pruned_trials_are_explained_if_there_are_any() -> None:
    assert "pruned trials dashed" in checked("finished").text
    assert "pruned trials" not in checked("one trial").text


def test_texts_with_markup_are_shown_literally() -> None:
    page = checked("hostile")
    assert "<script>alert(1)</script>" in page.text
    assert "\\x1b[31mred" in page.text
    assert "\\u202e" in page.text
    assert not {"\x1b", "\u202e", "\x07"} & set(page.text)


def test_the_loading_lines_keep_their_indentation() -> None:
    assert "\n    base, config=AutoConfig.from_pretrained(folder)\n" in checked("finished").text


def test_a_failed_study_shows_reasons_and_no_winner() -> None:
    text = checked("failed").text
    assert "Why they failed" in text
    assert "Winner" not in text
    assert "Best so far" not in text


def test_the_baselines_are_shown_beside_the_winner() -> None:
    text = " ".join(checked("baselines").text.split())
    assert "majority class, dev" in text
    assert "0.0852 better than the best baseline, words (0.8125)" in text
    assert "does not beat" not in text
    unbeaten = checked("unbeaten")
    assert "this model does not beat it. Try --strategy full" in " ".join(unbeaten.text.split())
    assert any(attributes.get("class") == "callout" for _, attributes in unbeaten.elements)


def test_test_rows_have_baselines_and_lowest_classes() -> None:
    text = " ".join(checked("tested baselines").text.split())
    assert "words, dev0.8125" in text
    assert "words, test0.8500" in text
    assert "The lowest f1 on test" not in text, "the table shows all classes"
    assert "The lowest f1 on test: " in " ".join(checked("many classes").text.split())


def test_cross_validation_is_not_called_dev() -> None:
    text = " ".join(checked("folds").text.split())
    assert "f1 in 5-fold cross-validation" in text
    assert "on dev" not in text


def test_the_intervals_of_the_test_scores() -> None:
    text = " ".join(checked("intervals").text.split())
    assert "0.879195% interval over the test rows: 0.8641 to 0.8925" in text
    cells = ["0.8641 to 0.8925", NONE, "0.8500 to 0.8950", NONE]
    assert f"test, 95% interval{''.join(cells)}" in text
    without = " ".join(checked("finished").text.split())
    assert without.count("95% interval") == without.count("doubling gained 0.0051 (95% interval") == 1


def test_the_runs_with_new_seeds_are_drawn() -> None:
    page = checked("beats")
    dots = [attributes for tag, attributes in page.elements if attributes.get("class") == "run"]
    assert len(dots) == 9
    assert "is better than the default: +0.0273" in page.text
    assert "trial 0 (default)" in page.text
    assert "Confirmation" not in checked("finished").text
    assert "2 of 3" in checked("confirming").text


def test_a_lost_winner_leaves_a_page_without_its_number() -> None:
    html = as_html(replace(ner_summary(), best=99), [])
    assert "Scores, the most frequent" in html
