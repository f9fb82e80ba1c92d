"""``adaptkit tune``: runs or continues a study, and prints its report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptkit.cli.configured import configured
from adaptkit.cli.parameters import (
    AutoOrNumber,
    Duration,
    Numbers,
    json_option,
    old_names_work,
    options_of_data,
    plugin_output_on_stderr,
    studies_option,
)

if TYPE_CHECKING:
    from rich.console import Console

    from adaptkit.config import StudyConfig

POOLINGS = ("auto", "mean", "first", "normalized-mean", "normalized-first", "pair", "checkpoint")


@click.command(short_help="Tune a task on labelled text.", context_settings=old_names_work)
@options_of_data
@click.option("--model", help="A transformers encoder: a hub id or a folder. [default: all-MiniLM-L6-v2]")
@click.option(
    "--strategy", metavar="NAME",
    help="What is trained: frozen, lora, full, or a plugin that 'adaptkit plugins' lists. [default: full]",
)  # fmt: skip
@click.option(
    "--strategy-option", "strategy_options", multiple=True, metavar="KEY=VALUE",
    help="An option of the strategy.",
)  # fmt: skip
@click.option(
    "--pooling", type=click.Choice(POOLINGS),
    help="How a head for texts pools the tokens. [default: auto, as the model declares, else the best in"
    " cross-validation]",
)  # fmt: skip
@click.option(
    "--head-solver", type=click.Choice(["auto", "lbfgs", "adamw"]),
    help="How a head on a frozen encoder trains. [default: auto, solved where it is linear]",
)  # fmt: skip
@click.option(
    "--head-init", type=click.Choice(["auto", "solved", "random"]),
    help="How a head starts where the encoder trains. [default: auto, solved where it is linear]",
)  # fmt: skip
@click.option(
    "--layers", type=int,
    help="Use only the encoder's first layers, 0 for all. "
    "[default: all; half of a sentence encoder's for heads on tokens]",
)  # fmt: skip
@click.option("--folds", type=int, help="Folds that score the trials, 0 for none. [default: 5 on small data]")
@click.option(
    "--reshuffle/--no-reshuffle", default=None,
    help="Split other dev rows off for each trial. [default: the same for all]",
)  # fmt: skip
@click.option("--lora-rank", type=int, help="The rank of LoRA's updates. [default: 8]")
@click.option(
    "--max-length", type=int, help="The most tokens in one example. [default: the model's limit, up to 512]"
)
@click.option("--trials", type=int, help="The total number of trials. [default: 8]")
@click.option("--epochs", type=float, help="The epochs of a trial. [default: by strategy, task and rows]")
@click.option(
    "--lr",
    "learning_rate",
    type=(float, float),
    metavar="LOW HIGH",
    help="The range of learning rates to search.",
)
@click.option(
    "--batch-size", "batch_sizes", type=Numbers(), help="The batch sizes to search, such as 8,16,32."
)
@click.option(
    "--class-weights", metavar="balanced|FILE",
    help="Weigh the classes in the loss: balanced, or by a JSON or TOML file, label to weight.",
)  # fmt: skip
@click.option("--label-smoothing", type=float, help="Label smoothing of the loss. [default: 0]")
@click.option("--metric", help="The number to optimise, of the task or of a plugin. [default: the task's]")
@click.option(
    "--metric-option", "metric_options", multiple=True, metavar="KEY=VALUE",
    help="An option of a plugin's metric.",
)  # fmt: skip
@click.option("--pruning/--no-pruning", default=None, help="Stop bad trials early. [default: pruning]")
@click.option(
    "--patience", type=int,
    help="End a trial after so many evaluations without a better score, 0: never. [default: half of them]",
)  # fmt: skip
@click.option(
    "--confirm", type=int,
    help="Train the best configurations again with so many new seeds, 0: not. [default: by cost]",
)  # fmt: skip
@click.option(
    "--refit/--no-refit", default=None,
    help="Train the winner again on the train and dev rows together. [default: if dev is split off]",
)  # fmt: skip
@click.option(
    "--soup/--no-soup", default=None,
    help="Export the average of the winner's runs unless it is clearly worse. [default: with full]",
)  # fmt: skip
@click.option(
    "--evals-per-epoch", type=int, help="The evaluations on dev per epoch. [default: 1 to 4, by cost]"
)
@click.option(
    "--timeout", type=Duration(),
    help="Stop training after this time, such as 30m. A running trial counts with its score so far.",
)  # fmt: skip
@click.option("--seed", type=int, help="The seed of all random numbers. [default: 0]")
@click.option("--device", help="auto, cpu, cuda or cuda:N. [default: auto]")
@click.option(
    "--devices", metavar="DEVICE,DEVICE",
    help="Train on several devices at once, such as cuda:0,cuda:1 or cpu,cpu; needs adaptkit's extra 'ray'.",
)  # fmt: skip
@click.option(
    "--ray", metavar="ADDRESS",
    help="Train in the Ray cluster at this address, HOST:PORT or auto, on the kinds of devices in --devices.",
)  # fmt: skip
@click.option(
    "--precision", type=click.Choice(["auto", "fp32", "bf16"]),
    help="auto: bf16 if the hardware supports it, else fp32. [default: auto]",
)  # fmt: skip
@click.option(
    "--parallel-trials", type=AutoOrNumber(), help="How many trials are trained together. [default: auto]"
)
@click.option(
    "--fast-paths/--no-fast-paths", default=None,
    help="Faster code for the same numbers. [default: fast paths]",
)  # fmt: skip
@click.option("--study", "name", help="The study's name. [default: made from these options]")
@studies_option
@click.option(
    "--config", "config_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A study.toml. Options on the command line take precedence.",
)  # fmt: skip
@click.option(
    "--track", "trackers", multiple=True, type=click.Choice(["mlflow", "tensorboard", "wandb"]),
    help="Write each trial as a run of this tracker, too; needs adaptkit's extra of the same name.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only forecast time, memory and disk, from measured steps.")
@json_option
def tune(
    name: str | None, studies_dir: Path, config_file: Path | None, trackers: Sequence[str], dry_run: bool,
    devices: str | None, ray: str | None, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Tune a task on labelled text: search hyperparameters, train, export the best model, and print a report.

    Without data, the task's sample is used. To continue a study that was stopped, run the same command again.
    """
    from rich.console import Console

    from adaptkit.api.arguments import device_names
    from adaptkit.api.workers import trained_on
    from adaptkit.errors import Interrupted
    from adaptkit.run.study import Study
    from adaptkit.run.tune import run
    from adaptkit.system.allocator import keep_freed_memory
    from adaptkit.tracking.trackers import tracker

    config = configured(config_file, given, click.get_current_context().command.params)
    keep_freed_memory()  # here and not in `run`: it changes the process, and a Python user's is not ours
    console = Console(stderr=True, highlight=False)
    if dry_run:
        show_forecast(config, console, as_json=as_json)
        return
    try:
        workers = trained_on(config, device_names("--devices", devices), ray)
        with plugin_output_on_stderr(), workers as (placed, trainer):
            callbacks = [tracker(one) for one in dict.fromkeys(trackers)]
            study = run(placed, console, studies=studies_dir, name=name, callbacks=callbacks, trainer=trainer)
    except Interrupted as interrupted:
        if isinstance(interrupted.study, Study):
            show(interrupted.study.summary, interrupted.study.trials, as_json=as_json)
        raise
    show(study.summary, study.trials, as_json=as_json)


def show_forecast(config: StudyConfig, console: Console, *, as_json: bool) -> None:
    """Print what the study would take."""
    import json

    from adaptkit.report.forecast import as_document, lines_of
    from adaptkit.run.forecast.forecast import forecast

    with plugin_output_on_stderr():
        found = forecast(config, console)
    click.echo(json.dumps(as_document(found)) if as_json else "\n".join(lines_of(found)))


def show(summary: Any, trials: Any, *, as_json: bool) -> None:
    """Print the report."""
    import json

    if as_json:
        from adaptkit.report.document import as_document

        click.echo(json.dumps(as_document(summary, trials), allow_nan=False))
        return
    from rich.console import Console

    from adaptkit.report.terminal import print_report

    print_report(Console(highlight=False), summary, trials)
