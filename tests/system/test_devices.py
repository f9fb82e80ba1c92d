from __future__ import annotations

import contextlib
import sys

import pytest
import torch

from adaptkit.errors import ConfigError
from adaptkit.system.devices import (
    device_name,
    peak_memory_bytes,
    peak_since_restart,
    resolve_device,
    resolve_precision,
    restart_peak_memory,
)

GPUS = torch.cuda.device_count()


def test_auto_is_the_gpu_where_there_is_one() -> None:
    assert resolve_device("auto") == ("cuda" if GPUS else "cpu")
    assert resolve_device("cpu") == "cpu"


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "cpu:0", "CUDA", "", "cuda:-1"])
def test_an_unknown_device_is_refused(device: str) -> None:
    with pytest.raises(ConfigError, match=r"--device") as caught:
        resolve_device(device)
    assert caught.value.code == "unknown-device"
    assert repr(device) in caught.value.problem


def test_a_missing_device_is_refused_with_a_fitting_next_step() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_device(f"cuda:{GPUS}")
    assert caught.value.code == "missing-device"
    assert f"finds {GPUS} CUDA device" in caught.value.problem
    assert ("install a CUDA build" in caught.value.next_step) == (GPUS == 0)


def test_precision_as_asked() -> None:
    assert resolve_precision("bf16", "cpu") == "bf16"
    assert resolve_precision("fp32", "cuda") == "fp32"


@pytest.mark.parametrize(
    ("capabilities", "precision"),
    [
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, "fp32"),
        ({"avx512_f": True, "avx512_bf16": True, "amx_bf16": False}, "bf16"),
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": True}, "bf16"),
        ({"architecture": "aarch64"}, "fp32"),
    ],
)
def test_auto_on_a_cpu_is_bfloat16_if_it_has_instructions(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, object], precision: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert resolve_precision("auto", "cpu") == precision


def test_auto_is_fp32_if_torch_does_not_report_capabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert resolve_precision("auto", "cpu") == "fp32"


@pytest.mark.parametrize(("has", "precision"), [(True, "bf16"), (False, "fp32")])
def test_auto_on_a_gpu_is_bfloat16_if_that_gpu_has_it(
    monkeypatch: pytest.MonkeyPatch, has: bool, precision: str
) -> None:
    """An older GPU emulates it; by default torch reports emulation as support."""
    asked = []

    def device(name: str) -> contextlib.AbstractContextManager[None]:
        asked.append(name)
        return contextlib.nullcontext()

    monkeypatch.setattr(torch.cuda, "device", device)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or has
    )
    assert resolve_precision("auto", "cuda:1") == precision
    assert asked == ["cuda:1"]


def test_memory_is_counted_in_bytes() -> None:
    before = peak_memory_bytes("cpu")
    held = torch.ones(before // 4 + 25_000_000)  # more than ever before, and touched
    assert peak_memory_bytes("cpu") >= held.numel() * 4
    assert 2**24 < before < 2**45


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can restart the peak")
def test_an_earlier_peak_does_not_hide_a_later_one() -> None:
    much = torch.ones(100_000_000)  # touched
    del much
    before = restart_peak_memory()
    assert peak_since_restart() - before < 2**25
    some = torch.ones(25_000_000)
    assert peak_since_restart() - before > some.numel() * 3


def test_the_cpu_has_a_name() -> None:
    assert device_name("cpu").startswith("cpu (")
