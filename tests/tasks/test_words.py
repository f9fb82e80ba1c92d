from __future__ import annotations

import pytest

from adaptkit.tasks.words import cuts_word


@pytest.mark.parametrize(
    "text",
    ["Por|to", "İzm|ir", "Моск|ва", "Ж|енева", "20|24", "cafe|\u0301", "दि|ल्ली", "Áe|\u0301a", "الق|اهرة"],
)
def test_places_inside_words(text: str) -> None:
    before, _, after = text.partition("|")
    assert cuts_word(before + after, len(before))


@pytest.mark.parametrize(
    "text",
    [
        "|Porto", "Porto|", "in |Porto", "in| Porto", "Porto|'s", "New-|York", "5|km", "km|2", "#|Porto",
        "東京|都", "在|北京", "서울|에서", "กรุง|เทพ", "を|見る", "😀|Porto", "Porto|🎉", "m|²", "(|Porto)",
    ],
)  # fmt: skip
def test_places_between_words(text: str) -> None:
    before, _, after = text.partition("|")
    assert not cuts_word(before + after, len(before))


@pytest.mark.parametrize("position", [-3, 0, 5, 9])
def test_the_ends_of_a_text_are_not_inside_a_word(position: int) -> None:
    assert not cuts_word("Porto", position)
