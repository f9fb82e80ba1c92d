from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from adaptkit.export.model_card import model_card
from adaptkit.study.record import RungRecord, SplitRecord, StudySummary, TrialRecord
from tests.helpers.confirmations import BEATS, confirmation
from tests.helpers.studies import ner_summary, ner_trials

TRIAL = TrialRecord(
    number=3, state="complete", reason="done", origin="search",
    hyperparameters={"learning_rate": 1e-3, "batch_size": 8}, seed=17,
    rungs=(RungRecord(epoch=1, score=0.8, loss=0.1),), best_rung=0, values={"f1": 0.8, "recall": 0.75},
)  # fmt: skip


def summary(**changes: Any) -> StudySummary:
    values = StudySummary(
        name="rivers", state="finished", task="adaptkit-ner:ner", strategy="lora", model="acme/tiny-encoder",
        metric="f1", direction="maximize", groups_title="type", labels=["O", "B-PER"],
        data={"train": SplitRecord(source="rivers.conll", rows=1234)}, space={}, trials=8,
        trained_parameters=1, total_parameters=2, device="cpu", precision="fp32", parallel_trials=1,
        trials_per_pass=1, micro_batch=8, model_folder="out/rivers", head="token-classification",
    )  # fmt: skip
    return replace(values, **changes)


def front_matter(card: str) -> dict[str, Any]:
    start, block, _ = card.split("---\n", 2)
    assert start == ""
    values: dict[str, Any] = yaml.safe_load(block)
    return values


def test_the_card_has_data_scores_and_configuration() -> None:
    card = model_card(summary(), TRIAL, loaded_as="lora")
    for words in (
        "# rivers",
        "1,234 rows",
        "rivers.conll",
        "with LoRA",
        "- `f1`: 0.8000\n",
        "- learning rate: 1.00e-3\n",
        "seed: 17",
        "trial 3 of 8",
    ):
        assert words in card


def test_the_card_has_the_test_scores_once_there_are_any() -> None:
    card = model_card(summary(test={"f1": 0.7125, "recall": 0.5}), TRIAL, loaded_as="lora")
    assert "## Scores on test\n\n- `f1`: 0.7125\n- `recall`: 0.5000\n" in card
    assert "Scores on test" not in model_card(summary(), TRIAL, loaded_as="lora")


def test_the_card_says_which_test_rows_are_not_counted() -> None:
    data = {"test": SplitRecord(source="t", rows=40, skipped=2, unknown_labels=2)}
    card = model_card(summary(test={"f1": 1.0}, data=data), TRIAL, loaded_as="lora")
    assert "not used to choose this model. The test score is too high: 2 rows with labels that the" in card


def test_the_card_has_the_intervals_of_the_test_scores() -> None:
    tested = summary(test={"f1": 0.7125, "recall": 0.5}, test_intervals={"f1": (0.69, 0.735)})
    card = model_card(tested, TRIAL, loaded_as="lora")
    assert "- `f1`: 0.7125 (95% interval over the test rows: 0.6900 to 0.7350)\n- `recall`: 0.5000\n" in card


@pytest.mark.parametrize(("loaded_as", "library"), [("lora", "peft"), ("full", "transformers")])
def test_the_metadata_names_the_library_that_loads_it(loaded_as: str, library: str) -> None:
    card = model_card(summary(), TRIAL, loaded_as=loaded_as)
    meta = front_matter(card)
    assert meta["library_name"] == library
    assert meta["base_model"] == "acme/tiny-encoder"
    assert meta["tags"] == ["adaptkit", "ner"]
    assert ("PeftModel" in card) == (loaded_as == "lora")


@pytest.mark.parametrize("loaded_as", ["lora", "full"])
def test_the_card_explains_a_head_of_the_tasks_own(loaded_as: str) -> None:
    card = model_card(summary(head=""), TRIAL, loaded_as=loaded_as)
    assert front_matter(card)["library_name"] == "adaptkit"
    assert "adaptkit.load(folder)" in card
    assert "It needs the plugin of the task `adaptkit-ner:ner`, which must be installed" in card
    assert ("AutoModel.from_pretrained(folder)" in card) == (loaded_as == "full")


def test_the_card_lists_the_numbers_chosen_on_dev() -> None:
    card = model_card(summary(), replace(TRIAL, calibration={"null_threshold": -1.25}), loaded_as="full")
    assert "If you use transformers alone, apply them yourself" in card
    assert "- `null_threshold`: -1.25\n" in card
    assert "apply them" not in model_card(summary(), TRIAL, loaded_as="full")


def test_the_card_says_how_to_install_the_plugin() -> None:
    study = summary(plugin="adaptkit-ner", versions={"adaptkit": "0.3", "adaptkit-ner": "0.2.1"})
    card = model_card(study, TRIAL, loaded_as="full")
    assert "the task's plugin, `adaptkit-ner`: `pip install adaptkit-ner`." in card
    assert "trained with version 0.2.1 of it." in card
    assert "pip install" not in model_card(summary(), TRIAL, loaded_as="full")


def test_a_path_is_not_a_hub_id() -> None:
    for model in ("/models/tiny", "./tiny/model", "~/tiny", "tiny"):
        assert "base_model" not in front_matter(model_card(summary(model=model), TRIAL, loaded_as="full"))


def test_an_existing_folder_is_not_a_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "encoder").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert "base_model" not in model_card(summary(model="models/encoder"), TRIAL, loaded_as="full")


def test_the_lines_for_loading_are_python() -> None:
    card = model_card(summary(model_folder='out/"quoted" folder'), TRIAL, loaded_as="lora")
    code = card.partition("```python\n")[2].partition("```")[0]
    compile(code, "card", "exec")


def test_names_with_markup_are_escaped() -> None:
    nasty = "\x1b[31m<script>alert(1)</script>\n# mine"
    card = model_card(
        summary(name=nasty, data={"train": SplitRecord(source=nasty, rows=1)}), TRIAL, loaded_as="full"
    )
    assert "\x1b" not in card
    assert "<script>" not in card.replace("`", "") or "`" in card
    assert "\n# mine" not in card


def test_the_card_has_the_baselines_on_the_same_rows() -> None:
    known = summary(baselines={"words": {"f1": 0.5}, "majority <b>class</b>": {"f1": 0.1}})
    card = model_card(known, TRIAL, loaded_as="lora")
    assert "Simple models score on the same rows (`f1`):\n\n- words: 0.5000\n- majority &#60;b&#62;" in card
    assert "does not beat" not in card
    unbeaten = model_card(summary(baselines={"words": {"f1": 0.9}}), TRIAL, loaded_as="lora")
    assert "The baseline words scores 0.9000 on the same rows: this model does not beat it." in unbeaten
    assert "Simple models" not in model_card(summary(), TRIAL, loaded_as="lora")


def test_the_card_has_the_baselines_on_test() -> None:
    tested = summary(test={"f1": 0.7}, test_baselines={"words": {"f1": 0.5}})
    card = model_card(tested, TRIAL, loaded_as="lora").partition("## Scores on test")[2]
    assert "Simple models score on the same rows (`f1`):\n\n- words: 0.5000\n" in card
    better = summary(test={"f1": 0.7}, test_baselines={"words": {"f1": 0.8}})
    said = "On test, the baseline words scores 0.8000 and this model 0.7000, so it is not better there."
    assert said in model_card(better, TRIAL, loaded_as="lora")


def test_the_card_says_what_scored_the_trial() -> None:
    assert "## Scores on dev\n" in model_card(summary(), TRIAL, loaded_as="full")
    folded = model_card(summary(folds=5), TRIAL, loaded_as="full")
    assert "## Scores in 5-fold cross-validation\n" in folded
    assert "solved on all training rows together" in folded
    again = model_card(summary(refit=3), TRIAL, loaded_as="full")
    assert "solved again on the training and dev rows together" in again


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("/home/ada/data/rivers.conll", "rivers.conll"),
        ("data/rivers.csv.gz", "rivers.csv.gz"),
        ("../data/rivers", "rivers"),
        ("C:\\\\data\\\\rivers.csv", "rivers.csv"),
        ("acme/rivers", "acme/rivers"),
        ("acme/rivers-v1.0", "acme/rivers-v1.0"),
        ("rivers.jsonl", "rivers.jsonl"),
    ],
)
def test_a_card_has_no_local_path(source: str, shown: str) -> None:
    known = summary(
        model=source, model_folder="/home/ada/best", data={"dev": SplitRecord(source=source, rows=7)}
    )
    card = model_card(known, TRIAL, loaded_as="lora")
    assert f"7 rows of `{shown}`" in card
    assert f"`{shown}` adapted to" in card
    assert "/home/ada" not in card


def test_a_confirmed_model_has_the_numbers_of_its_run() -> None:
    confirmed = replace(ner_summary(), confirmation=BEATS, best=6)
    text = model_card(confirmed, ner_trials()[6], loaded_as="lora")
    assert "- `f1`: 0.8970\n- `precision`: 0.8970" in text
    assert "Trial 6's configuration is better than the default: +0.0273 on average" in text
    assert "those of run 2, which scored 0.8970 on dev" in text
    assert "- seed: 99" in text
    other = model_card(confirmed, ner_trials()[8], loaded_as="lora")
    assert "configuration" not in other.partition("## Configuration")[0]


def test_a_card_says_too_high_only_if_it_was_chosen() -> None:
    said = "This model was chosen by its score on these rows, so this score is somewhat too high."
    trials = ner_trials()
    study = replace(ner_summary(), confirmation=None)
    assert said in model_card(study, trials[8], trials, loaded_as="lora")
    assert "too high" not in model_card(study, trials[0], trials[:1], loaded_as="lora")
    runs = {8: (0.5, 0.6), 0: (0.55, 0.54)}
    several = replace(study, confirmation=confirmation(0, runs))
    assert said in model_card(several, trials[0], trials, loaded_as="lora"), "its best run was chosen"
    once = replace(study, confirmation=confirmation(0, {trial: its[:1] for trial, its in runs.items()}))
    assert said in model_card(once, trials[0], trials, loaded_as="lora"), "it has the best mean"
    unclear = replace(study, confirmation=confirmation(0, {8: (0.6,), 0: (0.55,)}))
    assert "too high" not in model_card(unclear, trials[0], trials, loaded_as="lora")
