"""One side's search in a process of its own: its imports, its search, its memory.

    python -m benchmarks.speed.side adaptkit setting.json outcome.json

Started by the benchmarks beside it, so that no side finds anything warm, and each one's memory is its own.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.speed.outcome import Outcome, outcome_of
from benchmarks.speed.setting import Setting

ROOT = Path(__file__).resolve().parents[2]
SIDES = {
    "Trainer": ("benchmarks.speed.trainer_search",),
    "adaptkit": (
        "benchmarks.speed.adaptkit_study",
        "adaptkit.engine.capacity",
        "adaptkit.engine.train",
        "adaptkit.export.saving",
        "peft",
    ),
}
"""Side → its module, and what it would import later only: imports are timed apart."""


def in_own_process(side: str, setting: Setting) -> Outcome:
    """What the side makes of the setting; raises RuntimeError with what it said if it fails."""
    with TemporaryDirectory() as folder:
        given, made = setting.write(Path(folder) / "setting.json"), Path(folder) / "outcome.json"
        command = [sys.executable, "-m", "benchmarks.speed.side", side, str(given), str(made)]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(
                f"{side} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-6000:]}"
            )
        return outcome_of(json.loads(made.read_text(encoding="utf-8")))


def environment(folder: str) -> dict[str, str]:
    """The environment of a side: nothing is fetched, and nothing is found in a cache of an earlier run."""
    return {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "ADAPTKIT_CACHE": str(Path(folder) / "cache"),
        "TOKENIZERS_PARALLELISM": "true",
    }


def run_here(side: str, setting: Setting) -> Outcome:
    """Runs the side in this process, which should have done nothing else."""
    process = psutil.Process()
    module, *_ = [importlib.import_module(name) for name in SIDES[side]]
    imports = time.time() - process.create_time()
    memory = process.memory_info().rss
    begun = time.perf_counter()
    outcome: Outcome = module.run(setting, lambda: time.perf_counter() - begun)
    return replace(
        outcome,
        seconds=time.perf_counter() - begun,
        imports=imports,
        memory_imported=memory,
        peak_memory=peak_memory(),
        peak_device_memory=peak_device_memory(setting.device),
    )


def peak_memory() -> int:
    """The most resident memory of this process so far, in bytes.

    Linux's own figure where there is one: ``ru_maxrss`` holds that of the process that started this one too.
    """
    from adaptkit.system.devices import peak_memory_bytes

    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    told = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")]
    return told[0] if told else peak_memory_bytes("cpu")


def peak_device_memory(device: str) -> int:
    """The most bytes of tensors that were on the GPU at one time; 0 without one."""
    from adaptkit.system.devices import peak_memory_bytes

    return peak_memory_bytes(device) if device.startswith("cuda") else 0


def main() -> None:
    """Runs one side, and writes its outcome."""
    side, setting, outcome = sys.argv[1:]
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)  # peft asks the old name
    run_here(side, Setting.read(Path(setting))).write(Path(outcome))


if __name__ == "__main__":
    main()
