from __future__ import annotations

from adaptkit_relation import relation

from adaptkit.testing import assert_conforms


def test_the_task_conforms_to_the_contract():
    assert_conforms(relation())
