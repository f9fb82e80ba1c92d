"""The parts of the GPU benchmark, each a command of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

STRATEGIES = ("full", "lora", "frozen")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part."""

    name: str
    command: Sequence[str]
    seconds: float
    """The most that it may take."""


@dataclass(frozen=True, kw_only=True)
class Amount:
    """How much is run."""

    models: Sequence[str]
    trials: int
    rows: int
    length: int


COMPLETE = Amount(models=("minilm", "bert-base"), trials=16, rows=1_000, length=128)
TINY = Amount(models=("bert-tiny",), trials=2, rows=48, length=16)
"""For the CPU: shows that every part runs."""


def parts_of(device: str, amount: Amount, out: Path) -> list[Part]:
    """All parts, in the order in which they are run."""
    size = (amount.models[0], str(amount.rows), str(amount.length))
    checks = {
        "machine": ("benchmarks.gpu.machine", device),
        "parity": ("benchmarks.gpu.parity", device),
        "memory": ("benchmarks.gpu.memory", device, *size),
        "retreat": ("benchmarks.gpu.retreat", device, *size),
    }
    found = [
        Part(name=name, command=[sys.executable, "-m", *command], seconds=120)
        for name, command in checks.items()
    ]
    for model in amount.models:
        found += [_speed(device, amount, out, model, strategy) for strategy in STRATEGIES]
    return found


def _speed(device: str, amount: Amount, out: Path, model: str, strategy: str) -> Part:
    """Trainer's search and adaptkit's, with one list of trials."""
    command = [
        sys.executable, "-m", "benchmarks.speed.against_search", "--random-model", model,
        "--made-rows", str(amount.rows), "--made-length", str(amount.length),
        "--device", device, "--precision", "bf16" if device == "cuda" else "fp32",
        "--trials", str(amount.trials), "--epochs", "1", "--pairs", "1", "--strategies", strategy,
        "--without", "adaptkit, pruning", "--results", str(out), "--name", f"{device}-{model}",
    ]  # fmt: skip
    return Part(name=f"speed {model} {strategy}", command=command, seconds=150)
