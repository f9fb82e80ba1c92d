"""Trains a finished study's winning configuration with transformers' Trainer; shows both dev scores.

    python -m benchmarks.quality.against_trainer studies/ner-full --seeds 3

README.md beside this file says what the comparison can tell, and what it cannot.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import torch
import transformers

from adaptkit.errors import AdaptkitError
from adaptkit.models.files import locate
from adaptkit.models.loading import head_settings, load_model
from adaptkit.task import Example
from benchmarks.quality.finished import Finished, read_study
from benchmarks.quality.scoring import score_of
from benchmarks.quality.table import in_words
from benchmarks.quality.trainer_side import HEADS, Recipe, train

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("adaptkit", "torch", "transformers", "accelerate", "peft")
PHASES = ("measure", "features", "train")
"""The phases of a study that count as its training; loading and scoring do not, on either side."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """What one side reached, and what its training cost."""

    runs: Sequence[Sequence[tuple[float, float]]]
    """Of each run of the winning configuration (epoch, dev score), the last one at its end."""

    trainings: int
    """How many trainings the seconds and examples are of: on adaptkit's side all trials."""

    examples: float
    seconds: float
    trained_parameters: int


def adaptkit_side(study: Finished, examples: int) -> Side:
    """The study's trials of the winning configuration: one, unless the study repeated it."""
    winning = study.winner.hyperparameters
    same = [t for t in study.trials if t.state == "complete" and t.hyperparameters == winning]
    return Side(
        runs=[[(rung.epoch, rung.score) for rung in trial.rungs] for trial in same],
        trainings=len(study.trials),
        examples=examples * sum(trial.rungs[-1].epoch for trial in study.trials if trial.rungs),
        seconds=sum(study.summary.seconds.get(phase, 0.0) for phase in PHASES),
        trained_parameters=study.summary.trained_parameters,
    )


def trainer_side(
    study: Finished, tokenizer: Any, train_set: Sequence[Example], dev_set: Sequence[Example], seeds: int
) -> Side:
    """Runs of Trainer on the same examples; their seeds begin with the study's own."""
    recipe = recipe_of(study)
    train_inputs, dev_inputs = ([dict(one.inputs) for one in examples] for examples in (train_set, dev_set))
    rows, metric = study.data.dev.values, study.summary.metric

    def score(logits: Any) -> float:
        return score_of(study.task, rows, study.data.labels, metric, dev_set, logits)

    runs = [
        train(recipe, tokenizer, train_inputs, dev_inputs, score, seed)
        for seed in range(study.config.seed, study.config.seed + seeds)
    ]
    return Side(
        runs=[run.evaluations for run in runs],
        trainings=seeds,
        examples=seeds * len(train_set) * recipe.epochs,
        seconds=sum(run.seconds for run in runs),
        trained_parameters=runs[0].trained_parameters,
    )


def recipe_of(study: Finished) -> Recipe:
    """The winning configuration in Trainer's terms."""
    config, summary, values = study.config, study.summary, study.winner.hyperparameters
    return Recipe(
        model=locate(config.model),
        head=str(study.task.head),
        settings=head_settings(study.task, study.data.labels),
        strategy=config.strategy,
        lora_rank=config.lora_rank,
        learning_rate=values["learning_rate"],
        batch_size=int(values["batch_size"]),
        epochs=study.winner.rungs[-1].epoch,
        warmup=values["warmup"],
        weight_decay=values["weight_decay"],
        evaluate_at=[rung.epoch for rung in study.winner.rungs],
        cpu=summary.device.startswith("cpu"),
        bfloat16=summary.precision == "bf16",
    )


def compare(study: Finished, seeds: int) -> dict[str, Any]:
    """What was compared, where, and what came of it, as JSON-ready values."""
    config, summary, task, data = study.config, study.summary, study.task, study.data
    busy_before = psutil.cpu_percent(interval=1.0) / 100 * (psutil.cpu_count() or 1)
    loaded = load_model(task, config.model, data.labels, seed=0, max_length=config.max_length)
    tokenizer = loaded.tokenizer
    tokenizer.padding_side = "right"  # where Trainer pads the logits it gathers
    train_set, dev_set = (
        task.encode(rows.values, tokenizer, data.labels, loaded.max_length) for rows in (data.train, data.dev)
    )
    sides = {
        "adaptkit": adaptkit_side(study, len(train_set)),
        "Trainer": trainer_side(study, tokenizer, train_set, dev_set, seeds),
    }
    return {
        "study": summary.name,
        "date": datetime.now(UTC).isoformat("T", "seconds"),
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "busy_before": busy_before,
        "versions": {name: version(name) for name in PACKAGES},
        "study_ran": {"date": summary.started, "device": summary.device, "versions": summary.versions},
        "metric": summary.metric,
        "rows": {"train": len(data.train), "dev": len(data.dev)},
        "configuration": {**asdict(config), **study.winner.hyperparameters},
        "winner": study.winner.number,
        "sides": {name: as_values(side, summary.direction) for name, side in sides.items()},
    }


def as_values(side: Side, direction: str) -> dict[str, Any]:
    """The side, with each run's score at its end and its best one."""
    better = max if direction == "maximize" else min
    scores = [[score for _, score in run] for run in side.runs]
    final, best = [run[-1] for run in scores], [better(run) for run in scores]
    return {**asdict(side), "final": final, "best": best}


def main() -> None:
    """Compares the study named on the command line, prints the outcome, and writes it down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("study", type=Path, help="the folder of a finished study")
    parser.add_argument("--seeds", type=int, default=1, help="how often Trainer trains it (default 1)")
    parser.add_argument("--json", action="store_true", help="print the whole record instead of the table")
    options = parser.parse_args()
    if options.seeds < 1:
        parser.error(f"--seeds {options.seeds}: at least 1")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)  # peft asks the old name
    try:
        record = compare(read_study(options.study, HEADS), options.seeds)
    except AdaptkitError as error:
        sys.exit(str(error))
    text = json.dumps(record, indent=2)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{record['study']}.json").write_text(f"{text}\n", encoding="utf-8")
    print(text if options.json else in_words(record))


if __name__ == "__main__":
    main()
