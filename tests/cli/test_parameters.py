from __future__ import annotations

import click
import pytest

from adaptkit.cli.parameters import AutoOrNumber, Duration, Numbers, pairs


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("30m", 1800), ("1.5h", 5400), ("2d", 172800), (" 5m ", 300)],
)
def test_durations(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5s", "5 m", "1e3", "m", "5w", "٣m9"])
def test_invalid_durations(text: str) -> None:
    with pytest.raises(click.BadParameter, match="30m"):
        Duration().convert(text, None, None)


def test_numbers() -> None:
    assert Numbers().convert("8,16, 32", None, None) == (8, 16, 32)
    for text in ("", "8;16", "8,", "8.5"):
        with pytest.raises(click.BadParameter, match="8,16,32"):
            Numbers().convert(text, None, None)


def test_auto_or_number() -> None:
    assert AutoOrNumber().convert("auto", None, None) == "auto"
    assert AutoOrNumber().convert("4", None, None) == 4
    with pytest.raises(click.BadParameter, match="'many'"):
        AutoOrNumber().convert("many", None, None)


def test_pairs() -> None:
    assert pairs(["a=b", "c=d=e", "f="], "--option") == {"a": "b", "c": "d=e", "f": ""}
    for text in ("a", "=b", ""):
        with pytest.raises(click.BadParameter, match="KEY=VALUE"):
            pairs([text], "--option")
