from __future__ import annotations

from adaptkit_nli import nli

from adaptkit.testing import assert_conforms


def test_it_does_what_the_contract_says():
    assert_conforms(nli())
