"""Ratios, rates and shares, compared with numbers computed by hand; the pages match the results."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

from adaptkit.data.encode import collate
from benchmarks.speed.accounting import Work
from benchmarks.speed.counting import one_token_weights, weights_per_token
from benchmarks.speed.figures import ADAPTKIT, PRUNED, TRAINER, figures_of
from benchmarks.speed.outcome import Outcome, Scored, TrialOutcome
from benchmarks.speed.results import circumstances, read_results, write_result
from benchmarks.speed.search_table import compact, in_words, whole
from benchmarks.speed.table import with_section
from tests.helpers.number_task import encode_numbers, number_rows, number_task
from tests.helpers.populations import HEADS

ROOT = Path(__file__).resolve().parents[2]


def outcome(seconds: float, best: float, at: float, training: float = 4.0, rows: int = 8) -> Outcome:
    """One trial of two epochs, its best score at ``at``."""
    scored = [Scored(epoch=1.0, score=0.1, at=0.5), Scored(epoch=2.0, score=best, at=at)]
    return Outcome(
        trials=[TrialOutcome(learning_rate=1e-3, batch_size=8, state="complete", scored=scored)],
        direction="maximize", before_training=1.0, training=training, trained_parameters=130,
        encoder_epochs=2.0, seconds=seconds, imports=2.0, peak_memory=2**20, about={"trials_per_pass": rows},
    )  # fmt: skip


def record(**sides: Outcome) -> dict[str, Any]:
    """Three pairs: as given, and with the first side slower by ten and by twenty seconds."""
    names = {"theirs": TRAINER, "ours": ADAPTKIT, "pruned": PRUNED}
    ours = sides["ours"].as_values()
    return {
        "name": "tried", **circumstances(),
        "busy_before": 0.0, "device": {"name": "cpu (1 threads)", "threads": 1, "peak": 1000.0},
        "model": "tiny", "data": "rows", "scores": True,
        "setting": {"strategy": "lora", "trials": [{}], "epochs": 2, "precision": "fp32"},
        "work": {"examples": 20, "tokens": 100, "dev_rows": 5, "encoder_weights": 7, "outside_encoder": 30},
        "pairs": [
            {"sides": {names[name]: side.as_values() for name, side in sides.items()}, "seed": 0},
            {"sides": {TRAINER: outcome(40, 0.5, 9).as_values(), ADAPTKIT: ours}, "seed": 1},
            {"sides": {TRAINER: outcome(50, 0.5, 9).as_values(), ADAPTKIT: ours}, "seed": 2},
        ],
    }  # fmt: skip


@pytest.fixture
def tried() -> dict[str, Any]:
    return record(
        theirs=outcome(30, 0.5, 20), ours=outcome(10, 0.6, 8), pruned=outcome(5, 0.55, 2, training=1.0)
    )


def test_the_ratio_of_each_pair(tried: dict[str, Any]) -> None:
    against = figures_of(tried)["against Trainer"]
    assert against["times_as_fast_each"] == [3.0, 4.0, 5.0]
    assert against["times_as_fast"] == 4.0
    assert against["times_as_fast_with_imports"] == 42 / 12
    assert against["best_difference"] == pytest.approx(0.1)
    assert against["trial_difference"] == pytest.approx(0.1)


def test_pruning_is_given_as_a_share(tried: dict[str, Any]) -> None:
    pruning = figures_of(tried)["pruning"]
    assert pruning["share_of_seconds_to_best"] == 2 / 8
    assert pruning["share_of_seconds"] == 5 / 10
    assert pruning["best_difference"] == pytest.approx(-0.05)


def test_the_rates_of_a_side_are_those_of_its_training(tried: dict[str, Any]) -> None:
    side = figures_of(tried)["sides"][ADAPTKIT]
    assert side["examples_per_second"] == 2 * 20 / 4
    assert side["tokens_per_second"] == 2 * 100 / 4
    operations = 2 * 100 * (4 * 7 + 6 * (130 - 30))  # epochs x tokens x (4 N + 6 A)
    assert side["share_of_peak"] == pytest.approx(operations / 4 / 1000)


@pytest.mark.parametrize(("strategy", "factor"), [("full", 6), ("frozen", 2)])
def test_arithmetic_is_the_usual_count(strategy: str, factor: int) -> None:
    work = Work(examples=1, tokens=10, dev_rows=1, encoder_weights=5, outside_encoder=1)
    assert work.arithmetic(strategy, outcome(1, 1, 1)) == factor * 5 * 10 * 2
    narrowed = replace(work, one_token_weights=2)
    assert narrowed.arithmetic(strategy, outcome(1, 1, 1)) == factor * (3 * 10 + 2 * 1) * 2


def test_the_weights_are_those_that_torch_counts() -> None:
    """For a BERT, forward and backward, without the pooler and the products inside attention."""
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24
    )
    model = transformers.BertModel(config, add_pooling_layer=False)
    tokens = torch.zeros(3, 7, dtype=torch.long)  # [examples, tokens]
    with FlopCounterMode(display=False) as counter:
        model(input_ids=tokens).last_hidden_state.sum().backward()
    counted = counter.get_flop_counts()["Global"]
    linear = sum(n for kind, n in counted.items() if str(kind) in ("aten.addmm", "aten.mm"))
    assert linear == 6 * weights_per_token(model) * 3 * 7
    assert weights_per_token(transformers.BertModel(config)) == weights_per_token(model)


@pytest.mark.parametrize("head", ["sequence-classification", "token-classification"])
def test_the_weights_that_are_used_for_one_token(head: str, tiny_model: Any) -> None:
    rows = number_rows(8, head)
    bucket = collate(number_task(head), encode_numbers(rows, None, (), 48), range(8), None, 32)  # type: ignore[arg-type]
    loaded = tiny_model("bert", HEADS[head])
    loaded = replace(loaded, tokenizer=SimpleNamespace(model_input_names=["input_ids", "attention_mask"]))
    layer = loaded.module.base_model.encoder.layer[-1]
    lone = [
        layer.attention.self.query,
        layer.attention.output.dense,
        layer.intermediate.dense,
        layer.output.dense,
    ]
    expected = sum(one.weight.numel() for one in lone) if head == "sequence-classification" else 0
    assert one_token_weights(number_task(head), loaded, bucket) == expected


def test_a_record_is_written_and_read_back(tried: dict[str, Any], tmp_path: Path) -> None:
    write_result(tmp_path, "tried", tried)
    assert read_results(tmp_path) == [tried]


def test_tables_contain_the_figures(tried: dict[str, Any]) -> None:
    (row,) = [line for line in compact([tried]).splitlines() if "tiny" in line]
    assert "**4.0 times (3.0 … 5.0)**" in row
    assert "0.5000 / 0.6000" in row
    assert "1 x 2, 20; 3 pairs" in row
    assert "| 8 |" in row
    assert len([line for line in whole([tried]).splitlines() if line.startswith("| cpu")]) == 3
    assert "25% to its best score" in in_words(tried)
    assert "do not trust" not in in_words(tried)
    assert "Not alike" not in in_words(tried)
    tried["pairs"][1]["sides"][ADAPTKIT] = outcome(10, 0.6, 8, rows=4).as_values()
    assert "trials in one pass: 4, 8" in in_words(tried)
    tried["pairs"][0]["sides"][TRAINER]["trained_parameters"] = 1131
    assert "a trial trains, 1,131 (Trainer), 130 (adaptkit)" in in_words(tried)
    assert "do not trust" in in_words({**tried, "busy_before": tried["cores"]})


def test_scores_of_random_weights_are_left_out(tried: dict[str, Any]) -> None:
    assert "0.6000" not in compact([{**tried, "scores": False}])


def test_only_the_section_is_replaced() -> None:
    page = "a\n<!-- x: begin -->\n\nold\n\n<!-- x: end -->\nb\n"
    assert with_section(page, "x", "new") == page.replace("old", "new")
    with pytest.raises(ValueError, match="no section 'y'"):
        with_section(page, "y", "new")


def test_the_pages_match_the_results() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.table", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
