"""``adaptkit report``: shows a study in any state. Only reads, and needs no torch."""

from __future__ import annotations

from pathlib import Path

import click

from adaptkit.cli.parameters import json_option, studies_option

STDOUT = Path("-")


@click.command(short_help="Show a study.")
@click.argument("study", required=False)
@studies_option
@click.option(
    "--html",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write an HTML page to this file, or to standard output: -.",
)
@click.option(
    "--markdown",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write Markdown to this file, or to standard output: -.",
)
@json_option
def report(
    study: str | None, studies_dir: Path, html: Path | None, markdown: Path | None, as_json: bool
) -> None:
    """Show a study: its winner, all trials, which hyperparameters mattered, and how long it took.

    Without STUDY, show the last updated one.
    """
    from adaptkit.cli.tune import show
    from adaptkit.errors import StudyError
    from adaptkit.report.escaping import visible
    from adaptkit.study.find import find_study

    folder = find_study(studies_dir, study)
    summary, trials = folder.summary_as_it_stands(), folder.read_trials()
    if summary is None:
        raise StudyError(
            f"the study {folder.name!r} has not started training",
            next_step="Start it again: run the same 'adaptkit tune' command.",
            code="study-not-started",
        )
    if html:
        from adaptkit.report.html import as_html

        write_to(html, as_html(summary, trials))
    if markdown:
        from adaptkit.report.markdown import as_markdown

        write_to(markdown, as_markdown(summary, trials))
    for problem in folder.unreadable_trials():
        click.echo(f"adaptkit: left out: {visible(problem, 1000)}", err=True)
    written = [visible(str(path), 1000) for path in (html, markdown) if path and path != STDOUT]
    if written:
        click.echo(f"wrote {', '.join(written)}", err=True)
    if as_json or not (html or markdown):
        show(summary, trials, as_json=as_json)


def write_to(path: Path, text: str) -> None:
    """Write a report to a file, or to standard output for the path ``-``."""
    from adaptkit.system.files import write_user_text

    if path == STDOUT:
        click.echo(text)
    else:
        write_user_text(path, text)
