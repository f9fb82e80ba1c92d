from __future__ import annotations

from dataclasses import replace

import pytest
import transformers

from adaptkit.errors import TaskError
from adaptkit.models.custom_head import OWN_HEAD
from adaptkit.models.head_class import AUTO_HEADS, head_class_of
from tests.helpers.number_task import number_task


@pytest.mark.parametrize("head", AUTO_HEADS)
def test_each_tag_names_a_class_of_transformers(head: str) -> None:
    name = head_class_of(replace(number_task(), head=head))
    assert hasattr(transformers, name)


def test_an_own_head_has_no_class_and_an_unknown_tag_is_refused() -> None:
    task = replace(number_task(), head=lambda config, labels: None)  # type: ignore[arg-type, return-value]
    assert head_class_of(task) == OWN_HEAD
    with pytest.raises(TaskError, match="unknown head 'poetry'"):
        head_class_of(replace(task, head="poetry"))
