"""The benchmark of many rows, with few."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from benchmarks.rows import run, table


def test_each_text_has_32_tokens_that_the_model_knows(tmp_path: Path) -> None:
    run.write_model(tmp_path / "model")
    run.write_rows(tmp_path / "rows.csv", 20)
    lines = (tmp_path / "rows.csv").read_text().splitlines()[1:]
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    ids = tokenizer([line.partition(",")[0] for line in lines])["input_ids"]
    assert [len(one) for one in ids] == [32] * 20
    assert not any(tokenizer.unk_token_id in one for one in ids)
    assert {line.partition(",")[2] for line in lines} == {"first", "second"}


@pytest.mark.slow
def test_a_study_is_measured(tmp_path: Path) -> None:
    run.write_model(tmp_path / "model")
    found = run.measured(tmp_path, 300, "frozen")
    assert found["rows"] == 300
    assert {"data", "features", "train"} <= set(found["by phase"])
    assert found["peak MiB"] >= found["median MiB of the second half"] > 50


def test_a_table_of_studies() -> None:
    study = {
        "rows": 10_000, "strategy": "full", "seconds": 61.4, "by phase": {"data": 1.6, "train": 30.2},
        "peak MiB": 1234, "median MiB of the second half": 567,
    }  # fmt: skip
    assert (
        table.table([study]).splitlines()[-1] == "| full | 10,000 | 61 | 2 | 0 | 30 | 0 | 0 | 1,234 | 567 |"
    )
