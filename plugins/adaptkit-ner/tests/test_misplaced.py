from __future__ import annotations

from adaptkit_ner import ner

BIO = {"tokens": ["Ada", "Byron", "sang"], "tags": ["B-PER", "I-PER", "O"]}


def warned(*rows):
    return list(ner().survey(rows).warnings)


def test_an_inside_of_another_type_in_bio():
    (warning,) = warned(BIO, {"tokens": ["Mount", "Ada"], "tags": ["B-LOC", "I-PER"]}, BIO)
    assert warning.problem == "the tags are BIO, but BIO does not allow their order at 1 place in 1 row"
    assert (warning.row, warning.quoted) == (1, "B-LOC I-PER")
    assert warning.next_step == (
        "All tags are read as 4 entities: an entity begins at each B and where its type changes, also at an "
        "I. Correct the tags if other entities are meant"
    )


def test_a_tag_of_another_scheme():
    (warning,) = warned(
        *[BIO] * 50, {"tokens": ["In", "Rome", "now"], "tags": ["O", "S-LOC", "O"]}, *[BIO] * 50
    )
    assert warning.problem == "the tags are BIO, but BIO does not allow S-LOC at 1 place in 1 row"
    assert (warning.row, warning.quoted) == (50, "O S-LOC")
    assert warning.next_step == (
        "All tags are read as 101 entities: an entity begins at each tag for a beginning or a single word "
        "and where its type changes, and ends after each tag for an end or a single word and before O. "
        "Correct the tags if other entities are meant"
    )


def test_tags_of_another_scheme_and_another_order():
    strays = [{"tokens": ["x"], "tags": [f"{letter}-LOC"]} for letter in "UELS"]
    (warning,) = warned(*[BIO] * 50, {"tokens": ["x"], "tags": ["I-LOC"]}, *strays)
    assert warning.problem == (
        "the tags are BIO, but BIO does not allow E-LOC, L-LOC, S-LOC and 1 more, nor their order, at 5 "
        "places in 5 rows"
    )


def test_two_schemes_in_one_file():
    mixed = {"tokens": ["Ada", "Byron", "sang"], "tags": ["S_PER", "I_PER", "O"]}
    plain = {**BIO, "tags": ["B_PER", "I_PER", "O"]}
    reading = ner().survey([plain, mixed, mixed])
    assert list(reading.notes()) == ["tags are BIO, written as in B_PER"]
    (warning,) = reading.warnings
    assert "BIO does not allow S-PER, nor their order, at 4 places in 2 rows" in warning.problem
    assert (warning.row, warning.quoted) == (1, "S-PER")
    assert "read as 5 entities" in warning.next_step
    assert reading.prepare(mixed)["tags"] == ["B-PER", "B-PER", "O"], "S ends an entity, and I begins another"


def test_valid_tags_and_rows_that_are_refused_give_no_warning():
    assert warned(BIO, {"tokens": ["x"], "tags": ["B-PER"]}, {"text": "x"}) == []
    assert warned(BIO, {"tokens": ["x", "y", "z"], "tags": ["I-PER", "??", 3]}, {}) == []
