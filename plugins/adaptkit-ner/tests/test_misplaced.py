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


def test_two_schemes_in_one_file():
    mixed = {"tokens": ["Ada", "Byron", "sang"], "tags": ["S_PER", "I_PER", "O"]}
    plain = {**BIO, "tags": ["B_PER", "I_PER", "O"]}
    reading = ner().survey([plain, mixed, mixed])
    assert list(reading.notes()) == ["tags are BIOES, written as in B_PER"]
    (warning,) = reading.warnings
    assert "BIOES does not allow their order at 5 places in 3 rows" in warning.problem
    assert (warning.row, warning.quoted) == (0, "I-PER O")
    assert "read as 5 entities" in warning.next_step
    assert reading.prepare(mixed)["tags"] == ["B-PER", "B-PER", "O"], "S ends an entity, and I begins another"


def test_valid_tags_and_rows_that_are_refused_give_no_warning():
    assert warned(BIO, {"tokens": ["x"], "tags": ["B-PER"]}, {"text": "x"}) == []
    assert warned(BIO, {"tokens": ["x", "y", "z"], "tags": ["I-PER", "??", 3]}, {}) == []
