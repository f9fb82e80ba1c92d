from __future__ import annotations

import random

import pytest
from adaptkit_ner.tags import Entity, bio_names, canonical, entities_of, entity_types
from seqeval.metrics.sequence_labeling import get_entities

BIO = ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "I-LOC", "I-LOC"]


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param(BIO, id="BIO"),
        pytest.param(["I-PER", "I-PER", "O", "I-LOC", "B-LOC", "I-LOC", "I-LOC"], id="IOB1"),
        pytest.param(["I-PER", "E-PER", "O", "E-LOC", "I-LOC", "I-LOC", "E-LOC"], id="IOE2"),
        pytest.param(["B-PER", "E-PER", "O", "S-LOC", "B-LOC", "I-LOC", "E-LOC"], id="BIOES"),
        pytest.param(["B-PER", "L-PER", "O", "U-LOC", "B-LOC", "I-LOC", "L-LOC"], id="BILOU"),
        pytest.param(["B-PER", "E-PER", "O", "W-LOC", "B-LOC", "M-LOC", "E-LOC"], id="BMEWO"),
    ],
)
def test_every_scheme_becomes_the_same_bio(tags):
    assert canonical(tags) == BIO


def test_an_entity_has_type_first_word_and_end():
    assert entities_of(BIO) == [Entity("PER", 0, 2), Entity("LOC", 3, 4), Entity("LOC", 4, 7)]


def test_types_may_have_hyphens_and_tags_may_lack_a_type():
    assert entity_types(["B-creative-work", "I-creative-work", "O", "B", "I"]) == {"creative-work", "entity"}


@pytest.mark.parametrize(
    ("tags", "repaired"),
    [
        (["I-PER", "O"], ["B-PER", "O"]),
        (["B-LOC", "I-PER", "I-PER"], ["B-LOC", "B-PER", "I-PER"]),
        (["O", "I-PER", "I-LOC"], ["O", "B-PER", "B-LOC"]),
    ],
)
def test_an_inside_tag_without_a_start_begins_an_entity(tags, repaired):
    assert canonical(tags) == repaired


@pytest.mark.parametrize("tag", ["", "PER", "X-PER", "b-PER", "B_PER", "B-", "PER-B", "OO", "O-PER"])
def test_an_unknown_tag_is_refused(tag):
    with pytest.raises(ValueError, match="is unknown; expected O, or a prefix and a type") as caught:
        entities_of(["O", tag])
    assert repr(tag) in str(caught.value)


def test_entities_equal_seqevals_on_random_bio_tags():
    draw = random.Random(5)
    names = bio_names(["LOC", "PER", "a-b"])
    for _ in range(2000):
        tags = draw.choices(names, k=draw.randint(1, 12))
        ours = [(label, start, end - 1) for label, start, end in entities_of(tags)]
        assert ours == get_entities(tags)


def test_the_heads_outputs_are_o_then_b_and_i_of_each_type():
    assert bio_names(["LOC", "PER"]) == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
