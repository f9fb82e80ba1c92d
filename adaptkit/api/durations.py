"""Durations as users write them: "90s", "30m", "1.5h", "2d"."""

from __future__ import annotations

import re

DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)?")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
FORMS = "90s, 30m, 1.5h or 2d"


def seconds_in(text: str) -> float | None:
    """The seconds of a duration; None if the text is no duration."""
    match = DURATION.fullmatch(text.strip())
    return None if match is None else float(match[1]) * SECONDS[match[2] or "s"]
