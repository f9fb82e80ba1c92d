from __future__ import annotations

from pathlib import Path

import pytest

from adaptkit.data.checks import prepare_rows
from adaptkit.data.options import ReadOptions
from adaptkit.data.rows import Rows
from adaptkit.data.sources import one_split
from adaptkit.errors import DataError
from adaptkit.tasks import registry

SENTENCES = [["Ada", "slept", "."], ["Near", "Torv"]]
TAGS = [["B-PER", "O", "O"], ["O", "B-LOC"]]


def read(
    path: Path, text: str, columns: dict[str, str] | None = None, optional: tuple[str, ...] = ()
) -> Rows:
    path.write_text(text)
    task, named = registry.load("ner"), columns or {}
    split = one_split(str(path), "train", task, named.values(), ReadOptions(columns=named))
    return prepare_rows(task, split, columns=named, skip_bad_rows=False, optional=optional)


FIRST_ONLY = (
    "Sentence #,Word,POS,Tag\nSentence: 1,Ada,N,B-PER\n,slept,V,O\n,.,P,O\n"
    "Sentence: 2,Near,N,O\n,Torv,N,B-LOC\n"
)
EVERY_ROW = "sentence_id;token;tag\n1;Ada;B-PER\n1;slept;O\n1;.;O\n2;Near;O\n2;Torv;B-LOC\n"
BLANK = "word\tner\nAda\tB-PER\nslept\tO\n.\tO\n\nNear\tO\nTorv\tB-LOC\n"
EMPTY = "word,label\nAda,B-PER\nslept,O\n.,O\n,\nNear,O\nTorv,B-LOC\n,\n"
OTHER_TAGS = "Sentence #,Word,Tag\n1,Ada,PER\n,slept,O\n,.,O\n2,Near,O\n,Torv,LOC\n"


@pytest.mark.parametrize("name", ["f.csv", "f.tsv", "f.txt", "f.data"])
@pytest.mark.parametrize("text", [FIRST_ONLY, EVERY_ROW, BLANK, EMPTY, OTHER_TAGS])
def test_one_word_per_row(tmp_path: Path, text: str, name: str) -> None:
    rows = read(tmp_path / name, text)
    assert [row["tokens"] for row in rows.values] == SENTENCES
    assert [row["tags"] for row in rows.values] == TAGS
    assert any(note.startswith("one word per row in ") for note in rows.read_as)
    assert rows.origins[0] == f"{tmp_path / name}:2"


def test_columns_of_other_names(tmp_path: Path) -> None:
    text = EVERY_ROW.replace("sentence_id;token;tag", "satz;wort;art")
    columns = {"tokens": "wort", "tags": "art", "sentence": "satz"}
    assert [row["tags"] for row in read(tmp_path / "f.csv", text, columns).values] == TAGS


def test_words_to_be_predicted(tmp_path: Path) -> None:
    rows = read(tmp_path / "f.csv", FIRST_ONLY, optional=("tags", "entities", "ner_tags"))
    assert [row["tokens"] for row in rows.values] == SENTENCES
    assert "tags" not in rows.values[0]


def test_a_table_that_does_not_say_where_sentences_end(tmp_path: Path) -> None:
    text = "word,tag\n" + "Ada,B-PER\nslept,O\n" * 150
    with pytest.raises(DataError, match=r"f\.csv:2: 300 rows with one word each.* --column sentence=COLUMN"):
        read(tmp_path / "f.csv", text)


def test_a_row_without_a_word_is_named(tmp_path: Path) -> None:
    text = FIRST_ONLY.replace("slept", "")
    with pytest.raises(DataError, match=r"f\.csv:2: no word in the column 'Word' of .*f\.csv:3"):
        read(tmp_path / "f.csv", text)


def test_a_table_of_texts_is_not_one_of_words(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("word,label\ncold,bad\nwarm,good\n")
    task = registry.load("text-classification")
    assert len(list(one_split(str(path), "train", task, ()).rows)) == 2


def test_lists_in_columns_stay_lists(tmp_path: Path) -> None:
    text = 'tokens,tags\n"[\'Ada\', \'slept\']","[\'B-PER\', \'O\']"\n"[""Torv""]","[""B-LOC""]"\n'
    rows = read(tmp_path / "f.csv", text)
    assert [row["tags"] for row in rows.values] == [["B-PER", "O"], ["B-LOC"]]
    text = "Sentence,Tag\nAda slept .,\"['B-PER', 'O', 'O']\"\n"
    rows = read(tmp_path / "g.csv", text, {"tokens": "Sentence", "tags": "Tag"})
    assert rows.values[0]["tokens"] == SENTENCES[0]
