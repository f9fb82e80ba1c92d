from __future__ import annotations

import pytest
from adaptkit_ner.overlaps import without_overlaps

from adaptkit import Mark

INNER, OUTER, LATER = Mark(0, 4, "GIVEN"), Mark(0, 8, "PER"), Mark(18, 24, "LOC")


@pytest.mark.parametrize("order", [[INNER, OUTER, LATER], [LATER, OUTER, INNER]])
def test_the_outermost_is_kept(order):
    assert without_overlaps(order, "outermost") == [OUTER, LATER]


def test_the_first_that_was_marked_is_kept():
    assert without_overlaps([LATER, INNER, OUTER], "first") == [INNER, LATER]
    assert without_overlaps([OUTER, INNER], "first") == [OUTER]


def test_of_equal_entities_one_is_kept():
    twice = [Mark(2, 5, "A"), Mark(2, 5, "B")]
    assert without_overlaps(twice, "outermost") == without_overlaps(twice, "first") == twice[:1]


def test_entities_beside_each_other_do_not_overlap():
    beside = [Mark(0, 2, "A"), Mark(2, 5, "B"), Mark(5, 6, "C")]
    for overlaps in ("refuse", "outermost", "first"):
        assert without_overlaps(beside[::-1], overlaps) == beside


def test_by_default_overlaps_are_refused_with_the_options():
    with pytest.raises(ValueError, match=r"PER at 0-8 and GIVEN at 0-4.*overlaps=outermost.*overlaps=first"):
        without_overlaps([OUTER, INNER], "refuse")
