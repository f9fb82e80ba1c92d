"""Throughput and latency of one model, side by side: torch, ONNX Runtime, transformers' pipeline.

python -m benchmarks.inference.run --weights STUDY/best --onnx FOLDER --int8 FOLDER --texts FILE --out FILE

The ways take turns: each round measures all of them, so that other load on the machine meets all alike.
Reported are the medians over the rounds. The folders are those of ``adaptkit export``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers

import adaptkit

ALONE = 40
"""Texts that are predicted one by one for the latency."""

PIPELINE_BATCHES = (1, 8, 32)

Predict = Callable[[Sequence[str]], Any]


def in_bfloat16(predict: Predict) -> Predict:
    """The same with torch's autocast to bfloat16."""

    def predicted(texts: Sequence[str]) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return predict(texts)

    return predicted


def pipeline(folder: Path, task: str, batch: int) -> Predict:
    """transformers' pipeline with this batch size."""
    found = transformers.pipeline(task, model=str(folder), device="cpu")
    return lambda texts: found(list(texts), batch_size=batch)


def ways(chosen: argparse.Namespace) -> dict[str, Predict]:
    """The ways to predict, by name."""
    weights = adaptkit.load(chosen.weights, device="cpu").predict
    found: dict[str, Predict] = {"adaptkit fp32": weights, "adaptkit bf16": in_bfloat16(weights)}
    found["ONNX fp32"] = adaptkit.load(chosen.onnx, device="cpu").predict
    found["ONNX int8"] = adaptkit.load(chosen.int8, device="cpu").predict
    if chosen.pipeline:
        for batch in PIPELINE_BATCHES:
            found[f"pipeline, batch {batch}"] = pipeline(chosen.weights, chosen.pipeline, batch)
    return found


def measured(predict: Predict, texts: Sequence[str]) -> dict[str, float]:
    """Texts per second together, and the latency of single texts."""
    begun = time.perf_counter()
    predict(texts)
    together = time.perf_counter() - begun
    alone = []
    for text in texts[:ALONE]:
        begun = time.perf_counter()
        predict([text])
        alone.append(time.perf_counter() - begun)
    return {
        "texts_per_second": len(texts) / together,
        "p50_ms": statistics.median(alone) * 1000,
        "p95_ms": sorted(alone)[int(0.95 * len(alone))] * 1000,
    }


def medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    """The median of each number."""
    return {name: round(statistics.median(one[name] for one in rounds), 1) for name in rounds[0]}


def main() -> None:
    """Measure, and write the numbers."""
    parser = argparse.ArgumentParser()
    for name in ("weights", "onnx", "int8", "texts", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--pipeline", default="", help="the pipeline's task, such as text-classification")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    texts = chosen.texts.read_text(encoding="utf-8").splitlines()[: chosen.count]
    predicts = ways(chosen)
    for predict in predicts.values():
        predict(texts[:8])  # warms up
    found: dict[str, list[dict[str, float]]] = {name: [] for name in predicts}
    for _ in range(chosen.rounds):
        for name, predict in predicts.items():
            found[name].append(measured(predict, texts))
    lengths = sorted(len(text.split()) for text in texts)
    result = {
        "texts": len(texts), "words_median": lengths[len(lengths) // 2], "words_longest": lengths[-1],
        "rounds": chosen.rounds, "threads": torch.get_num_threads(), "load_average": os.getloadavg()[0],
        "ways": {name: medians(rounds) for name, rounds in found.items()},
    }  # fmt: skip
    chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
