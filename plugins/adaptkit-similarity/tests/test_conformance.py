from __future__ import annotations

from adaptkit_similarity import similarity

from adaptkit.testing import assert_conforms


def test_it_does_what_the_contract_says():
    assert_conforms(similarity())
