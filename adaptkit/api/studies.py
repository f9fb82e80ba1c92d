"""`open_study`: a study on disk, in any state."""

from __future__ import annotations

import os
from pathlib import Path

from adaptkit.api import arguments as given
from adaptkit.api.errors import in_python_words
from adaptkit.errors import StudyError
from adaptkit.run.study import Study
from adaptkit.study.find import find_study


def open_study(
    study: str | os.PathLike[str] | None = None, *, studies: str | os.PathLike[str] = "studies"
) -> Study:
    """Read a study: finished, interrupted or still running. Nothing is changed, and no data are read.

    Args:
        study: its name, or the path of its folder; by default the last updated study.
        studies: the folder of the studies.

    Raises:
        StudyError: there is no such study, or it cannot be read.
    """
    with in_python_words():
        wanted = given.optional_text("study", study)
        folder = find_study(Path(given.text("studies", studies)), wanted)
        summary = folder.summary_as_it_stands()
        if summary is None:
            raise StudyError(
                f"the study {folder.name!r} has not started training",
                next_step="Start it again: make the same call.",
                code="study-not-started",
            )
        return Study(folder, summary, folder.read_trials())
