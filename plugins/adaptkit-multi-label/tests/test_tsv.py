from __future__ import annotations

import pytest
from adaptkit_multi_label.tsv import read

LINES = "You are great!\t1,27\ted00fb\nNothing to say\t\ted5f85\n\nThe sun, finally\t0\tede4v2\n"
NAMES = [f"emotion {number}" for number in range(28)]


@pytest.fixture
def write(tmp_path):
    def write_files(text, names=None):
        if names is not None:
            (tmp_path / "labels.txt").write_text("\n".join(names), encoding="utf-8")
        path = tmp_path / "train.tsv"
        path.write_text(text, encoding="utf-8")
        return path

    return write_files


def test_numbers_are_lines_of_the_file_of_names(write):
    assert list(read(write(LINES, NAMES))) == [
        (1, {"text": "You are great!", "labels": ["emotion 1", "emotion 27"]}),
        (2, {"text": "Nothing to say", "labels": []}),
        (4, {"text": "The sun, finally", "labels": ["emotion 0"]}),
    ]


def test_a_text_alone_is_to_be_predicted(write):
    assert list(read(write('"What" a day\n', NAMES))) == [(1, {"text": '"What" a day'})]


@pytest.mark.parametrize("index", ["28", "-1", "joy", "1.0", "²"])
def test_a_number_without_a_name_is_one_bad_row(write, index):
    rows = read(write(f"Hm\t0,{index}\n{LINES}", NAMES))
    with pytest.raises(
        ValueError, match=rf"^line 1: label '{index}'; expected a number from 0 to 27, a line"
    ):
        next(rows)
    assert len(list(rows)) == 3


def test_without_a_file_of_names_the_first_line_is_the_header(write):
    text = 'id\ttext\tlabels\n\n1\t"So ""quiet"""\tnoise|room\n2\t"Very" nice\t\n'
    assert list(read(write(text))) == [
        (3, {"id": "1", "text": 'So "quiet"', "labels": "noise|room"}),
        (4, {"id": "2", "text": '"Very" nice', "labels": ""}),
    ]


def test_a_line_of_another_length_is_one_bad_row(write):
    rows = read(write("text\tlabels\nnice\nso quiet\tnoise\n"))
    with pytest.raises(ValueError, match=r"^line 2: 1 fields; expected 2, one per column"):
        next(rows)
    assert list(rows) == [(3, {"text": "so quiet", "labels": "noise"})]


def test_a_column_named_twice_is_refused(write):
    with pytest.raises(ValueError, match=r"^line 1: the columns text, text; expected each name once"):
        read(write("text\ttext\na\tb\n"))


def test_an_empty_file_has_no_rows(write):
    assert list(read(write(""))) == []
