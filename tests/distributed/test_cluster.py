"""Ray that is missing or cannot be reached, and what the extra installs."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from adaptkit.distributed.cluster import refuse_unreachable
from adaptkit.errors import ConfigError
from tests.helpers.program import called

WITHOUT_RAY = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "ray":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
sys.modules["ray"] = None
from adaptkit.cli import main
main()
"""


@pytest.mark.parametrize("address", ["head", "ray://head:10001", "127.0.0.1:99999", "127.0.0.1:x", ":6379"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="--ray") as refused:
        refuse_unreachable(address)
    assert refused.value.code == "no-cluster"


def test_a_cluster_that_does_not_answer_is_refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ConfigError, match="ray start --head"):
        refuse_unreachable(f"127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--devices", "cpu,tpu"], "device 'tpu'"),
        (["--ray", "auto"], "no devices were given"),
        (["--devices", "cpu,cpu", "--device", "cuda"], "--device cuda together with --devices"),
    ],
)
def test_wrong_options_end_before_anything_starts(options: list[str], words: str, tmp_path: Path) -> None:
    answer = called("tune", "--task", "text-classification", "--studies", tmp_path, *options)
    assert answer.code == 2
    assert words in answer.err
    assert "Traceback" not in answer.err
    assert list(tmp_path.iterdir()) == []


def test_without_ray_the_extra_is_named() -> None:
    command = [sys.executable, "-c", WITHOUT_RAY, "tune", "--task", "ner", "--devices", "cpu,cpu"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert answer.returncode == 2
    assert "pip install 'adaptkit[ray]'" in answer.stderr
    assert "Traceback" not in answer.stderr


def installed_with(names: Iterable[str], found: frozenset[str] = frozenset()) -> frozenset[str]:
    """The distributions that these requirements install, with what they require themselves."""
    for wanted in map(Requirement, names):
        name = canonicalize_name(wanted.name)
        needed = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        if needed and name not in found:
            with suppress(PackageNotFoundError):
                found = installed_with(requires(name) or (), found | {name})
    return found


def test_the_extra_adds_at_most_twelve_packages() -> None:
    extra = [one for one in requires("adaptkit") or () if re.search(r"extra == .ray", one)]
    added = installed_with([one.partition(";")[0] for one in extra]) - installed_with(["adaptkit"])
    assert "ray" in added
    assert len(added) <= 12, sorted(added)
