"""``adaptkit push``: uploads a model folder to the hub, or, without ``--yes``, lists what it would upload."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adaptkit.cli.parameters import studies_option

if TYPE_CHECKING:
    from adaptkit.export.upload import Upload


@click.command(short_help="Upload a model to the Hugging Face hub.")
@click.argument("study_or_model", metavar="STUDY|MODEL_DIR")
@click.argument("repository", metavar="[OWNER/]NAME")
@click.option("--private", is_flag=True, help="Create a private repository; refuse one that is public.")
@click.option("--yes", is_flag=True, help="Upload. [default: only list what would be uploaded]")
@studies_option
def push(study_or_model: str, repository: str, private: bool, yes: bool, studies_dir: Path) -> None:
    """Upload a study's winner, or an exported model, to the hub.

    Without --yes nothing is sent: the files, their sizes and the repository are listed. The token is that of
    'hf auth login' or HF_TOKEN.
    """
    from adaptkit.cli.predict import model_folder

    folder = model_folder(study_or_model, studies_dir)  # a wrong name is refused before torch is loaded
    from adaptkit.export.upload import planned, upload

    given = planned(folder, repository)
    _show(given, private=private)
    if yes:
        click.echo(f"uploaded: {upload(given, private=private)}")
    else:
        click.echo("Nothing was uploaded. Add --yes to upload these files.")


def _show(given: Upload, *, private: bool) -> None:
    """List the files and where they go."""
    from adaptkit.report.escaping import visible
    from adaptkit.report.formatting import size

    what = "a private repository" if private else "a public repository, unless it exists and is private"
    click.echo(f"{visible(str(given.folder), 1000)} to {given.repository} on the hub, {what}:")
    for name, length in given.files.items():
        click.echo(f"  {size(length):>9}  {visible(name, 200)}")
    click.echo(f"  {size(sum(given.files.values())):>9}  in {len(given.files)} files")
    for name in given.left_out:
        click.echo(f"left out, because adaptkit did not write it: {visible(name, 200)}", err=True)
    if given.warning:
        click.echo(f"warning: {visible(given.warning, 2000)}", err=True)
