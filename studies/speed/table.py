"""The tables of the results, for the terminal and for the pages; writes the pages' anew.

python -m studies.speed.table [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studies.speed.figures import ADAPTKIT, TRAINER, figures_of
from studies.speed.results import RESULTS, read_results

ROOT = Path(__file__).resolve().parents[2]
NOTHING = "Nothing has been measured yet."
"""What a page says where there are no results."""


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
            f" with imports {times(against['times_as_fast_with_imports'])}."
        )
        if record["scores"]:
            said.append(
                f"Its best score was {points(against['best_difference'])} better, a trial's"
                f" {points(against['trial_difference'])} better on average."
            )
    if pruning:
        loss = f", with a best score {points(pruning['best_difference'])} better" if record["scores"] else ""
        said.append(
            f"With pruning it took {pruning['share_of_seconds']:.0%} of the time without,"
            f" {pruning['share_of_seconds_to_best'] or 1:.0%} to its best score{loss}."
        )
    parameters = {side["trained_parameters"] for side in figures["sides"].values()}
    if len(parameters) > 1:
        said.append(f"Not alike: the sides trained {', '.join(f'{one:,}' for one in parameters)} parameters.")
    if busy(record):
        said.append(f"Others were at work here (load {record['load_before']:.1f}): do not trust the times.")
    return said


def compact(records: Sequence[Mapping[str, Any]]) -> str:
    """The table for README.md: what was set, and how many times as fast."""
    rows = [
        "| on | model, strategy | trials x epochs, examples | Trainer's search | adaptkit | times as fast"
        " | best score, Trainer / adaptkit |",
        "|---|---|---|---|---|---|---|",
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


def machines(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each machine and set of versions that was measured on."""
    lines = []
    for record in records:
        versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
        lines.append(
            f"{where(record)}: {record['processor']}, {record['cores']} cores, {record['machine']};"
            f" peak {record['device']['peak'] / 1e9:,.0f} GFLOP/s in {record['setting']['precision']};"
            f" {versions}; {record['date'][:10]}."
        )
    return list(dict.fromkeys(lines))


def where(record: Mapping[str, Any]) -> str:
    """The device and the precision."""
    return f"{record['device']['name']}, {record['setting']['precision']}"


def what(record: Mapping[str, Any]) -> str:
    """The model and the strategy."""
    return f"{record['model']}, {record['setting']['strategy']}"


def how_much(record: Mapping[str, Any]) -> str:
    """The trials, epochs and examples."""
    setting = record["setting"]
    return f"{len(setting['trials'])} x {setting['epochs']}, {record['work']['examples']:,}"


def times(middle: float, each: Sequence[float] = ()) -> str:
    """A ratio, and its range over several pairs."""
    between = f" ({min(each):.1f} … {max(each):.1f})" if len(each) > 1 else ""
    return f"{middle:.1f} times{between}"


def score(record: Mapping[str, Any], value: float | None) -> str:
    """A score; a dash where scores mean nothing."""
    return f"{value:.4f}" if value is not None and record["scores"] else "-"


def points(difference: float | None) -> str:
    """A difference of scores in points, with its sign."""
    return "-" if difference is None else f"{100 * difference:+.2f} points"


def seconds(value: float) -> str:
    """Seconds, or minutes where there are many."""
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"


def size(side: Mapping[str, Any]) -> str:
    """The most memory: the GPU's where there is one."""
    return f"{(side['peak_device_memory'] or side['peak_memory']) / 2**20:,.0f} MiB"


def busy(record: Mapping[str, Any]) -> bool:
    """Whether others were at work before the first pair."""
    return bool(record["load_before"] > record["cores"] / 2)


def with_section(page: str, marker: str, text: str) -> str:
    """The page with the text between its markers; raises ValueError if it has none."""
    begin, end = f"<!-- {marker}: begin -->\n", f"<!-- {marker}: end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"no section {marker!r} in the page")
    return f"{before}{begin}\n{text}\n\n{end}{after}"


def pages() -> dict[Path, str]:
    """Every page with tables of results, as it should be."""
    search = read_results(RESULTS / "search")
    front, own = ROOT / "README.md", Path(__file__).parent / "README.md"
    return {
        front: with_section(
            front.read_text(encoding="utf-8"), "speed", compact(search) if search else NOTHING
        ),
        own: with_section(own.read_text(encoding="utf-8"), "search", whole(search) if search else NOTHING),
    }


def main() -> int:
    """Writes the pages, or checks them; 1 if they are not what the results say."""
    stale = [page for page, text in pages().items() if page.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        for page in stale:
            print(f"{page} is not what the results say; run: python -m studies.speed.table", file=sys.stderr)
        return int(bool(stale))
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
