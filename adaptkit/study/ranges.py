"""The texts of searched ranges, as `adaptkit.search.space` makes them, in a form for people."""

from __future__ import annotations

import re
from decimal import Decimal

NUMBER = r"\d(?:\.\d+)?e[+-]?\d+"
"""A number in the text of a range."""


def plain_range(text: str) -> str:
    """ "1e-04 … 1e+00 (log)" as "0.0001 … 1 (log)"; different ranges stay different."""
    return re.sub(NUMBER, lambda found: _plain(found[0]), text)


def _plain(number: str) -> str:
    """A number with all of its digits, and without an exponent if it is between 1e-4 and 1e4."""
    if 1e-4 <= float(number) <= 1e4:
        return f"{Decimal(number):f}"
    mantissa, exponent = number.split("e")
    sign = "-" if exponent.startswith("-") else ""
    return f"{mantissa}e{sign}{exponent.lstrip('+-0') or '0'}"
