from __future__ import annotations

from adaptkit_ner import ner

from adaptkit.testing import assert_conforms


def test_plain_tags_conform_to_the_contract():
    assert_conforms(ner(spans=False))
