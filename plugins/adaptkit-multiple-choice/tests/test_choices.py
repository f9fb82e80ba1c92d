from __future__ import annotations

import pytest
from adaptkit_multiple_choice.choices import offered_in

TEXTS = ["butter", "honey", "wax"]
LABELLED = [{"text": text, "label": name} for text, name in zip(TEXTS, "PQR", strict=True)]


def columns(*names):
    return dict(zip(names, TEXTS, strict=False))


@pytest.mark.parametrize(
    ("row", "names", "columns_from"),
    [
        ({"choices": TEXTS}, [], None),
        ({"options": tuple(TEXTS)}, [], None),
        ({"endings": TEXTS, "choices": None}, [], None),
        ({"choices": {"text": TEXTS, "label": ["A", "B", "C"]}}, ["A", "B", "C"], None),
        ({"choices": {"text": TEXTS, "label": [1, 2, 3]}}, ["1", "2", "3"], None),
        ({"question": {"stem": "?", "choices": LABELLED}}, ["P", "Q", "R"], None),
        (columns("ending0", "ending1", "ending2"), ["ending0", "ending1", "ending2"], 0),
        (columns("choice_1", "choice_2", "choice_3"), ["choice_1", "choice_2", "choice_3"], 1),
        (columns("answerA", "answerB", "answerC"), ["A", "B", "C"], None),
        (columns("option_a", "option_b", "option_c"), ["A", "B", "C"], None),
        (columns("A", "B", "C"), ["A", "B", "C"], None),
    ],
)  # fmt: skip
def test_the_common_forms_of_choices_are_known(row, names, columns_from):
    offered = offered_in({"label": 1, "id": 7, **row})
    assert list(offered.choices) == TEXTS
    assert list(offered.names) == names
    assert offered.columns_from == columns_from


def test_columns_are_put_in_order_by_their_numbers():
    row = {f"option{number}": f"text {number}" for number in (10, 2, 0, 1, 9, 3, 8, 4, 7, 5, 6)}
    assert list(offered_in(row).choices) == [f"text {number}" for number in range(11)]


@pytest.mark.parametrize("empty", ["", None, " "])
def test_empty_columns_at_the_end_are_not_choices(empty):
    offered = offered_in({**columns("A", "B", "C"), "D": empty, "E": empty})
    assert list(offered.choices) == TEXTS
    assert list(offered.names) == ["A", "B", "C"]


def test_columns_with_other_names_are_not_choices():
    row = {
        "answers": "x",
        "options_count": 2,
        "choicest": "y",
        "optiona": "z",
        "AB": "w",
        **columns("A", "B"),
    }
    assert list(offered_in(row).choices) == TEXTS[:2]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "why?"}, "no choices; expected a list of them, or columns"),
        ({"choices": []}, "0 choices; expected 2 to 26"),
        ({"choices": ["one"]}, "1 choices; expected 2 to 26"),
        ({"choices": ["x"] * 27}, "27 choices; expected 2 to 26"),
        ({"choices": "one, two"}, "choices = 'one, two'; expected a list"),
        ({"choices": ["one", ""]}, r"choice 1 \(from 0\) is empty"),
        ({"choices": ["one", " \n"]}, r"choice 1 \(from 0\) is empty"),
        ({"choices": ["one", 2]}, r"choice 1 \(from 0\) = 2; expected a string"),
        ({"choices": [{"label": "A"}, {"label": "B"}]}, r"choice 0 \(from 0\) = None"),
        ({"choices": [{"text": "x"}, "y"]}, r"choice 0 \(from 0\) = {'text': 'x'}; expected a string"),
        ({"choices": {"text": ["x", "y"], "label": ["A"]}}, "expected lists of one length"),
        ({"choices": {"text": ["x", "y"]}}, "label = None; expected lists"),
        ({"A": "x", "B": "", "C": "z"}, r"choice 1 \(from 0\) is empty"),
        ({"A": "", "B": None}, "0 choices"),
        ({"ending0": "x", "ending2": "y"}, "columns 'ending0', 'ending2'; expected them numbered"),
        (
            {"choice2": "x", "choice3": "y"},
            "columns 'choice2', 'choice3'; expected them numbered from 0 or 1",
        ),
        ({"B": "x", "C": "y"}, "columns 'B', 'C'; expected"),
    ],
)
def test_bad_choices_are_refused_with_what_is_wrong(row, message):
    with pytest.raises(ValueError, match=message):
        offered_in(row)
