from __future__ import annotations

from adaptkit_token_multi_label import token_multi_label

from adaptkit.testing import assert_conforms


def test_the_task_conforms_to_the_contract():
    assert_conforms(token_multi_label())
