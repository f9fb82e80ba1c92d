from __future__ import annotations

import contextlib
import warnings

import pytest
import transformers

from adaptkit.system.quiet import quiet


def settings() -> tuple[int, bool]:
    return transformers.logging.get_verbosity(), transformers.logging.is_progress_bar_enabled()


@pytest.mark.parametrize("bars", [True, False])
def test_the_settings_are_restored_also_after_an_error(bars: bool) -> None:
    was = settings()
    (transformers.logging.enable_progress_bar if bars else transformers.logging.disable_progress_bar)()
    before = settings()
    with contextlib.suppress(RuntimeError), quiet():
        assert settings() == (transformers.logging.ERROR, False)
        raise RuntimeError
    assert settings() == before
    (transformers.logging.enable_progress_bar if was[1] else transformers.logging.disable_progress_bar)()
    assert settings() == was


def test_other_warnings_are_shown() -> None:
    with quiet(), pytest.warns(UserWarning, match="mind this"):
        warnings.warn("mind this", stacklevel=1)
