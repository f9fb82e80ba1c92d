"""What the benchmarks' command lines have in common: data, model, device, and the settings made of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adaptkit.config import DEFAULT_MODEL, DataConfig
from adaptkit.models.files import locate
from adaptkit.tasks import registry
from benchmarks.speed.random_models import SIZES, random_model
from benchmarks.speed.results import RESULTS
from benchmarks.speed.rows import MAKERS, made_rows, real_rows
from benchmarks.speed.setting import Setting, trial_list

DEV_SHARE = 0.15


@dataclass(frozen=True, kw_only=True)
class Names:
    """What a result calls its model and its data, machine paths left out."""

    model: str
    data: str
    scores: bool
    """Whether scores mean anything: not with random weights, and not on made rows."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that all benchmarks have."""
    add = parser.add_argument
    add("--task", default="text-classification", choices=sorted(MAKERS))
    add("--train", help="file of training rows; without it the task's own small sample")
    add("--dev", help="file of dev rows; without it a share of the training rows")
    add("--dev-fraction", type=float, default=DEV_SHARE, help="that share (default %(default)s)")
    add("--column", action="append", default=[], metavar="TO=FROM", help="the task's column = the file's")
    add("--rows", type=int, default=0, help="about so many training rows, labels in proportion (0: all)")
    add("--dev-rows", type=int, default=0, help="about so many dev rows (0: all)")
    add("--made-rows", type=int, default=0, help="so many made rows instead, for speed alone")
    add("--made-length", type=int, default=64, help="their tokens (default %(default)s)")
    model = parser.add_mutually_exclusive_group()
    model.add_argument("--model", help="a model folder (default: the offline encoder)")
    model.add_argument("--offline-model", action="store_true", help="the offline encoder, MiniLM")
    model.add_argument("--random-model", choices=list(SIZES), help="random weights, for speed alone")
    add("--device", default="cpu", choices=["cpu", "cuda"])
    add("--precision", default="fp32", choices=["fp32", "bf16"])
    add("--max-length", type=int, default=128, help="tokens of an example (default %(default)s)")
    add("--trials", type=int, default=8)
    add("--epochs", type=int, default=3)
    add("--seed", type=int, default=0, help="of the trial list, the rows and the first pair's training")
    add("--results", type=Path, default=RESULTS, help="where the JSON goes (default: beside this file)")
    add("--name", help="of the JSON file (default: made of the options)")


def numbers(text: str) -> tuple[int, ...]:
    """``"16,32"`` as numbers; raises ValueError."""
    return tuple(int(part) for part in text.split(","))


def model_of(options: argparse.Namespace, folder: Path) -> str:
    """The folder of the model; one with random weights is made under ``folder``."""
    if options.random_model:
        return str(random_model(options.random_model, folder / "model", seed=options.seed))
    return locate(options.model or DEFAULT_MODEL)


def data_of(options: argparse.Namespace, folder: Path) -> DataConfig:
    """The files of the rows, written under ``folder``."""
    if options.made_rows:
        dev = options.dev_rows or max(32, options.made_rows // 10)
        return made_rows(
            options.task,
            folder,
            train=options.made_rows,
            dev=dev,
            length=options.made_length,
            seed=options.seed,
        )
    columns = dict(pair.partition("=")[::2] for pair in options.column)
    given = DataConfig(
        train=options.train, dev=options.dev, columns=columns, dev_fraction=options.dev_fraction
    )
    task = registry.load(options.task)
    return real_rows(task, given, folder, train=options.rows, dev=options.dev_rows, seed=options.seed)


def names_of(options: argparse.Namespace) -> Names:
    """What the result calls what it was measured on."""
    model = options.random_model or Path(options.model or DEFAULT_MODEL).name
    data = Path(options.train).resolve().parent.name if options.train else "the task's sample"
    return Names(
        model=f"{model}, random weights" if options.random_model else model,
        data=f"made rows of {options.made_length} tokens" if options.made_rows else data,
        scores=not (options.random_model or options.made_rows),
    )


def setting_of(
    options: argparse.Namespace,
    strategy: str,
    model: str,
    data: DataConfig,
    batch_sizes: Sequence[int] | None = None,
) -> Setting:
    """What both sides are set under this strategy."""
    task = registry.load(options.task)
    assert data.train is not None
    assert data.dev is not None
    return Setting(
        task=options.task,
        model=model,
        strategy=strategy,
        train=data.train,
        dev=data.dev,
        max_length=options.max_length,
        epochs=options.epochs,
        trials=trial_list(
            task, strategy, options.trials, rows=_lines(data.train), seed=options.seed,
            batch_sizes=batch_sizes,
        ),
        device=options.device,
        precision=options.precision,
        seed=options.seed,
    )  # fmt: skip


def file_name(options: argparse.Namespace, *parts: str) -> str:
    """The name of the result's file: ``--name``, or what it was measured on."""
    names = names_of(options)
    made = [options.device, names.model.partition(",")[0], options.task, *parts, options.precision]
    return "-".join([options.name, *parts] if options.name else made)


def strategies(text: str) -> Sequence[str]:
    """``"full,lora"`` as names of strategies; raises argparse.ArgumentTypeError."""
    names = text.split(",")
    if unknown := set(names) - {"full", "lora", "frozen"}:
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose full, lora or frozen")
    return names


def _lines(path: str) -> int:
    with Path(path).open("rb") as stream:
        return sum(1 for _ in stream)
