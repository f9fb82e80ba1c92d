from __future__ import annotations

import pytest
from adaptkit_ner.schemes import spelling_of, usual_tags
from adaptkit_ner.tags import canonical

BIO = ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "I-LOC"]

SPELLINGS = {
    "": BIO,
    "B_PER": ["B_PER", "I_PER", "O", "B_LOC", "B_LOC", "I_LOC"],
    "b-PER": ["b-PER", "i-PER", "o", "b-LOC", "b-LOC", "i-LOC"],
    "PER-B": ["PER-B", "PER-I", "O", "LOC-B", "LOC-B", "LOC-I"],
    "PER_B": ["PER_B", "PER_I", "O", "LOC_B", "LOC_B", "LOC_I"],
}


@pytest.mark.parametrize("form", SPELLINGS)
def test_every_spelling_is_found_and_read(form):
    spelling = spelling_of(SPELLINGS[form])
    assert spelling.form == form
    assert canonical(usual_tags(SPELLINGS[form], spelling)) == BIO


@pytest.mark.parametrize(
    ("tags", "types"),
    [
        (["PER", "PER", "O", "LOC"], ["B-PER", "I-PER", "O", "B-LOC"]),
        (["o", "creative-work", "creative-work"], ["O", "B-creative-work", "I-creative-work"]),
        (["O", "first name"], ["O", "B-first name"]),
    ],
)
def test_types_without_prefix(tags, types):
    spelling = spelling_of(tags)
    assert canonical(usual_tags(tags, spelling)) == types


@pytest.mark.parametrize(
    "tags",
    [
        ["NOUN", "VERB", "PUNCT"],
        ["O", "B-PER", "PER"],
        ["O", "B-PER", "I_PER"],
        ["O", ""],
        ["1", "2", "0"],
        ["O", "B_PER", "LOC"],
    ],
)
def test_tags_of_no_spelling_are_read_as_usual(tags):
    """They are then refused, one by one: parts of speech are no entities, and a mixture is an error."""
    spelling = spelling_of(tags)
    assert spelling.form == ""
    with pytest.raises(ValueError, match="is unknown"):
        list(map(spelling.read, tags))
