"""The model card of an exported winner: what it is, what it learnt from, how it scores, how to load it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from adaptkit.report.escaping import code, prose
from adaptkit.report.formatting import hyperparameter, in_words, score
from adaptkit.report.loading import loading_lines
from adaptkit.study.record import StudySummary, TrialRecord

STRATEGY_IN_WORDS = {
    "frozen": "with a frozen encoder (only the head was trained)",
    "lora": "with LoRA (a low-rank adapter and the head were trained)",
    "full": "by full fine-tuning",
}


def model_card(summary: StudySummary, trial: TrialRecord, *, loaded_as: str) -> str:
    """The card in Markdown, with the hub's metadata on top.

    Args:
        summary: the study; its ``model_folder`` is where the card will lie, its ``test`` the trial's own.
        trial: the exported trial.
        loaded_as: "lora" for an adapter, anything else for a whole model.
    """
    model, task = code(summary.model), code(summary.task)
    how = STRATEGY_IN_WORDS[summary.strategy]
    parts = [
        _metadata(summary, loaded_as),
        f"# {prose(summary.name)}",
        f"{model} adapted to the task {task} {how} by adaptkit.",
        "## Data",
        _items(
            f"{name}: {split.rows:,} rows of {code(split.source)}" for name, split in summary.data.items()
        ),
        "## Scores on dev",
        _items(f"{code(name)}: {score(value)}" for name, value in trial.values.items()),
        "This model was chosen by its score on these rows, so they flatter it a little.",
        *_on_test(summary),
        "## Configuration",
        _items(
            [
                *(f"{prose(in_words(n))}: {hyperparameter(n, v)}" for n, v in trial.hyperparameters.items()),
                f"seed: {trial.seed}",
                f"trial {trial.number} of {summary.trials}",
            ]
        ),
        *_calibration(trial),
        "## Loading",
        "\n".join(["```python", *loading_lines(replace(summary, strategy=loaded_as)), "```"]),
        *_own_head(summary, loaded_as),
        *_plugin(summary),
        'On the command line: `adaptkit predict FOLDER "some text"`.',
    ]
    return "\n\n".join(parts) + "\n"


def _on_test(summary: StudySummary) -> list[str]:
    """The scores on the test rows, where they have been scored."""
    if not summary.test:
        return []
    return [
        "## Scores on test",
        _items(f"{code(name)}: {score(value)}" for name, value in summary.test.items()),
        "These rows had no part in choosing this model.",
    ]


def _calibration(trial: TrialRecord) -> list[str]:
    """The numbers that the task chose on the dev rows, for those who load the model without adaptkit."""
    if not trial.calibration:
        return []
    return [
        "## Calibration",
        "Chosen on the dev rows, after training. adaptkit applies these numbers to what the model gives; "
        "with transformers alone, apply them yourself. `adaptkit.json` has them with all their digits.",
        _items(f"{code(name)}: {hyperparameter(name, value)}" for name, value in trial.calibration.items()),
    ]


def _plugin(summary: StudySummary) -> list[str]:
    """The distribution that adaptkit needs besides itself."""
    if not summary.plugin:
        return []
    version = prose(summary.versions.get(summary.plugin, "unknown"))
    return [
        f"adaptkit needs the task's plugin, {code(summary.plugin)}: {code(f'pip install {summary.plugin}')}. "
        f"This model was trained with its version {version}."
    ]


def _own_head(summary: StudySummary, loaded_as: str) -> list[str]:
    """What to know of a head that is the task's own."""
    if summary.head:
        return []
    plugin = f"the plugin of the task {code(summary.task)}"
    needed = f"The head is not one of transformers': {plugin} makes it, and must be installed."
    if loaded_as == "lora":
        return [needed]
    return [f"{needed} The encoder alone is read by transformers' `AutoModel.from_pretrained(folder)`."]


def _metadata(summary: StudySummary, loaded_as: str) -> str:
    library = "peft" if loaded_as == "lora" else "transformers"
    library = library if summary.head else "adaptkit"
    is_hub_id = (
        summary.model.count("/") == 1
        and not summary.model.startswith((".", "/", "~"))
        and not Path(summary.model).is_dir()
    )
    base = [f"base_model: {summary.model}"] if is_hub_id else []
    tags = f"tags: [adaptkit, {summary.task.rpartition(':')[2]}]"
    return "\n".join(["---", f"library_name: {library}", *base, tags, "---"])


def _items(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
