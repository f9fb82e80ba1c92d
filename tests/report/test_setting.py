from __future__ import annotations

from dataclasses import replace

from adaptkit.report.setting import phases, setting
from tests.helpers.studies import ner_summary


def test_what_was_done_is_told_by_name() -> None:
    told = dict(setting(ner_summary()))
    assert told["searched learning rate"] == "5e-5 to 2e-3, logarithmic"
    assert told["trained"] == "151,305 of 22,864,521 parameters (0.7%) in each trial"
    assert told["together"] == (
        "8 trials in one population, 8 in one forward pass, at most 16 examples of each"
    )
    assert told["device"] == "NVIDIA L4, bf16"
    assert told["peak memory"] == "6.4 GiB"


def test_what_is_not_known_before_the_first_trial_is_not_told() -> None:
    begun = replace(
        ner_summary(), trained_parameters=0, total_parameters=0, parallel_trials=0, trials_per_pass=0,
        micro_batch=0,        device="auto", precision="auto", peak_memory_bytes=0,
    )  # fmt: skip
    assert [name for name, _ in setting(begun)] == ["searched learning rate", "searched batch size"]


def test_the_encoder_is_told_of_where_it_is_frozen() -> None:
    told = {
        (passes, reused): dict(setting(replace(ner_summary(), encoder_passes=passes, features_reused=reused)))
        for passes, reused in ((0, 5), (1, 0), (2, 1808))
    }
    assert [one["encoder"] for one in told.values()] == [
        "features of an earlier study reused",
        "read the data once, for all trials",
        "read the data 2 times, for all trials; features of 1,808 examples reused",
    ]


def test_phases_that_took_no_time_are_left_out() -> None:
    assert phases(replace(ner_summary(), seconds={"data": 3.1, "features": 0.0, "train": 312.4})) == [
        "data 3.1 s", "train 5 min 12 s",
    ]  # fmt: skip
