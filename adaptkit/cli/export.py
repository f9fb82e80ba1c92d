"""``adaptkit export``: writes a study's winner to another folder."""

from __future__ import annotations

import os
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
    from adaptkit.errors import ConfigError, StudyError
    from adaptkit.report.escaping import visible
    from adaptkit.run.finalize import export_trial
    from adaptkit.study.find import find_study
    from adaptkit.study.winner import winning_trial
    from adaptkit.system.files import new_folder
    from adaptkit.tasks import registry

    folder = find_study(studies_dir, study)
    config, summary = folder.read_config(), folder.read_summary()
    records = folder.read_trials()
    best = winning_trial(summary, records) if summary else None
    if summary and best and summary.best not in {None, *(record.number for record in records)}:
        raise StudyError(
            f"the record of trial {summary.best}, the winner of {folder.name!r}, is missing or unreadable",
            next_step="Run the same 'adaptkit tune' command again: it rebuilds the record.",
            code="record-lost",
        )
    if summary is None or best is None:
        raise StudyError(
            f"the study {folder.name!r} has no winner yet",
            next_step="Continue the study: run the same 'adaptkit tune' command again.",
            code="no-winner",
        )
    if (summary.task, summary.strategy, summary.model) != (config.task, config.strategy, config.model):
        raise StudyError(
            f"{folder.summary} does not fit {folder.toml}: task, strategy or model differ",
            next_step="Restore both files, or run the same 'adaptkit tune' command again.",
            code="study-inconsistent",
        )
    if merge and config.strategy != "lora":
        raise ConfigError(
            f"--merge for a study with the strategy {config.strategy!r}",
            expected="a study with the strategy 'lora'",
            next_step="Leave out --merge.",
            code="nothing-to-merge",
        )
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ConfigError(
            f"{to} already exists",
            expected="a new or empty folder",
            next_step="Choose another folder with --to.",
            code="folder-exists",
        )
    task = registry.load(config.task, config.options)
    to = Path(os.path.realpath(to))
    with plugin_output_on_stderr():  # the task's plugin may create the head
        export_trial(folder, config, task, summary.labels, summary, best, to, merge=merge, written=new_folder)
    click.echo(f"trial {best.number} of {visible(folder.name)} is in {visible(str(to), 1000)}")
