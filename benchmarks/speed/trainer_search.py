"""Trainer's side: `Trainer.hyperparameter_search` with Optuna, as a careful user has it.

Rows are read and tokenised once. Training batches are of like length and padded to their own longest;
the dev rows lie sorted by length. No checkpoints, no logging, no pruning, scores once an epoch. Of
adaptkit it takes what reads, encodes and scores rows, so that both sides have the same; none of what trains.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import optuna
import transformers
from optuna.study import StudyDirection
from torch.utils.data import SequentialSampler
from transformers import Trainer, TrainerCallback

from adaptkit.data.load import Dataset, load
from adaptkit.models.loading import head_settings
from adaptkit.models.tokenizer import load_tokenizer
from adaptkit.run.resolve import chosen_metric
from adaptkit.task import Example, Task
from adaptkit.tasks import registry
from benchmarks.quality.scoring import score_of
from benchmarks.quality.trainer_side import HEADS, Recipe, adapted, arguments
from benchmarks.speed.outcome import Outcome, Scored, TrialOutcome
from benchmarks.speed.setting import Setting

BATCH_SIZE = "per_device_train_batch_size"
EVALUATED_AT_ONCE = {"cpu": 64, "cuda": 256}


class Notes(TrainerCallback):
    """What Trainer trains with, and when it does what."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.trials: list[TrialOutcome] = []
        self.begun: list[float] = []
        self.training = 0.0
        self.trained_parameters = 0
        self._scored: list[Scored] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A trial begins."""
        self._scored = []
        self.trained_parameters = sum(p.numel() for p in kwargs["model"].parameters() if p.requires_grad)
        self.begun.append(self.clock())

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A trial was scored."""
        metrics = kwargs["metrics"]
        self._scored.append(Scored(epoch=state.epoch, score=metrics["eval_score"], at=self.clock()))
        self.training -= metrics["eval_runtime"]

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A trial is over."""
        self.training += self.clock() - self.begun[-1]
        self.trials.append(
            TrialOutcome(
                learning_rate=args.learning_rate,
                batch_size=state.train_batch_size,
                state="complete",
                scored=self._scored,
            )
        )


def run(setting: Setting, clock: Callable[[], float]) -> Outcome:
    """Searches the list of trials, one after another."""
    task = registry.load(setting.task, setting.options)
    data = load(task, setting.data, setting.seed)
    notes = Notes(clock)
    direction = chosen_metric(task.metric, None)[1]
    with TemporaryDirectory() as folder:
        search(setting, direction, trainer_of(setting, task, data, notes, folder))
    return Outcome(
        trials=notes.trials,
        direction=direction,
        before_training=notes.begun[0],
        training=notes.training,
        trained_parameters=notes.trained_parameters,
        encoder_epochs=sum(trial.epochs for trial in notes.trials),
        about={"workers": setting.workers},
    )


def search(setting: Setting, direction: str, trainer: Trainer) -> None:
    """Trainer's own search over exactly the list of trials, which is queued in its Optuna study."""
    storage = optuna.storages.InMemoryStorage()
    best = StudyDirection[direction.upper()]
    study = optuna.create_study(storage=storage, study_name="speed", direction=best)
    for trial in setting.trials:
        study.enqueue_trial({"learning_rate": trial["learning_rate"], BATCH_SIZE: int(trial["batch_size"])})

    def space(trial: optuna.Trial) -> dict[str, Any]:
        low, high = setting.learning_rates
        return {
            "learning_rate": trial.suggest_float("learning_rate", low, high, log=True),
            BATCH_SIZE: trial.suggest_categorical(BATCH_SIZE, setting.batch_sizes),
        }

    trainer.hyperparameter_search(
        hp_space=space,
        compute_objective=lambda metrics: metrics["eval_score"],
        n_trials=len(setting.trials),
        direction=direction,
        backend="optuna",
        storage=storage,
        study_name="speed",
        load_if_exists=True,
        pruner=optuna.pruners.NopPruner(),
    )


def trainer_of(setting: Setting, task: Task, data: Dataset, notes: Notes, folder: str) -> Trainer:
    """A Trainer over the rows, tokenised once, that makes its model anew for each trial."""
    tokenizer = load_tokenizer(setting.model, setting.model, word_level=task.word_level)
    tokenizer.padding_side = "right"  # where Trainer pads the logits it gathers
    recipe = recipe_of(setting, task, data.labels)
    train, dev = (
        task.encode(rows.values, tokenizer, data.labels, setting.max_length)
        for rows in (data.train, data.dev)
    )
    order = np.argsort([len(one.inputs["input_ids"]) for one in dev], kind="stable")
    trainer = Trainer(
        model_init=lambda trial: adapted(recipe),
        args=arguments(
            recipe,
            setting.seed,
            folder,
            eval_strategy="epoch",
            train_sampling_strategy="group_by_length",
            per_device_eval_batch_size=EVALUATED_AT_ONCE[setting.device],
            dataloader_num_workers=setting.workers,
        ),
        data_collator=HEADS[recipe.head][1](tokenizer),
        train_dataset=_inputs(train),
        eval_dataset=_inputs([dev[position] for position in order]),
        compute_metrics=scorer(task, data, dev, order),
        callbacks=[notes],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    # Grouping by length would shuffle the dev rows too, and they lie in the best order already.
    setattr(trainer, "_get_eval_sampler", SequentialSampler)  # noqa: B010
    return trainer


def scorer(
    task: Task, data: Dataset, dev: Sequence[Example], order: Any
) -> Callable[[Any], dict[str, float]]:
    """Trainer's ``compute_metrics`` for dev examples that were put into ``order``."""
    metric = chosen_metric(task.metric, None)[0]
    back = np.argsort(order)

    def compute(prediction: Any) -> dict[str, float]:
        logits = prediction.predictions[back]  # [examples, ...]
        return {"score": score_of(task, data.dev.values, data.labels, metric, dev, logits)}

    return compute


def recipe_of(setting: Setting, task: Task, labels: Sequence[str]) -> Recipe:
    """The setting in Trainer's terms; what is searched is the first trial's until the search sets it."""
    first = setting.trials[0]
    return Recipe(
        model=setting.model,
        head=str(task.head),
        settings=head_settings(task, labels),
        strategy=setting.strategy,
        lora_rank=setting.lora_rank,
        learning_rate=first["learning_rate"],
        batch_size=int(first["batch_size"]),
        epochs=setting.epochs,
        warmup=setting.warmup,
        weight_decay=setting.weight_decay,
        evaluate_at=(),
        cpu=setting.device == "cpu",
        bfloat16=setting.precision == "bf16",
    )


def _inputs(examples: Sequence[Example]) -> Any:
    return [dict(example.inputs) for example in examples]
