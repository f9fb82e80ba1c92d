"""The GPU benchmark: its parts on the CPU in small, and what it does with one that fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gpu.parts import COMPLETE, TINY, Part, parts_of
from benchmarks.gpu.run import run
from benchmarks.gpu.table import table
from benchmarks.speed.random_models import TOKENS, made_tokenizer
from benchmarks.speed.rows import COMMON

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_all_parts_run_on_the_cpu(tmp_path: Path) -> None:
    command = ["benchmarks/gpu.sh", "--device", "cpu", "--tiny", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    parts = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))["parts"]
    assert {part["state"] for part in parts.values()} == {"done"}
    assert parts["parity"]["numbers"]["equal"] == parts["parity"]["numbers"]["checked"] == 18
    assert set(parts["memory"]["numbers"]) == {"frozen", "lora", "full"}
    assert parts["speed bert-tiny full"]["numbers"]["sides"]["adaptkit"]["examples_per_second"] > 0
    assert "| speed bert-tiny frozen | done |" in done.stdout


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHON": sys.executable}


def command(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_part_that_fails_is_recorded(tmp_path: Path) -> None:
    found = run(
        Part(name="machine", command=command("raise SystemExit('no device')"), seconds=60), 60, tmp_path
    )
    assert (found["state"], found["numbers"]) == ("ended with 1", None)
    assert "no device" in found["output"]


def test_a_part_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    code = "import time; time.sleep(600)"
    found = run(Part(name="machine", command=command(code), seconds=0.5), 60, tmp_path)
    assert found["state"] == "took too long"


def test_no_part_is_started_without_time(tmp_path: Path) -> None:
    found = run(Part(name="machine", command=command("1 / 0"), seconds=60), 1.0, tmp_path)
    assert found["state"].startswith("not run")


def test_the_table_has_every_part() -> None:
    record = {
        "parts": {
            "machine": {"state": "done", "seconds": 1.0, "numbers": {"device": "X", "peak": {"bf16": 2.0}}},
            "parity": {"state": "took too long", "seconds": 120.0},
        }
    }
    text = table(record)
    assert "| machine | done | 1.0 | X: 2 TFLOP/s in bf16 |" in text
    assert "| parity | took too long | 120.0 |  |" in text


def test_the_complete_run_has_both_sizes() -> None:
    names = [part.name for part in parts_of("cuda", COMPLETE, Path("out"))]
    assert {
        f"speed {model} {way}" for model in ("minilm", "bert-base") for way in ("full", "lora", "frozen")
    } < set(names)
    assert len(parts_of("cpu", TINY, Path("out"))) == 7


def test_made_rows_have_a_token_for_each_word() -> None:
    tokenizer = made_tokenizer()
    assert len(tokenizer) == TOKENS
    assert tokenizer(" ".join(COMMON))["input_ids"].count(tokenizer.unk_token_id) == 0
