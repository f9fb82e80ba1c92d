"""The benchmarks, run as processes: the files they write and what they print."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.program import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_benchmark_writes_all_measurements(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "benchmarks.speed.against_search", "--random-model", "bert-tiny",
        "--made-rows", "48", "--made-length", "12", "--max-length", "48", "--trials", "3",
        "--epochs", "1", "--pairs", "1",
        "--strategies", "full,lora,frozen", "--results", str(tmp_path), "--name", "tried",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=1000
    )
    assert done.returncode == 0, done.stderr
    for strategy in ("full", "lora", "frozen"):
        record = json.loads((tmp_path / "search" / f"tried-{strategy}.json").read_text(encoding="utf-8"))
        wanted = record["setting"]["trials"]
        assert record.keys() >= {"date", "machine", "cores", "versions", "busy_before", "device", "work"}
        assert [pair["seed"] for pair in record["pairs"]] == [0]
        for pair in record["pairs"]:
            assert pair["sides"].keys() == {"Trainer", "adaptkit", "adaptkit, pruning"}
            for side in pair["sides"].values():
                trained = [
                    {name: one[name] for name in ("learning_rate", "batch_size")} for one in side["trials"]
                ]
                assert trained == wanted
                assert side["seconds"] > side["before_training"] > 0
                assert side["peak_memory"] >= side["memory_imported"] > 0
        figures = record["figures"]
        assert figures["against Trainer"]["times_as_fast"] > 0
        assert 0 < figures["sides"]["adaptkit"]["share_of_peak"] < 1
        assert str(tmp_path) not in json.dumps(record)
    assert done.stdout.count("adaptkit was") == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("benchmark", "kind", "options"),
    [
        (
            "time_to_best",
            "pruning",
            "--random-model bert-tiny --made-rows 48 --trials 5 --seeds 1",
        ),
        ("cost", "cost", "--trials 1,2 --rows 48 --tokens 16 --base-rows 32 --base-tokens 12 --dev-rows 16"),
    ],
)
def test_the_other_benchmarks_write_all_measurements(
    benchmark: str, kind: str, options: str, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        f"benchmarks.speed.{benchmark}",
        *options.split(),
        "--results",
        str(tmp_path),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / kind).iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    measured = [pair["sides"][side] for pair in record.get("pairs", ()) for side in ("without", "with")]
    measured += record.get("points", [])
    assert len(measured) == (2 if kind == "pruning" else 4)
    assert all(one["seconds"] > one["before_training"] > 0 for one in measured)
    assert all(one["peak_memory"] > 0 for one in measured)
    assert str(tmp_path) not in json.dumps(record)
    assert record["name"] in done.stdout
