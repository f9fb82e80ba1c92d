"""How often a study's choice is worse than the default on other rows, with confirmation and without.

    python -m benchmarks.confirmation.choice

Reads ``studies.jsonl``, which `benchmarks.confirmation.run` writes. The configuration with the best mean is
the choice if it is better than the default by `CLEAR` standard errors; else the default is. The second table
has the same for other numbers of standard errors. A choice is worse than the default beyond
the noise if its score is lower by more than 1.96 standard errors of the difference. The standard error is
that of the scores of both models on the same 200 resamples of the other rows.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adaptkit.study.confirmation import CLEAR, NORMAL
from benchmarks.confirmation.rows import records

NOISE = 1.96
RULES = (0.0, 0.5, 1.0, 1.25, 1.5, 1.96)


@dataclass(frozen=True)
class Choice:
    """What a study's choice gains on the default, in the units of the score."""

    gain: float
    error: float
    """The standard error of the gain; 0 where the choice is the default."""

    @property
    def worse(self) -> bool:
        """Whether it is worse beyond the noise."""
        return self.gain < -NOISE * self.error

    @property
    def better(self) -> bool:
        """Whether it is better beyond the noise."""
        return self.gain > NOISE * self.error


def main() -> None:
    """Prints the tables."""
    print(table(records()))
    print()
    print(rules(records()))


def confirmed(record: dict[str, Any], clear: float = CLEAR) -> Choice:
    """The configuration with the best mean, if it is clearly better than the default, against the default."""
    difference = record.get("confirmed_difference")
    if record["winner"] == record["default"] or difference is None:
        return Choice(gain=0.0, error=0.0)
    lead, low, high = difference
    if lead < clear * (high - low) / (2 * NORMAL):
        return Choice(gain=0.0, error=0.0)
    return _choice(record, "exported")


def searched(record: dict[str, Any]) -> Choice:
    """The best of the search, against the default."""
    if record["searched"] == record["default"]:
        return Choice(gain=0.0, error=0.0)
    return _choice(record, "searched" if "searched" in record["scores"] else "exported")


def _choice(record: dict[str, Any], which: str) -> Choice:
    scores = record["scores"]
    if "default" not in scores:  # the exported model is the default
        gain = scores[which] - scores["exported"]
    else:
        gain = scores[which] - scores["default"]
    return Choice(gain=gain, error=record["standard_errors"].get(which, 0.0))


def table(studies: Sequence[dict[str, Any]]) -> str:
    """The counts for each data set and size, and of all, as Markdown."""
    lines = [
        "| data set | rows | studies | worse, without | worse, with | better, without | better, with "
        "| with minus without, in points | called a tie |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*lines, *_lines(studies)])


def _lines(studies: Sequence[dict[str, Any]]) -> Iterator[str]:
    for name, size in dict.fromkeys((one["set"], one["size"]) for one in studies):
        yield _line(name, size, [one for one in studies if (one["set"], one["size"]) == (name, size)])
    if studies:
        yield _line("all", "", studies)


def _line(name: str, size: str, studies: Sequence[dict[str, Any]]) -> str:
    pairs = [(searched(one), confirmed(one)) for one in studies]
    counts = [
        sum(getattr(pair[side], what) for pair in pairs) for what in ("worse", "better") for side in (0, 1)
    ]
    difference = 100 * statistics.fmean(after.gain - before.gain for before, after in pairs)
    ties = sum(bool(one["ties"]) for one in studies)
    return (
        f"| {name} | {size} | {len(studies)} | {' | '.join(map(str, counts))} | {difference:+.2f} | {ties} |"
    )


def rules(studies: Sequence[dict[str, Any]]) -> str:
    """The counts and the mean gain on the default of all studies, for each number of standard errors."""
    lines = [
        "| standard errors | worse | better | mean gain on the default, in points |",
        "|---|--:|--:|--:|",
        _rule("without confirmation", [searched(one) for one in studies]),
    ]
    lines += [_rule(f"{clear:g}", [confirmed(one, clear) for one in studies]) for clear in RULES]
    return "\n".join(lines)


def _rule(name: str, choices: Sequence[Choice]) -> str:
    worse, better = (sum(getattr(one, what) for one in choices) for what in ("worse", "better"))
    gain = 100 * statistics.fmean(one.gain for one in choices)
    return f"| {name} | {worse} | {better} | {gain:+.2f} |"


if __name__ == "__main__":
    main()
