from __future__ import annotations

from dataclasses import replace
from typing import Any

from adaptkit.report.setting import phases, setting
from tests.helpers.studies import ner_summary


def test_the_setting_of_a_study() -> None:
    found = dict(setting(ner_summary()))
    assert found["searched learning rate"] == "5e-5 to 0.002, logarithmic"
    assert found["trained"] == "151,305 of 22,864,521 parameters (0.7%) in each trial"
    assert found["parallel trials"] == (
        "8 trials in one population, 8 in one forward pass, at most 16 examples of each"
    )
    assert found["device"] == "NVIDIA L4, bf16"
    assert found["peak memory"] == "6.4 GiB"


def test_the_workers_are_shown_if_there_are_several() -> None:
    found = dict(setting(replace(ner_summary(), workers=3)))
    assert "8 trials in one population in each of 3 worker processes, 8 in" in found["parallel trials"]


def test_before_the_first_trial_only_the_space_is_shown() -> None:
    begun = replace(
        ner_summary(), trained_parameters=0, total_parameters=0, parallel_trials=0, trials_per_pass=0,
        micro_batch=0, device="auto", precision="auto", peak_memory_bytes=0,
    )  # fmt: skip
    assert [name for name, _ in setting(begun)] == ["searched learning rate", "searched batch size"]


def test_the_passes_of_a_frozen_encoder_are_shown() -> None:
    found = {
        (passes, reused): dict(setting(replace(ner_summary(), encoder_passes=passes, features_reused=reused)))
        for passes, reused in ((0, 5), (1, 0), (2, 1808))
    }
    assert [one["encoder"] for one in found.values()] == [
        "features of an earlier study reused",
        "read the data once for all trials",
        "read the data 2 times for all trials; features of 1,808 examples reused",
    ]


def test_weights_of_classes_are_shown_where_they_are_used() -> None:
    plain = dict(setting(ner_summary()))
    assert not {"class weights", "label smoothing"} & plain.keys()
    found = dict(setting(replace(ner_summary(), class_weights="balanced", label_smoothing=0.1)))
    assert (found["class weights"], found["label smoothing"]) == ("balanced", "0.1")


def test_phases_that_took_no_time_are_left_out() -> None:
    assert phases(replace(ner_summary(), seconds={"data": 3.1, "features": 0.0, "train": 312.4})) == [
        "data 3.1 s", "train 5 min 12 s",
    ]  # fmt: skip


def test_the_fast_paths_in_use_are_shown() -> None:
    found = [
        dict(setting(replace(ner_summary(), fast_paths=names))).get("fast paths")
        for names in (("attention", "last_layer"), (), None)
    ]
    assert found == ["attention, last layer (faster code for the same numbers)", None, None]


def test_why_trials_are_not_trained_together_is_shown() -> None:
    assert "not together because" not in dict(setting(ner_summary()))
    alone = replace(ner_summary(), not_together="two trials do not fit into memory")
    assert dict(setting(alone))["not together because"] == "two trials do not fit into memory"


def test_how_the_head_pools_and_was_solved() -> None:
    def head(**changes: Any) -> str | None:
        return dict(setting(replace(ner_summary(), **changes))).get("head")

    solved = "solved by L-BFGS with an L2 penalty, not trained in steps"
    space = {"l2": "1e-04 … 1e+00 (log)"}
    assert head() is None
    assert head(space=space) == solved
    assert head(pooling="mean") == "one linear layer on the mean of the tokens' states"
    assert head(pooling="first", space=space) == f"one linear layer on the first token's state; {solved}"
    assert str(head(pooling="pair")).startswith("one linear layer on both texts")
    assert head(head="sequence-classification") == "pools as the checkpoint's own architecture does"
    assert dict(setting(replace(ner_summary(), space=space)))["searched L2 penalty"] == "0.0001 … 1 (log)"


def test_the_layers_are_shown_if_not_all_are_used() -> None:
    assert ("layers", "the first 3 of the encoder") in setting(replace(ner_summary(), layers=3))
    assert "layers" not in dict(setting(ner_summary()))
