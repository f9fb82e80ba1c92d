"""A comparison with Trainer's search, for the terminal and as tables. Knows figures, no pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.speed.figures import ADAPTKIT, TRAINER, figures_of
from benchmarks.speed.formats import busy, machines, points, score, seconds, size, times, where


def in_words(record: Mapping[str, Any]) -> str:
    """A comparison for the terminal."""
    figures, setting = figures_of(record), record["setting"]
    lines = [
        f"{record['name']}: {len(setting['trials'])} trials of {setting['epochs']} epochs,"
        f" {record['work']['examples']} examples, {len(record['pairs'])} pairs",
        f"{'':<20}{'seconds':>9}{'start-up':>10}{'training':>10}{'ex./s':>10}{'tokens/s':>11}"
        f"{'of peak':>9}{'memory':>10}{'best':>9}{'to best':>9}",
    ]
    for name, side in figures["sides"].items():
        lines.append(
            f"{name:<20}{side['seconds']:>9.1f}"
            f"{side['import_seconds'] + side['before_training_seconds']:>10.1f}"
            f"{side['training_seconds']:>10.1f}{side['examples_per_second']:>10.1f}"
            f"{side['tokens_per_second']:>11.0f}{side['share_of_peak']:>9.1%}{size(side):>10}"
            f"{score(record, side['best']):>9}{side['seconds_to_best'] or 0:>8.1f}s"
        )
    lines += [f"  {text}" for text in compared(record, figures)]
    return "\n".join(lines)


def compared(record: Mapping[str, Any], figures: Mapping[str, Any]) -> list[str]:
    """How the sides compare, in sentences."""
    against, pruning, said = figures["against Trainer"], figures["pruning"], []
    if against:
        said.append(
            f"adaptkit was {times(against['times_as_fast'], against['times_as_fast_each'])} as fast,"
            f" with imports {times(against['times_as_fast_with_imports'])};"
            f" trials in one pass: {', '.join(map(str, together(record)))}."
        )
        if record["scores"]:
            said.append(
                f"Its best score differs by {points(against['best_difference'])}, a trial's by"
                f" {points(against['trial_difference'])} on average; a dev row is"
                f" {100 / record['work']['dev_rows']:.2f} points."
            )
    if pruning:
        loss = f", which differs by {points(pruning['best_difference'])}" if record["scores"] else ""
        said.append(
            f"With pruning it took {pruning['share_of_seconds']:.0%} of the time without,"
            f" {pruning['share_of_seconds_to_best'] or 1:.0%} to its best score{loss}."
        )
    parameters = {name: side["trained_parameters"] for name, side in figures["sides"].items()}
    if len(set(parameters.values())) > 1:
        each = ", ".join(f"{count:,} ({name})" for name, count in parameters.items())
        said.append(f"Not alike: the parameters that a trial trains, {each}.")
    if busy(record):
        said.append(f"Others were at work here ({record['busy_before']:.1f} cores): do not trust the times.")
    return said


def compact(records: Sequence[Mapping[str, Any]]) -> str:
    """The table for README.md: what was set, and how many times as fast."""
    rows = [
        "| on | model, strategy | trials x epochs, examples | Trainer's search | adaptkit | times as fast"
        " | in one pass | best score, Trainer / adaptkit |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for record in records:
        figures = figures_of(record)
        if not figures["against Trainer"]:
            continue
        theirs, ours = (figures["sides"][name] for name in (TRAINER, ADAPTKIT))
        against = figures["against Trainer"]
        rows.append(
            f"| {where(record)} | {what(record)} | {how_much(record)} | {seconds(theirs['seconds'])}"
            f" | {seconds(ours['seconds'])}"
            f" | **{times(against['times_as_fast'], against['times_as_fast_each'])}**"
            f" | {', '.join(map(str, together(record)))}"
            f" | {score(record, theirs['best'])} / {score(record, ours['best'])} |"
        )
    return "\n".join([*rows, "", *machines(records)])


def whole(records: Sequence[Mapping[str, Any]]) -> str:
    """The table for the page of this folder: every figure of every side."""
    rows = [
        "| on | model, strategy, data | side | seconds | imports | start-up | training | examples/s"
        " | tokens/s | of peak | memory | best score | seconds to it |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for record in records:
        for name, side in figures_of(record)["sides"].items():
            best = side["seconds_to_best"]
            rows.append(
                f"| {where(record)} | {what(record)}, {record['data']}, {how_much(record)} | {name}"
                f" | {side['seconds']:.1f} | {side['import_seconds']:.1f}"
                f" | {side['before_training_seconds']:.1f} | {side['training_seconds']:.1f}"
                f" | {side['examples_per_second']:,.0f} | {side['tokens_per_second']:,.0f}"
                f" | {side['share_of_peak']:.1%} | {size(side)} | {score(record, side['best'])}"
                f" | {'-' if best is None else f'{best:.1f}'} |"
            )
    said = [
        f"- {where(record)}, {what(record)}: {' '.join(compared(record, figures_of(record)))}"
        for record in records
    ]
    return "\n".join([*rows, "", *said, "", *machines(records)])


def what(record: Mapping[str, Any]) -> str:
    """The model and the strategy."""
    return f"{record['model']}, {record['setting']['strategy']}"


def how_much(record: Mapping[str, Any]) -> str:
    """The trials, epochs and examples, and on how many pairs of runs it rests."""
    setting, pairs = record["setting"], len(record["pairs"])
    return (
        f"{len(setting['trials'])} x {setting['epochs']}, {record['work']['examples']:,};"
        f" {pairs} {'pair' if pairs == 1 else 'pairs'}"
    )


def together(record: Mapping[str, Any]) -> list[int]:
    """The numbers of trials that adaptkit had in one pass, rising, as they differ from pair to pair."""
    abouts = [pair["sides"][ADAPTKIT]["about"] for pair in record["pairs"] if ADAPTKIT in pair["sides"]]
    return sorted({about["trials_per_pass"] for about in abouts})
