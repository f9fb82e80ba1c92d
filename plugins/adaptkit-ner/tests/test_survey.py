from __future__ import annotations

import pytest
from adaptkit_ner import ner


def surveyed(rows, **options):
    reading = ner(**options).survey(rows)
    return [reading.prepare(row) for row in rows], list(reading.notes())


def test_the_tags_of_all_rows_decide():
    rows = [{"tokens": ["Ada", "Byron"], "tags": ["PER", "PER"]}, {"tokens": ["slept"], "tags": ["O"]}]
    prepared, notes = surveyed(rows)
    assert [row["tags"] for row in prepared] == [["B-PER", "I-PER"], ["O"]]
    assert notes == ["tags are IO, written as in PER"]


def test_a_single_row_is_strict():
    with pytest.raises(ValueError, match="tag 'PER' is unknown"):
        ner().prepare({"tokens": ["Ada"], "tags": ["PER"]})


def test_one_wrong_tag_does_not_change_the_scheme():
    rows = [{"tokens": ["Ada", "x"], "tags": ["B-PER", "O"]}, {"tokens": ["Torv"], "tags": ["LOC"]}]
    reading = ner().survey(rows)
    assert reading.prepare(rows[0])["tags"] == ["B-PER", "O"]
    with pytest.raises(ValueError, match="tag 'LOC' is unknown"):
        reading.prepare(rows[1])


def test_numbers_with_names_and_bad_rows_among_them():
    rows = [{"tokens": ["Ada"], "ner_tags": [1]}, {"tokens": ["x"], "ner_tags": [9]}, {"text": "x"}, {}]
    reading = ner(tag_names=("O", "S_PER")).survey(rows)
    assert reading.prepare(rows[0])["tags"] == ["B-PER"]
    assert list(reading.notes()) == ["tags are BIOES, written as in B_PER"]


def test_overlapping_entities_are_counted():
    inner, outer = {"start": 0, "end": 3, "label": "GIVEN"}, {"start": 0, "end": 9, "label": "PER"}
    rows = [{"text": "Ada Byron", "entities": [inner, outer]}, {"text": "Ada Byron", "entities": [outer]}]
    prepared, notes = surveyed(rows, overlaps="outermost")
    assert [row["tags"] for row in prepared] == [["B-PER", "I-PER"]] * 2
    assert notes == ["1 entity that overlaps others, in 1 row, left out (overlaps=outermost)"]
    prepared, _ = surveyed(rows, overlaps="first")
    assert prepared[0]["tags"] == ["B-GIVEN", "O"]


def test_without_spans_tags_have_any_name():
    task = ner(spans=False, tag_names=("NOUN", "VERB"))
    assert task.survey is None
    assert task.prepare({"tokens": ["boats", "sail"], "tags": [0, 1]})["tags"] == ["NOUN", "VERB"]


@pytest.mark.parametrize("unit", ["utf-16", "bytes"])
def test_an_entity_whose_text_is_elsewhere_is_refused(unit):
    text = "🎉 Ada sleeps"
    start = {"utf-16": 3, "bytes": 5}[unit]
    row = {"text": text, "entities": [{"start": start, "end": start + 3, "label": "PER", "text": "Ada"}]}
    name = {"utf-16": "UTF-16 code units", "bytes": "bytes"}[unit]
    with pytest.raises(
        ValueError, match=f"its own text is 'Ada'; the offsets would fit if they counted {name}"
    ):
        ner().prepare(row)
    fits = {"text": text, "entities": [{"start": 2, "end": 5, "label": "PER", "text": "Ada"}]}
    assert ner().prepare(fits)["tags"] == ["O", "B-PER", "O"]
