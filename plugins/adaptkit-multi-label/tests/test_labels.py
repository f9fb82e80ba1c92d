from __future__ import annotations

import pytest
from adaptkit_multi_label import multi_label
from adaptkit_multi_label.labels import Labels


def rows_of(*labels):
    return [{"text": "t", "labels": one} for one in labels]


@pytest.mark.parametrize(
    "labels",
    [
        ([1, 0, 0, 1], [0, 0, 0, 0]),
        ([1.0, 0.0], [0.0, 0.0]),
        ([True, False], [False, True]),
        ("[1, 0, 1]", "[0, 1, 0]"),
        ("1|0|1", "0|0|0"),
        ([0, 1], [1, 0]),
    ],
)
def test_lists_that_are_vectors(labels):
    assert Labels().length_of_vectors(rows_of(*labels)) in (2, 3, 4)


@pytest.mark.parametrize(
    "labels",
    [
        ([0, 1], [1]),
        ([0, 1], []),
        ([0, 2], [1, 0]),
        (["a", "b"], ["b", "a"]),
        ([1], [0]),
        ([0, 1], [0, 1]),
        (),
        (None, None),
    ],
)
def test_lists_that_are_not_vectors(labels):
    assert Labels().length_of_vectors(rows_of(*labels)) == 0


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ([1, 0], "labels has 2 numbers; expected 3, as in the other rows"),
        ([], "labels has 0 numbers; expected 3, as in the other rows"),
        ([1, 0, 2], "labels holds 2; expected 0 or 1, as in the other rows"),
        ([1, 0, None], "expected 0 or 1"),
    ],
)
def test_a_bad_vector_is_refused_and_changes_no_other(bad, problem):
    rows = rows_of([1, 0, 0], bad, [0, 1, 1])
    reading = multi_label().survey(rows)
    assert reading.prepare(rows[2])["labels"] == ["label_1", "label_2"]
    with pytest.raises(ValueError, match=problem):
        reading.prepare(rows[1])


def test_vectors_are_read_with_and_without_names():
    rows = rows_of([1, 0, 1], "[0, 0, 0]", [0, 1, 1])
    reading = multi_label().survey(rows)
    assert [reading.prepare(row)["labels"] for row in rows] == [
        ["label_0", "label_2"],
        [],
        ["label_1", "label_2"],
    ]
    assert "--option label_names=A,B,..." in reading.notes()[0]
    reading = multi_label(label_names=("noise", "food", "room")).survey(rows)
    assert reading.prepare(rows[0])["labels"] == ["noise", "room"]
    assert reading.notes() == ["labels are vectors of 0 and 1"]
    reading = multi_label(label_names=("noise", "food")).survey(rows)
    with pytest.raises(ValueError, match="labels has 3 numbers; expected 2"):
        reading.prepare(rows[0])


def test_numbers_of_labels_have_names():
    rows = rows_of([0, 2], [1], "0|1", [])
    reading = multi_label(label_names=("noise", "food", "room")).survey(rows)
    found = [reading.prepare(row)["labels"] for row in rows]
    assert found == [["noise", "room"], ["food"], ["noise", "food"], []]
    with pytest.raises(ValueError, match="label = 3; expected a number from 0 to 2"):
        multi_label(label_names=("noise", "food", "room")).prepare(rows_of([3])[0])


def test_a_column_for_each_label():
    task = multi_label(label_columns=("noise", "food"))
    rows = [
        {"text": "t", "noise": one, "food": other}
        for one, other in ((1, 0), ("0", "1.0"), (True, "true"), (0.0, 0))
    ]
    reading = task.survey(rows)
    assert [reading.prepare(row)["labels"] for row in rows] == [["noise"], ["food"], ["noise", "food"], []]
    assert set(task.target_columns) == {"labels", "label", "noise", "food"}
    with pytest.raises(ValueError, match="noise = 2; expected 0 or 1"):
        task.prepare({"text": "t", "noise": 2, "food": 0})
    with pytest.raises(ValueError, match="no column 'food', which label_columns names"):
        task.prepare({"text": "t", "noise": 1})
    assert "labels" not in task.prepare({"text": "t"})


def test_columns_of_0_and_1_are_named_where_labels_are_missing():
    rows = [{"id": 7, "text": "t", "noise": "1", "cold food": "0"}, {"text": "u", "noise": 0, "cold food": 1}]
    found = multi_label().survey(rows)
    assert "--option label_columns='noise,cold food', without" in found.next_step
    assert multi_label().survey([{**row, "labels": "a"} for row in rows]).next_step == ""
    assert multi_label(label_columns=("noise",)).survey(rows).next_step == ""
    assert multi_label().survey([{"text": "t", "noise": 1}]).next_step == ""
    assert multi_label().survey([]).next_step == ""


def test_a_list_written_as_text():
    task = multi_label()
    for written in ("['noise', 'food']", '["noise", "food"]', "noise|food"):
        assert task.prepare({"text": "t", "labels": written})["labels"] == ["noise", "food"]
    with pytest.raises(ValueError, match="written as text that cannot be read"):
        task.prepare({"text": "t", "labels": "['noise' 'food']"})
