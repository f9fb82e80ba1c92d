from __future__ import annotations

from adaptkit_multiple_choice import multiple_choice

from adaptkit.testing import assert_conforms


def test_it_does_what_the_contract_says():
    assert_conforms(multiple_choice())
