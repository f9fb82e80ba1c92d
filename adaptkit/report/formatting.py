"""Numbers as text: scores, learning rates, times, sizes, bars and spark lines."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

NONE = "\u2013"  # an en dash
LEVELS = "▁▂▃▄▅▆▇█"
EIGHTHS = "▏▎▍▌▋▊▉█"


def finite(value: float | None) -> bool:
    """Whether the value is a finite number."""
    return value is not None and math.isfinite(value)


def score(value: float | None) -> str:
    """A score with four decimal places, or two from 10 on."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.2f}"


def figure(name: str, value: float | None) -> str:
    """A reported number; counts, such as a support, without decimal places."""
    if name in ("support", "count") and value is not None and math.isfinite(value):
        return count(round(value))
    return score(value)


def hyperparameter(name: str, value: float | None) -> str:
    """The value of a hyperparameter or of a calibrated number; learning rates with an exponent.

    A penalty has three digits, and an exponent below 1e-3 and from 1e4 on only. The largest finite number
    means "no limit", because JSON has no infinity.
    """
    if value is None or not math.isfinite(value):
        return NONE
    if abs(value) == sys.float_info.max:
        return "unlimited"
    if name not in ("learning_rate", "l2") or value == 0:
        return f"{value:g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    if name == "l2" and -3 <= int(exponent) < 4:
        return f"{value:.{max(2 - int(exponent), 0)}f}"
    return f"{mantissa}e{int(exponent)}" if int(exponent) else mantissa


def in_words(name: str) -> str:
    """``learning_rate`` as "learning rate", ``l2`` as "L2 penalty"."""
    return "L2 penalty" if name == "l2" else name.replace("_", " ")


def count(number: int) -> str:
    """A whole number with thousands separators."""
    return f"{number:,}"


def in_trials(number: int) -> str:
    """ "1 trial", "12 trials"."""
    return f"{count(number)} trial{'' if number == 1 else 's'}"


def plural(title: str) -> str:
    """The title of groups for several of them: "classes", "labels"; one that ends in one "s" stays."""
    if title.endswith("s"):
        return f"{title}es" if title.endswith("ss") else title
    return f"{title}s"


def share(value: float) -> str:
    """A fraction as a percentage."""
    if not math.isfinite(value):
        return NONE
    percent = 100 * value
    if 0 < percent < 0.05:
        return "<0.1%"
    return f"{percent:.1f}%" if 0 < percent < 10 else f"{percent:.0f}%"


def duration(seconds: float) -> str:
    """A time in its two largest units."""
    if not math.isfinite(seconds):
        return NONE
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60:,} h {minutes % 60:02d} min"


def size(number: float) -> str:
    """Bytes in binary units."""
    for unit in ("bytes", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"


def spark(scores: Sequence[float], low: float, high: float, width: int = 8) -> str:
    """The scores as at most ``width`` blocks between the two levels. The last score is always shown."""
    kept = [value for value in scores if math.isfinite(value)]
    if len(kept) > width:
        kept = [kept[(position + 1) * len(kept) // width - 1] for position in range(width)]
    top = len(LEVELS) - 1
    spread = high - low
    if spread <= 0 or not math.isfinite(spread):
        return LEVELS[top // 2] * len(kept)
    return "".join(LEVELS[round(top * min(max((value - low) / spread, 0), 1))] for value in kept)


def bar(part: float, width: int) -> str:
    """A bar of eighth blocks; a ``part`` of 1 gives ``width`` characters."""
    if not math.isfinite(part):
        return ""
    eighths = round(min(max(part, 0), 1) * width * 8)
    return "█" * (eighths // 8) + (EIGHTHS[eighths % 8 - 1] if eighths % 8 else "")
