from __future__ import annotations

import pytest
import torch

from adaptkit.devices import device_name, peak_memory_bytes, resolve_device, resolve_precision
from adaptkit.errors import ConfigError

GPUS = torch.cuda.device_count()


def test_auto_is_the_gpu_where_there_is_one() -> None:
    assert resolve_device("auto") == ("cuda" if GPUS else "cpu")
    assert resolve_device("cpu") == "cpu"


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "cpu:0", "CUDA", "", "cuda:-1"])
def test_what_is_no_device_is_refused(device: str) -> None:
    with pytest.raises(ConfigError, match=r"--device") as told:
        resolve_device(device)
    assert repr(device) in str(told.value)


def test_a_device_that_is_not_here_is_refused() -> None:
    with pytest.raises(ConfigError, match=f"sees {GPUS} CUDA devices"):
        resolve_device(f"cuda:{GPUS}")


def test_precision() -> None:
    assert resolve_precision("auto", "cpu") == "fp32"
    assert resolve_precision("bf16", "cpu") == "bf16"
    assert resolve_precision("fp32", "cuda") == "fp32"


def test_memory_is_counted_in_bytes() -> None:
    before = peak_memory_bytes("cpu")
    held = torch.ones(before // 4 + 25_000_000)  # more than ever before, and touched
    assert peak_memory_bytes("cpu") >= held.numel() * 4
    assert 2**24 < before < 2**45


def test_the_cpu_has_a_name() -> None:
    assert device_name("cpu").startswith("cpu (")
