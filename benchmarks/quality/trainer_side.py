"""One configuration trained with transformers' Trainer and peft. Knows nothing of adaptkit.

Everything that may be left as Trainer has it is left so: its random order of the data, padding to the
longest example of a batch, AdamW, weight decay on all but biases and normalisation, linear schedule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import torch
import transformers
from peft import LoraConfig, TaskType, get_peft_model
from transformers import Trainer, TrainerCallback, TrainingArguments

LABELS = ("labels",)

HEADS: Mapping[str, tuple[Any, Any, str, Sequence[str]]] = {
    "token-classification": (
        transformers.AutoModelForTokenClassification,
        transformers.DataCollatorForTokenClassification,
        TaskType.TOKEN_CLS,
        LABELS,
    ),
    "sequence-classification": (
        transformers.AutoModelForSequenceClassification,
        transformers.DataCollatorWithPadding,
        TaskType.SEQ_CLS,
        LABELS,
    ),
    "question-answering": (
        transformers.AutoModelForQuestionAnswering,
        transformers.DataCollatorWithPadding,
        TaskType.QUESTION_ANS,
        ("start_positions", "end_positions"),
    ),
}
"""Task tag → the class of model, the collator, peft's name of the task, the inputs that hold the answer."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is trained, and how."""

    model: str
    head: str
    settings: Mapping[str, Any]
    """The head's settings, as the model's configuration takes them."""

    strategy: str
    lora_rank: int
    learning_rate: float
    batch_size: int
    epochs: float
    warmup: float
    """The share of the steps in which the rate rises."""

    weight_decay: float
    evaluate_at: Sequence[float]
    """Epochs after which the dev set is scored; the end is scored in any case."""

    cpu: bool
    bfloat16: bool


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of it."""

    evaluations: Sequence[tuple[float, float]]
    """(epoch, dev score), the last one at the end."""

    seconds: float
    """Of training; scoring is left out."""

    trained_parameters: int


class _EvaluateAt(TrainerCallback):
    def __init__(self, steps: set[int]) -> None:
        self.steps = steps

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        control.should_evaluate = state.global_step in self.steps


def train(
    recipe: Recipe,
    tokenizer: Any,
    train_set: Sequence[Mapping[str, Any]],
    dev_set: Sequence[Mapping[str, Any]],
    score: Callable[[Any], float],
    seed: int,
) -> Run:
    """Trains once; ``score`` is given the dev set's outputs ``[examples, ...]``, padded on the right."""
    transformers.set_seed(seed)
    model = adapted(recipe)
    steps_per_epoch = math.ceil(len(train_set) / recipe.batch_size)
    last = math.ceil(recipe.epochs * steps_per_epoch)
    steps = {min(last, max(1, round(epoch * steps_per_epoch))) for epoch in recipe.evaluate_at[:-1]}
    with TemporaryDirectory() as folder:
        trainer = Trainer(
            model=model,
            args=arguments(recipe, seed, folder),
            data_collator=HEADS[recipe.head][1](tokenizer),
            train_dataset=list(train_set),
            eval_dataset=list(dev_set),
            compute_metrics=lambda prediction: {"score": score(prediction.predictions)},
            callbacks=[_EvaluateAt(steps | {last})],
        )
        trainer.remove_callback(transformers.PrinterCallback)
        seconds = trainer.train().metrics["train_runtime"]
    evaluated = [entry for entry in trainer.state.log_history if "eval_score" in entry]
    return Run(
        evaluations=[(entry["epoch"], entry["eval_score"]) for entry in evaluated],
        seconds=seconds - sum(entry["eval_runtime"] for entry in evaluated),
        trained_parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
    )


def adapted(recipe: Recipe) -> Any:
    """The pre-trained model with a new head, and trainable what the strategy trains."""
    model, loading = HEADS[recipe.head][0].from_pretrained(
        recipe.model,
        dtype="float32",
        ignore_mismatched_sizes=True,
        output_loading_info=True,
        **recipe.settings,
    )
    # What no checkpoint held is random, so it trains whatever the strategy, even inside the encoder.
    encoder = f"{model.base_model_prefix}."
    linear = {name for name, inner in model.named_modules() if isinstance(inner, torch.nn.Linear)}
    inside = {name for name in linear if name.startswith(encoder)}
    newly_initialized = {name for name in inside if f"{name}.weight" in loading["missing_keys"]}
    if recipe.strategy == "frozen":
        model.base_model.requires_grad_(False)
        for name in newly_initialized:
            model.get_submodule(name).requires_grad_(True)
    if recipe.strategy == "lora":
        head = {n for n, inner in model.named_children() if f"{n}." != encoder and list(inner.parameters())}
        config = LoraConfig(
            r=recipe.lora_rank,
            lora_alpha=2 * recipe.lora_rank,
            target_modules=sorted(inside - newly_initialized),
            modules_to_save=sorted(head | newly_initialized),
            task_type=HEADS[recipe.head][2],
        )
        return get_peft_model(model, config)
    return model


def arguments(recipe: Recipe, seed: int, folder: str, **changes: Any) -> TrainingArguments:
    """Trainer's arguments for the recipe, silent and without checkpoints; ``changes`` come before them."""
    values: dict[str, Any] = {
        "output_dir": folder,
        "seed": seed,
        "num_train_epochs": recipe.epochs,
        "per_device_train_batch_size": recipe.batch_size,
        "per_device_eval_batch_size": 64,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": "linear",
        "warmup_steps": recipe.warmup,  # below 1 it is a share of the steps
        "weight_decay": recipe.weight_decay,
        "max_grad_norm": 1.0,
        "bf16": recipe.bfloat16,
        "use_cpu": recipe.cpu,
        "dataloader_pin_memory": not recipe.cpu,
        "remove_unused_columns": False,
        "label_names": list(HEADS[recipe.head][3]),
        "report_to": [],
        "save_strategy": "no",
        "eval_strategy": "no",
        "logging_strategy": "no",
        "disable_tqdm": True,
    }
    return TrainingArguments(**{**values, **changes})
