from __future__ import annotations

from adaptkit_multi_label import multi_label

from adaptkit.testing import assert_conforms


def test_it_does_what_the_contract_says():
    assert_conforms(multi_label())
