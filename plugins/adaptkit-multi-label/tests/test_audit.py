from __future__ import annotations

import pytest
from adaptkit_multi_label.audit import audit


def rows(*labels):
    return [{"text": f"text {number}", "labels": list(its)} for number, its in enumerate(labels)]


@pytest.mark.parametrize(
    ("separator", "option"), [(",", ","), (";", "';'"), (" ", "' '"), ("/", "/"), (", ", ",")]
)
def test_labels_made_of_other_labels_are_a_warning(separator, option):
    made = [separator.join(parts) for parts in (("a", "b"), ("b", "c"), ("a", "b", "c"))]
    (found,) = audit(rows(["a"], ["b"], ["c"], *([one] for one in made)))
    assert found.problem.startswith("3 of 6 labels are other labels with")
    assert (found.row, found.quoted) == (3, made[0])
    assert found.next_step == f"Pass --option separator={option} if these are several labels"


def test_names_with_a_comma_are_none():
    made = ["food, drink", "rooms, beds", "a,b"]
    assert audit(rows(["food"], ["rooms"], ["a"], ["b"], *([one] for one in made))) == []
    assert audit(rows(["a", "b"], [])) == []
