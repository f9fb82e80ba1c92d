from __future__ import annotations

import warnings
from dataclasses import fields, replace
from inspect import signature
from typing import Any

import pytest

from adaptkit.task import OLD_NAMES, Task
from adaptkit.tasks.registry import available, load

FIRST_PARTY = (
    "masked-lm", "multi-label", "multiple-choice", "ner", "nli", "qa", "relation", "similarity",
    "text-classification", "token-multi-label",
)  # fmt: skip

PARTS: dict[str, Any] = dict.fromkeys(
    ("name", "columns", "head", "encode", "decode", "metric", "collator"), "a part"
)


@pytest.mark.parametrize(("old", "new"), OLD_NAMES.items())
def test_an_old_name_is_accepted_with_a_warning(old: str, new: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"Task.{old} is now called {new}") as warned:
        task = Task(**PARTS, **{old: "given"})
    assert warned[0].filename == __file__
    assert getattr(task, new) == "given"
    with pytest.warns(DeprecationWarning, match=new):
        assert getattr(task, old) == "given"
    with pytest.warns(DeprecationWarning, match=new):
        assert getattr(replace(task, **{old: "other"}), new) == "other"


@pytest.mark.parametrize("name", [one.full_name for one in available() if one.name in FIRST_PARTY])
def test_first_party_plugins_use_todays_names(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        load(name)


def test_todays_names_warn_of_nothing_and_others_are_unknown() -> None:
    task = Task(**PARTS, target_columns=("tags",))
    assert replace(task, name="other").target_columns == ("tags",)
    assert not hasattr(task, "anything")
    with pytest.raises(TypeError, match="anything"):
        Task(**PARTS, anything=1)
    assert set(signature(Task).parameters) == {one.name for one in fields(Task)}
    assert task.contract == 1, "for ever, for plugins that do not set it"
