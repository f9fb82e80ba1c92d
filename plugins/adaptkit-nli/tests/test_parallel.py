from __future__ import annotations

import pytest
from adaptkit_nli.parallel import SUFFIXES, parallel_rows

LINES = {
    "s1": "A dog sleeps .\nTwo men talk .\n",
    "s2": "An animal rests .\r\nThey are silent .\r\n",
    "labels": "entailment\n-\n",
}


@pytest.fixture
def write(tmp_path):
    """Writes the three files, with some of them changed or left out if None."""

    def write(suffix=".dev", **changes):
        for name, lines in {**LINES, **changes}.items():
            if lines is not None:
                (tmp_path / f"{name}{suffix}").write_text(lines, encoding="utf-8", newline="")
        return tmp_path

    return write


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_any_of_the_three_files_may_be_named(write, name, suffix):
    rows = list(parallel_rows(write(suffix) / f"{name}{suffix}"))
    assert rows == [
        (1, {"premise": "A dog sleeps .", "hypothesis": "An animal rests .", "label": "entailment"}),
        (2, {"premise": "Two men talk .", "hypothesis": "They are silent .", "label": "-"}),
    ]


def test_without_labels_the_rows_are_to_be_predicted(write):
    rows = list(parallel_rows(write(labels=None) / "s1.dev"))
    assert [set(row) for _, row in rows] == [{"premise", "hypothesis"}] * 2


def test_a_missing_file_is_named(write):
    with pytest.raises(ValueError, match=r"^'s2.dev' is missing"):
        list(parallel_rows(write(s2=None) / "s1.dev"))


def test_a_file_of_another_name_is_refused(write):
    (write() / "other.dev").write_text("x\n")
    with pytest.raises(ValueError, match=r"'other.dev'; expected one of 's1.dev', 's2.dev', 'labels.dev'"):
        list(parallel_rows(write() / "other.dev"))


@pytest.mark.parametrize("short", LINES)
def test_the_error_names_a_file_that_ends_early(write, short):
    first = LINES[short].splitlines(keepends=True)[0]
    rows = parallel_rows(write(**{short: first}) / "s1.dev")
    next(rows)
    with pytest.raises(ValueError, match=rf"^line 2: '{short}.dev' ends before this line"):
        next(rows)
