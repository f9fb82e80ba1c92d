"""The model card of an exported trial: its data, its scores, its configuration, and how to load it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from huggingface_hub import ModelCardData

from adaptkit.export.card_limits import limits, training
from adaptkit.report import baselines, comparison, intervals
from adaptkit.report.chosen import run_chosen, winner_chosen
from adaptkit.report.confirmation import about_exported, as_exported
from adaptkit.report.escaping import code, prose
from adaptkit.report.formatting import hyperparameter, in_words, score
from adaptkit.report.loading import is_hub_id, library_of, loading_lines
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.winner import exported_refit

HERE = "."
"""The folder of the card, as the working directory of the lines that load the model."""

ONNX_ALONE = (
    "Without adaptkit and torch: `predict.py` needs onnxruntime, tokenizers and numpy only.",
    "`model.onnx` takes the tokens of any number of texts of any length, up to the `max_length` in "
    "`adaptkit.json`, and gives the outputs of encoder and head.",
)

STRATEGY_IN_WORDS: Mapping[str, str] = {
    "frozen": "with a frozen encoder (only the head was trained)",
    "lora": "with LoRA (a low-rank adapter and the head were trained)",
    "full": "by full fine-tuning",
}
"""For studies of versions that did not record it."""


def model_card(
    summary: StudySummary, trial: TrialRecord, trials: Sequence[TrialRecord] = (), *, loaded_as: str
) -> str:
    """The card in Markdown, with the hub's metadata at the top.

    Args:
        summary: the study; its ``model_folder`` is the card's folder, and its ``test`` the trial's scores.
        trial: the exported trial.
        trials: all trials; empty if they are not known.
        loaded_as: "lora" for an adapter, "onnx" for ``model.onnx``, anything else for a complete model.
    """
    trial = as_exported(summary, trial)
    model, task = code(_short(summary.model)), code(summary.task)
    how = prose(summary.trained_how) or STRATEGY_IN_WORDS.get(
        summary.strategy, f"with {code(summary.strategy)}"
    )
    loaded = replace(summary, saved_as={"lora": "adapter", "onnx": "onnx"}.get(loaded_as, "model"))
    here = replace(loaded, model_folder=HERE)
    parts = [
        _metadata(loaded),
        f"# {prose(summary.name)}",
        f"{model} adapted to the task {task} {how} by adaptkit.",
        "## Data",
        _items(
            f"{prose(name)}: {split.rows:,} rows of {code(_short(split.source))}"
            for name, split in summary.data.items()
        ),
        *_on_dev(summary, trial, trials),
        *_baselines(summary, trial),
        *_on_test(summary, trial),
        *limits(summary, trial),
        *training(summary, trial),
        "## Configuration",
        _items(
            [
                *(f"{prose(in_words(n))}: {hyperparameter(n, v)}" for n, v in trial.hyperparameters.items()),
                f"seed: {trial.seed}",
                f"trial {trial.number} of {summary.trials}",
            ]
        ),
        *_calibration(summary, trial),
        "## Loading",
        "In the folder of this card:",
        "\n".join(["```python", *loading_lines(here, trial.calibration), "```"]),
        *_own_head(loaded),
        *(ONNX_ALONE if loaded_as == "onnx" else ()),
        *_plugin(summary),
        'On the command line: `adaptkit predict FOLDER "some text"`.',
    ]
    return "\n\n".join(parts) + "\n"


def _on_dev(summary: StudySummary, trial: TrialRecord, trials: Sequence[TrialRecord]) -> list[str]:
    """The scores that scored the trial, and whether they are those of the exported head."""
    return [
        f"## Scores {comparison.on_split(summary)}",
        _items(f"{code(name)}: {score(value)}" for name, value in trial.values.items()),
        *_chosen(summary, trial, trials),
        *comparison.too_high(summary, "dev"),
        *comparison.exported(summary, trial),
        *about_exported(summary, trial),
    ]


def _chosen(summary: StudySummary, trial: TrialRecord, trials: Sequence[TrialRecord]) -> list[str]:
    """Whose scores these are, and that they are too high if it was chosen by them."""
    winner = winner_chosen(summary, trial, trials)
    if exported_refit(summary, trial) is not None:
        by_them = " It was chosen by them, so they are somewhat too high." if winner else ""
        return [f"These scores are the configuration's.{by_them}"]
    if not winner and run_chosen(summary, trial) is None:
        return []
    return ["This model was chosen by its score on these rows, so this score is somewhat too high."]


def _baselines(summary: StudySummary, trial: TrialRecord) -> list[str]:
    """The scores of simple models on the same rows."""
    unbeaten = baselines.unbeaten(summary, trial)
    return [*_simple_models(summary, summary.baselines), *([prose(unbeaten)] if unbeaten else [])]


def _simple_models(summary: StudySummary, scored: Mapping[str, Mapping[str, float]]) -> list[str]:
    scores = [(name, values.get(summary.metric)) for name, values in scored.items()]
    if not scores:
        return []
    return [
        f"Simple models score on the same rows ({code(summary.metric)}):",
        _items(f"{prose(name)}: {score(value)}" for name, value in scores),
    ]


def _on_test(summary: StudySummary, trial: TrialRecord) -> list[str]:
    """The scores on the test rows, if they have been scored."""
    if not summary.test:
        return []
    shown = {name: prose(intervals.on_test(summary, name)) for name in summary.test}
    beside = {name: f" ({words})" if words else "" for name, words in shown.items()}
    return [
        "## Scores on test",
        _items(f"{code(name)}: {score(value)}{beside[name]}" for name, value in summary.test.items()),
        " ".join(["These rows were not used to choose this model.", *comparison.too_high(summary, "test")]),
        *_simple_models(summary, summary.test_baselines),
        *map(prose, filter(None, [baselines.unbeaten_on_test(summary, trial)])),
    ]


def _calibration(summary: StudySummary, trial: TrialRecord) -> list[str]:
    """The numbers that the task chose on the dev rows, for use without adaptkit."""
    if not trial.calibration:
        return []
    without = " without these rows" if exported_refit(summary, trial) else ""
    return [
        "## Calibration",
        f"These numbers were chosen on the dev rows after training{without}. adaptkit applies them to the "
        "model's outputs. If you use transformers alone, apply them yourself. `adaptkit.json` has all their "
        "digits.",
        _items(f"{code(name)}: {hyperparameter(name, value)}" for name, value in trial.calibration.items()),
    ]


def _plugin(summary: StudySummary) -> list[str]:
    """The distribution that has the task."""
    if not summary.plugin:
        return []
    version = prose(summary.versions.get(summary.plugin, "unknown"))
    return [
        f"adaptkit needs the task's plugin, {code(summary.plugin)}: {code(f'pip install {summary.plugin}')}. "
        f"This model was trained with version {version} of it."
    ]


def _own_head(summary: StudySummary) -> list[str]:
    """How to load a head that transformers does not have."""
    library = library_of(summary)
    if library == "sentence-transformers":
        return [
            "transformers does not have this head: its own classes for classification would start a new one."
        ]
    if library != "adaptkit":  # ONNX has the head in it
        return []
    needed = f"{code('adaptkit.load(folder)')} loads the model with its head."
    if not summary.head:
        plugin = f"the plugin of the task {code(summary.task)}"
        needed = f"The head is not one of transformers' heads. It needs {plugin}, which must be installed."
    if summary.adapter:
        return [needed]
    return [
        f"{needed} `transformers.AutoModel.from_pretrained(folder)` loads the encoder without the head. It "
        "may report an unexpected head and a missing pooler, which the encoder does not need."
    ]


def _metadata(summary: StudySummary) -> str:
    """The YAML block that the hub reads."""
    metadata = ModelCardData(
        base_model=summary.model if is_hub_id(summary.model) else None,
        library_name=library_of(summary),
        tags=["adaptkit", summary.task.rpartition(":")[2]],
    )
    return f"---\n{metadata.to_yaml()}\n---"


def _short(source: str) -> str:
    """A hub id as it is; of a path only the last name, because a card may be published."""
    path = re.split(r"[/\\]", source.rstrip("/\\"))
    is_file = re.search(r"\.[A-Za-z]\w*$", path[-1]) or Path(source).exists()
    return source if is_hub_id(source) and not is_file else path[-1] or source


def _items(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
