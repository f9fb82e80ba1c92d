"""``adaptkit export``: writes a study's winner to a folder of its own."""

from __future__ import annotations

from pathlib import Path

import click

from adaptkit.cli.parameters import plugins_at_work, studies_option


@click.command(short_help="Write a winner to a folder of its own.")
@click.argument("study")
@click.option("--to", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@click.option("--merge", is_flag=True, help="LoRA: one plain transformers model, instead of an adapter.")
@studies_option
def export(study: str, to: Path, merge: bool, studies_dir: Path) -> None:
    """Write a study's winner to a folder that transformers, or peft, loads; loaded back before it counts."""
    from adaptkit.errors import ConfigError, StudyError
    from adaptkit.run.finalize import export_trial
    from adaptkit.study.find import find_study
    from adaptkit.study.record import best_trial
    from adaptkit.tasks import registry

    folder = find_study(studies_dir, study)
    config, summary = folder.read_config(), folder.read_summary()
    best = best_trial(folder.read_trials(), summary.direction) if summary else None
    if summary is None or best is None:
        raise StudyError(f"the study {folder.name!r} has no winner", next_step="Run 'adaptkit tune' again.")
    if merge and config.strategy != "lora":
        raise ConfigError(
            f"--merge for a study by {config.strategy!r}",
            expected="a study by 'lora'",
            next_step="Leave it out.",
        )
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ConfigError(
            f"{to} is there already", expected="a new or empty folder", next_step="Choose another with --to."
        )
    task = registry.load(config.task, config.options)
    to = to.absolute()
    with plugins_at_work():  # a head of the task's own is made of the plugin
        export_trial(folder, config, task, summary.labels, summary, best, to, merge=merge)
    click.echo(f"trial {best.number} of {folder.name} is in {to}")
