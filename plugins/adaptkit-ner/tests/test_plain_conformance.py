from __future__ import annotations

from adaptkit_ner import ner

from adaptkit.testing import assert_conforms


def test_plain_tags_do_what_the_contract_says():
    assert_conforms(ner(spans=False))
