"""The time of a step by kind of work, and the comparison on a tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.speed import profile_step, profile_table
from benchmarks.speed.results import read_results


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("aten::addmm", "matrix products"),
        ("aten::baddbmm_", "matrix products"),
        ("aten::_softmax_backward_data", "attention"),
        ("aten::bernoulli_", "dropout"),
        ("aten::random_", "dropout"),
        ("aten::_fused_adamw_", "optimiser and clipping"),
        ("aten::copy_", "copies, casts and zeros"),
        ("aten::fill_", "copies, casts and zeros"),
        ("aten::gelu_backward", "other layers"),
        ("aten::native_layer_norm", "other layers"),
        ("aten::mul", "elementwise and the rest"),
        ("AddmmBackward0", "elementwise and the rest"),
    ],
)
def test_the_kind_of_an_operation(operation: str, kind: str) -> None:
    assert profile_step.kind_of(operation) == kind


def test_both_sides_are_profiled_and_printed(
    tiny_folder: Path, data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (train,) = (data_folder / "text-classification").glob("train.*")
    profile_step.main(
        ["--train", str(train), "--model", str(tiny_folder), "--sizes", "4,8", "--results", str(tmp_path)]
    )
    (record,) = read_results(tmp_path / "profile")
    for strategy in ("full", "lora"):
        assert [step["batch_size"] for step in record["steps"][strategy]] == [4, 8]
        for step in record["steps"][strategy]:
            for side in ("plain", "adaptkit"):
                assert step[side]["seconds"] > 0
                assert sum(step[side]["shares"].values()) == pytest.approx(1.0)
                assert step[side]["shares"]["matrix products"] > 0
    assert capsys.readouterr().out.count(" ms: ") == 8
    assert sum(line.startswith("| cpu") for line in profile_table.table([record]).splitlines()) == 4
