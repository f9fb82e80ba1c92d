"""``adaptkit export``: writes a study's winner to another folder."""

from __future__ import annotations

from pathlib import Path

import click

from adaptkit.cli.parameters import plugin_output_on_stderr, studies_option


@click.command(short_help="Write a study's winner to a folder.")
@click.argument("study")
@click.option("--to", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@click.option("--merge", is_flag=True, help="LoRA: write a complete model instead of an adapter.")
@studies_option
def export(study: str, to: Path, merge: bool, studies_dir: Path) -> None:
    """Write a study's winner to a folder that transformers or peft can load, and verify it."""
    from adaptkit.report.escaping import visible
    from adaptkit.run.exporting import export_winner_to
    from adaptkit.study.find import find_study

    folder = find_study(studies_dir, study)
    with plugin_output_on_stderr():  # the task's plugin may create the head
        best, to = export_winner_to(folder, to, merge=merge)
    click.echo(f"trial {best.number} of {visible(folder.name)} is in {visible(str(to), 1000)}")
