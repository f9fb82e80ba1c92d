from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Optional

import pytest

from adaptkit.tasks.options import arguments_for, convert, described, options_of


@pytest.mark.parametrize(
    ("value", "kind", "converted"),
    [
        ("-3", int, -3),
        (4, int, 4),
        ("1e-3", float, 0.001),
        (2, float, 2.0),
        ("yes", bool, True),
        ("FALSE", bool, False),
        (True, bool, True),
        ("12", str, "12"),
        ("b", Literal["a", "b"], "b"),
        ("2", Literal[1, 2], 2),
        ("a, b,,c", list[str], ["a", "b", "c"]),
        ("a,b", tuple[str, ...], ("a", "b")),
        (["a", "b"], tuple[str, ...], ("a", "b")),
        ("1,2", Sequence[int], [1, 2]),
        ("x,y", list, ["x", "y"]),
        ("", list[str], []),
        ("7", int | None, 7),
        (None, int | None, None),
        ("7", Optional[float], 7.0),  # noqa: UP045 (as authors of older plugins write it)
        ("any", inspect.Parameter.empty, "any"),
        ("folder", Path, "folder"),
    ],
)
def test_values_are_converted_to_the_annotated_type(value, kind, converted):
    result = convert(value, kind)
    assert (result, type(result)) == (converted, type(converted))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("three", int),
        ("1.5", int),
        (1.5, int),
        (True, int),
        ("much", float),
        (True, float),
        ("maybe", bool),
        (1, bool),
        (3, str),
        ("c", Literal["a", "b"]),
        (5, list[str]),
        ([1], list[str]),
        ("1,x", list[int]),
        ("x", int | None),
    ],
)
def test_values_of_another_type_are_refused(value, kind):
    with pytest.raises(ValueError):
        convert(value, kind)


def factory(
    depth: int, *, mode: Literal["fast", "exact"] = "fast", names: tuple[str, ...] = (),
    sizes: list[int] | None = None, rate: float | str = "auto", **more,
):  # fmt: skip
    pass


def test_options_are_described_with_their_types():
    assert [described(option) for option in options_of(factory).values()] == [
        "depth (int, required)",
        "mode ('fast' or 'exact', default 'fast')",
        "names (comma-separated str, default ())",
        "sizes (comma-separated int | None, default None)",
        "rate (float | str, default 'auto')",
    ]


def test_arguments_contain_only_the_given_options():
    assert arguments_for(options_of(factory), {"depth": "2", "names": "a,b"}) == {
        "depth": 2,
        "names": ("a", "b"),
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "option 'depth' is missing"),
        ({"depth": 1, "more": 2}, "unknown option 'more'"),
        ({"depth": "x"}, "option 'depth' cannot be 'x'"),
    ],
)
def test_bad_options_are_named(given, message):
    with pytest.raises(ValueError, match=message):
        arguments_for(options_of(factory), given)
