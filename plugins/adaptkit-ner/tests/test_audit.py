from __future__ import annotations

from collections.abc import Callable

import pytest
from adaptkit_ner.audit import audit
from adaptkit_ner.rows import prepare

from adaptkit import Row

TEXTS = {
    "Piet Vos moved to Kassel last spring.": ("Piet Vos", "Kassel"),
    "😀🎉 In Ghent, Mira Okoye sang.": ("Ghent", "Mira Okoye"),
    "Zoë and Renée met 👍 in Łódź yesterday.": ("Zoë", "Renée", "Łódź"),
}
Offsets = Callable[[str, int, int], tuple[int, int]]


def marked(count: Offsets) -> list[Row]:
    """The texts with offsets of their entities, counted in some way."""
    rows = []
    for text, entities in TEXTS.items():
        spans = [(text.index(one), text.index(one) + len(one)) for one in entities]
        offsets = [count(text, *span) for span in spans]
        rows.append(
            {"text": text, "entities": [{"start": one, "end": two, "label": "X"} for one, two in offsets]}
        )
    return [prepare(row) for row in rows]


def units(encoding: str, size: int) -> Offsets:
    return lambda text, start, end: (
        len(text[:start].encode(encoding)) // size,
        len(text[:end].encode(encoding)) // size,
    )


@pytest.mark.parametrize(
    ("count", "problem", "row", "reading"),
    [
        (units("utf-16-le", 2), "3 of 7", 1, "UTF-16 code units"),
        (units("utf-8", 1), "3 of 7", 1, "bytes of UTF-8"),
        (lambda text, start, end: (start, end - 1), "7 of 7", 0, "the end were the last character"),
        (lambda text, start, end: (start + 1, end + 1), "7 of 7", 0, "counted from 1"),
        (lambda text, start, end: (start + 2, end), "7 of 7", 0, ""),
    ],
)
def test_offsets_inside_words(count: Offsets, problem: str, row: int, reading: str) -> None:
    (warning,) = audit(marked(count))
    assert warning.problem == f"{problem} entities begin or end inside a word"
    assert warning.row == row
    assert "correct them" in warning.next_step
    assert reading in warning.next_step
    assert ("would be complete words" in warning.next_step) == bool(reading)


def test_the_first_such_entity_is_quoted() -> None:
    row = prepare({"text": "Kassel or Porto", "entities": [{"start": 11, "end": 15, "label": "LOC"}]})
    (warning,) = audit([row])
    assert warning.problem == "1 of 1 entities begins or ends inside a word"
    assert warning.quoted == "orto"


def test_complete_words_are_no_reason_to_warn() -> None:
    assert audit(marked(lambda text, start, end: (start, end))) == []
    attached = {"text": "Porto's 5km run, U.S.-based", "spans": [(0, 5), (8, 9), (17, 21)]}
    row = {**attached, "entities": [{"start": s, "end": e, "label": "X"} for s, e in attached["spans"]]}  # type: ignore[misc]
    assert audit([prepare(row)]) == []


@pytest.mark.parametrize("text", ["我在北京工作", "서울에서 만나요", "อยู่ที่กรุงเทพ"])
def test_scripts_without_spaces_are_left_alone(text: str) -> None:
    assert audit([prepare({"text": text, "entities": [{"start": 1, "end": 2, "label": "LOC"}]})]) == []


def test_rows_of_tokens_have_no_offsets() -> None:
    rows = [{"tokens": ["Por", "to"], "tags": ["B-X", "O"]}, {"tokens": ["Po", "rto"], "tags": ["O", "O"]}]
    assert audit([prepare(row) for row in rows]) == []
