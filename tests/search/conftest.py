from pathlib import Path

import pytest

from adaptkit.study.folder import StudyFolder


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    folder = StudyFolder(tmp_path / "100% {mine}?#")
    with folder.lock():
        pass
    return folder
