from __future__ import annotations

import subprocess
import sys

import pytest

import adaptkit


@pytest.mark.parametrize("name", adaptkit.__all__)
def test_every_public_name_is_there_and_explained(name: str) -> None:
    value = getattr(adaptkit, name)
    assert name in dir(adaptkit)
    if name not in ("CONTRACT_VERSION", "Row"):
        assert value.__doc__


def test_an_unknown_name_is_told_as_python_does() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = adaptkit.nonsense


def test_the_package_itself_loads_nothing() -> None:
    code = "import sys, adaptkit; print(sorted(name for name in sys.modules if name.startswith('adaptkit.')))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_tune_is_the_function_whichever_was_asked_for_first() -> None:
    """The module ``adaptkit.tune`` takes the name once it is imported, so it can be called, too."""
    code = "import adaptkit.run.tune, adaptkit; adaptkit.tune('no-such-task')"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "no task 'no-such-task' is installed" in answer.stderr
