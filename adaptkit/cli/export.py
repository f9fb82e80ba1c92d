"""``adaptkit export``: writes a study's winner to another folder, as weights or as ONNX."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adaptkit.cli.parameters import plugin_output_on_stderr, studies_option

if TYPE_CHECKING:
    from adaptkit.export.onnx_model import Precision
    from adaptkit.study.folder import StudyFolder
    from adaptkit.study.record import TrialRecord

POINTS = 1.0
"""The most points that a lower precision may cost without --max-loss."""


@click.command(short_help="Write a study's winner to a folder.")
@click.argument("study")
@click.option("--to", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@click.option("--merge", is_flag=True, help="LoRA: write a complete model instead of an adapter.")
@click.option("--onnx", is_flag=True, help="Write model.onnx for ONNX Runtime, with LoRA merged.")
@click.option("--int8", is_flag=True, help="ONNX: 8-bit weights; their effect on the dev score is measured.")
@click.option("--fp16", is_flag=True, help="ONNX: 16-bit weights; their effect on the dev score is measured.")
@click.option(
    "--max-loss", type=click.FloatRange(min=0, max=100), metavar="POINTS",
    help="The most points of the dev score (1 is 0.01) that --int8 or --fp16 may cost.  [default: 1]",
)  # fmt: skip
@studies_option
def export(
    study: str, to: Path, merge: bool, onnx: bool, int8: bool, fp16: bool, max_loss: float | None,
    studies_dir: Path,
) -> None:  # fmt: skip
    """Write a study's winner to a folder that transformers, peft or ONNX Runtime loads, and verify it."""
    from adaptkit.report.escaping import visible
    from adaptkit.run.exporting import export_winner_to
    from adaptkit.study.find import find_study

    _refuse_combinations(onnx=onnx, int8=int8, fp16=fp16, max_loss=max_loss)
    folder = find_study(studies_dir, study)
    with plugin_output_on_stderr():  # the task's plugin may create the head
        if onnx:
            best, to = _write_onnx(folder, to, "int8" if int8 else "fp16" if fp16 else "fp32", max_loss)
        else:
            best, to = export_winner_to(folder, to, merge=merge)
    click.echo(f"trial {best.number} of {visible(folder.name)} is in {visible(str(to), 1000)}")
    _show_loading(folder, to, "onnx" if onnx else "model" if merge else "")


def _show_loading(folder: StudyFolder, to: Path, saved_as: str) -> None:
    """Print the code that loads the folder.

    Args:
        folder: the study's folder.
        to: the exported folder.
        saved_as: "onnx" or "model"; empty if it is saved as the study's trials are.
    """
    from dataclasses import replace

    from adaptkit.export.saving import CARD
    from adaptkit.report.escaping import encodable
    from adaptkit.report.loading import library_of, short_lines

    summary = folder.read_summary()
    if summary is None:
        return
    exported = replace(summary, model_folder=str(to), saved_as=saved_as or summary.saved_as)
    card = f"{CARD} in that folder"
    other = {"peft": f"{card} has the lines for peft alone", "onnx": "predict.py needs onnxruntime alone"}
    more = other.get(library_of(exported), f"{card} has the lines that use it, too")
    lines = [f"  {encodable(line, sys.stdout.encoding or 'utf-8')}" for line in short_lines(exported)]
    click.echo("\n".join([f"To load it in Python ({more}):", *lines]))


def _refuse_combinations(*, onnx: bool, int8: bool, fp16: bool, max_loss: float | None) -> None:
    if int8 and fp16:
        raise click.UsageError("Give --int8 or --fp16, not both.")
    if (int8 or fp16) and not onnx:
        raise click.UsageError(f"--{'int8' if int8 else 'fp16'} needs --onnx.")
    if max_loss is not None and not (int8 or fp16):
        raise click.UsageError("--max-loss needs --int8 or --fp16.")


def _write_onnx(
    folder: StudyFolder, to: Path, precision: Precision, max_loss: float | None
) -> tuple[TrialRecord, Path]:
    from adaptkit.report.escaping import visible
    from adaptkit.run.exporting import new_place, winner_of
    from adaptkit.run.onnx import export_onnx, scored_rows

    winner, to = winner_of(folder), new_place(to)
    about = export_onnx(winner, to, precision, POINTS if max_loss is None else max_loss)
    for name, value in about.onnx_scores.items():
        metric = visible(winner.summary.metric)
        click.echo(
            f"{metric} with {name}: {value:.4f} on {scored_rows(winner.summary, winner.trial)}", err=True
        )
    return winner.trial, to
