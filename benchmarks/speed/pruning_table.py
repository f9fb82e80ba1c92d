"""What pruning saves and costs, for the terminal and as a table. Knows records, no pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.speed.figures import pruning
from benchmarks.speed.formats import busy, machines, points, score, where
from benchmarks.speed.outcome import Outcome, outcome_of


def in_words(record: Mapping[str, Any]) -> str:
    """A comparison for the terminal: a line for each seed, and the medians."""
    side = f"{'to best':>10}{'best':>9}"
    lines = [record["name"], f"{'seed':>6}{'without':>12}{side}{'with':>12}{side}{'pruned':>9}"]
    for pair in record["pairs"]:
        off, on = sides_of(pair)
        lines.append(
            f"{pair['seed']:>6}{off.seconds:>11.1f}s{off.seconds_to_best or 0:>9.1f}s"
            f"{score(record, off.best):>9}{on.seconds:>11.1f}s{on.seconds_to_best or 0:>9.1f}s"
            f"{score(record, on.best):>9}{_pruned(on):>9}"
        )
    return "\n".join([*lines, f"  {medians(record)}", *_warned(record)])


def medians(record: Mapping[str, Any]) -> str:
    """The medians over the seeds, in a sentence."""
    found = pruning(*zip(*map(sides_of, record["pairs"]), strict=True))
    differs = f"; that score differs by {points(found['best_difference'])}" if record["scores"] else ""
    return (
        f"With pruning the study took {found['share_of_seconds']:.0%} of the time, and its best score was"
        f" reached after {_share(found['share_of_seconds_to_best'])} of the time to the best without,"
        f" {_share(found['best_after_share_of_all'])} of all of it{differs} (medians)."
    )


def table(records: Sequence[Mapping[str, Any]]) -> str:
    """A row for each seed of each record, and the medians."""
    rows = [
        "| on | model, strategy, data | seed | without: seconds | to the best | best | with: seconds"
        " | to the best | best | pruned |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for record in records:
        for pair in record["pairs"]:
            off, on = sides_of(pair)
            rows.append(
                f"| {where(record)} | {_what(record)} | {pair['seed']}"
                f" | {off.seconds:.1f} | {off.seconds_to_best or 0:.1f} | {score(record, off.best)}"
                f" | {on.seconds:.1f} | {on.seconds_to_best or 0:.1f} | {score(record, on.best)}"
                f" | {_pruned(on)} |"
            )
    said = [f"- {where(record)}, {_what(record)}: {medians(record)}" for record in records]
    return "\n".join([*rows, "", *said, "", *machines(records)])


def sides_of(pair: Mapping[str, Any]) -> tuple[Outcome, Outcome]:
    """A seed's search without pruning, and with it."""
    return outcome_of(pair["sides"]["without"]), outcome_of(pair["sides"]["with"])


def _what(record: Mapping[str, Any]) -> str:
    setting = record["setting"]
    how_much = f"{len(setting['trials'])} trials of {setting['epochs']} epochs"
    if work := record.get("work"):  # older records have none
        how_much += f", {work['examples']:,} / {work['dev_rows']:,} rows"
    return f"{record['model']}, {setting['strategy']}, {record['data']}, {how_much}"


def _pruned(outcome: Outcome) -> str:
    pruned = sum(trial.state == "pruned" for trial in outcome.trials)
    return f"{pruned} of {len(outcome.trials)}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _warned(record: Mapping[str, Any]) -> list[str]:
    told = f"  Others were at work here ({record['busy_before']:.1f} cores): do not trust the times."
    return [told] if busy(record) else []
