from __future__ import annotations

from adaptkit_masked_lm import masked_lm

from adaptkit.testing import assert_conforms


def test_the_task_conforms_to_the_contract():
    assert_conforms(masked_lm())
