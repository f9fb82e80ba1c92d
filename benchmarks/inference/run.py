"""Throughput and latency of one model, side by side: torch, ONNX Runtime, transformers' pipeline.

python -m benchmarks.inference.run --weights STUDY/best --onnx FOLDER --int8 FOLDER --texts FILE --out FILE

The texts are taken in blocks. Each block is predicted in every way before the next block begins, and each
single text likewise, so that other load on the machine meets all ways alike. CPU time is measured beside the
time of the clock, because other load changes it less. The numbers are written after each block. The folders
are those of ``adaptkit export``. The pipeline's best batch size is found on the first texts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import transformers

import adaptkit

BLOCK = 2048
"""Texts of a block: so many are sorted together by adaptkit."""

BATCHES = (1, 4, 8, 16, 32)
"""The pipeline's batch sizes that are compared."""

Predict = Callable[[Sequence[str]], Any]


@dataclass
class Times:
    """Seconds of calls: of the clock, and of the CPU."""

    clock: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def of(self, predict: Predict, texts: Sequence[str]) -> None:
        """Measure one call."""
        clock, cpu = time.perf_counter(), time.process_time()
        predict(texts)
        self.clock.append(time.perf_counter() - clock)
        self.cpu.append(time.process_time() - cpu)


@dataclass
class Way:
    """A way to predict, and what was measured of it."""

    predict: Predict
    together: Times = field(default_factory=Times)
    alone: Times = field(default_factory=Times)

    def summary(self, texts: int) -> dict[str, float]:
        """The numbers that are reported; ``texts`` is how many were predicted together."""
        found = {
            "texts_per_second": texts / sum(self.together.clock),
            "texts_per_cpu_second": texts / sum(self.together.cpu),
        }
        if self.alone.clock:
            found |= {"p50_ms": middle(self.alone.clock), "p95_ms": high(self.alone.clock)}
            found |= {"p50_cpu_ms": middle(self.alone.cpu), "p95_cpu_ms": high(self.alone.cpu)}
        return {name: round(value, 2) for name, value in found.items()}


def middle(seconds: Sequence[float]) -> float:
    """The median in milliseconds."""
    return statistics.median(seconds) * 1000


def high(seconds: Sequence[float]) -> float:
    """The 95th percentile in milliseconds."""
    return sorted(seconds)[int(0.95 * len(seconds))] * 1000


def in_bfloat16(folder: Path) -> Predict:
    """The same model under torch's autocast to bfloat16, as a GPU trains it."""
    from adaptkit.export.loading import load_exported
    from adaptkit.export.prediction import torch_outputs

    made = adaptkit.load(folder, device="cpu")
    forward = load_exported(folder, made.task, made.description, "cpu").forward
    outputs = torch_outputs(replace(forward, bfloat16=True))
    return replace(made, model=replace(made.model, outputs=outputs)).predict


def piped(folder: Path, task: str) -> Callable[[int], Predict]:
    """transformers' pipeline by its batch size."""
    pipeline: Any = transformers.pipeline  # its types are for names of tasks that are literal
    found = pipeline(task, model=str(folder), device="cpu")
    return lambda batch: lambda texts: found(list(texts), batch_size=batch)


def best_batch(made: Callable[[int], Predict], texts: Sequence[str]) -> tuple[int, dict[str, float]]:
    """The pipeline's batch size that needs the least CPU time, and the texts in a CPU second of each."""
    times = {batch: Times() for batch in BATCHES}
    for batch, one in times.items():
        one.of(made(batch), texts)
    speeds = {batch: round(len(texts) / one.cpu[0], 2) for batch, one in times.items()}
    return max(speeds, key=speeds.__getitem__), {str(batch): speed for batch, speed in speeds.items()}


def ways(chosen: argparse.Namespace) -> dict[str, Way]:
    """adaptkit's ways to predict, by name."""
    weights = adaptkit.load(chosen.weights, device="cpu").predict
    return {
        "adaptkit fp32": Way(weights),
        "adaptkit bf16": Way(in_bfloat16(chosen.weights)),
        "ONNX fp32": Way(adaptkit.load(chosen.onnx, device="cpu").predict),
        "ONNX int8": Way(adaptkit.load(chosen.int8, device="cpu").predict),
    }


def options() -> argparse.Namespace:
    """What is measured."""
    parser = argparse.ArgumentParser()
    for name in ("weights", "onnx", "int8", "texts", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--pipeline", default="text-classification", help="the pipeline's task")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--alone", type=int, default=200, help="texts that are predicted one by one")
    parser.add_argument("--compared", type=int, default=300, help="texts to find the best batch size with")
    return parser.parse_args()


def main() -> None:
    """Measure, and write the numbers."""
    chosen = options()
    texts = chosen.texts.read_text(encoding="utf-8").splitlines()[: chosen.count]
    found, made = ways(chosen), piped(chosen.weights, chosen.pipeline)
    for way in [*found.values(), Way(made(1))]:
        way.predict(texts[:8])  # warms up
    batch, speeds = best_batch(made, texts[: chosen.compared])
    found[f"pipeline, batch {batch}"] = Way(made(batch))
    if batch > 1:
        found["pipeline, batch 1"] = Way(made(1))
    lengths = sorted(len(text.split()) for text in texts)
    result: dict[str, Any] = {
        "model": chosen.weights.parent.name, "data": chosen.texts.stem,
        "words_median": lengths[len(texts) // 2], "words_longest": lengths[-1],
        "threads": torch.get_num_threads(),
        "pipeline_texts_per_cpu_second": speeds,
    }  # fmt: skip

    def write(texts: int) -> None:
        result.update(texts=texts, alone=len(found["adaptkit fp32"].alone.clock))
        result.update(load_average=round(os.getloadavg()[0], 1))
        result.update(ways={name: way.summary(texts) for name, way in found.items()})
        chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    for text in texts[: chosen.alone]:
        for way in found.values():
            way.alone.of(way.predict, [text])
    for start in range(0, len(texts), BLOCK):
        block = texts[start : start + BLOCK]
        for way in found.values():
            way.together.of(way.predict, block)
        write(start + len(block))


if __name__ == "__main__":
    main()
