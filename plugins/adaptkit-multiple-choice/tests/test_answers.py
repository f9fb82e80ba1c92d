from __future__ import annotations

import pytest
from adaptkit_multiple_choice.answers import answer_of
from adaptkit_multiple_choice.choices import Offered

TEXTS = ("butter", "honey", "wax")


def answer(value, first=None, **offered):
    return answer_of("answer", value, Offered(**{"choices": TEXTS, **offered}), first=first)


@pytest.mark.parametrize("value", ["honey", " honey ", "B", 1, "1"])
def test_an_answer_is_a_text_a_letter_or_a_number_from_0(value):
    assert answer(value) == 1


@pytest.mark.parametrize("value", [2, "2"])
def test_numbers_may_begin_at_1(value):
    assert answer(value, first=1) == 1


def test_the_choices_own_names_come_first():
    assert answer("2", names=("1", "2", "3")) == 1
    assert answer(1, names=("1", "2", "3")) == 0
    assert answer("A", names=("C", "B", "A")) == 2
    assert answer("C", names=("A", "B", "C"), choices=("C", "B", "A")) == 2


def test_texts_letters_and_numbers_work_besides_names():
    assert answer("honey", names=("P", "Q", "R")) == 1
    assert answer("2", names=("A", "B", "C")) == 2


def test_with_columns_from_0_a_number_is_a_column():
    assert answer("2", columns_from=0) == 2


@pytest.mark.parametrize("columns", [{"columns_from": 1}, {"lettered": True, "names": ("A", "B", "C")}])
@pytest.mark.parametrize(("first", "position"), [(0, 1), (1, 0)])
def test_other_columns_need_the_option_first(first, position, columns):
    with pytest.raises(ValueError, match=r"answer = '1' .*--option first=0 or --option first=1"):
        answer(1, **columns)
    assert answer(1, **columns, first=first) == position
    assert answer("wax", **columns) == 2


@pytest.mark.parametrize(
    ("value", "choices", "meant"),
    [
        ("2", ("1", "2", "3"), r"\[1, 2\]"),  # the text 2, or the number 2
        ("B", ("A", "C", "B"), r"\[1, 2\]"),  # the text B, or the letter B
        ("red", ("red", "blue", "red"), r"\[0, 2\]"),
    ],
)
def test_an_answer_that_may_mean_two_choices_is_refused(value, choices, meant):
    with pytest.raises(ValueError, match=rf"answer = '{value}' may be any of the choices {meant} \(from 0\)"):
        answer(value, choices=choices)


def test_a_number_is_accepted_if_only_one_reading_fits():
    assert answer("7", choices=("5", "6", "7")) == 2
    assert answer(2, choices=("1", "2", "3")) == 2


@pytest.mark.parametrize("value", ["D", 3, "3", -2, "milk", "b", "BC"])
def test_an_answer_that_is_not_a_choice_is_refused(value):
    with pytest.raises(ValueError, match=r"none of the 3 choices; expected .* from 0 to 2; .*first=1"):
        answer(value)
    with pytest.raises(ValueError, match="from 1 to 3"):
        answer(0, first=1)


@pytest.mark.parametrize("value", [True, 1.0, ["A"], {"text": "honey"}])
def test_an_answer_of_another_type_is_refused(value):
    with pytest.raises(ValueError, match="expected the letter, the number or the text"):
        answer(value)
