from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaptkit.data.rows import RawRow
from adaptkit.data.sources import one_split
from adaptkit.errors import DataError
from adaptkit.tasks import registry


def test_without_spacy_the_message_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    (tmp_path / "train.spacy").write_bytes(b"\x78\x9c")
    with pytest.raises(DataError, match=r"pip install 'adaptkit\[spacy\]'") as caught:
        list(one_split(str(tmp_path / "train.spacy"), "train", registry.load("ner"), ()).rows)
    assert caught.value.code == "extra-missing"


@pytest.fixture
def documents(tmp_path: Path) -> Callable[..., list[RawRow]]:
    """Writes documents with spaCy, where it is installed, and reads them."""
    spacy = pytest.importorskip("spacy")

    def written(*texts: str, mark: Callable[[Any], None]) -> list[RawRow]:
        nlp = spacy.blank("en")
        collected = spacy.tokens.DocBin()
        for text in texts:
            document = nlp(text)
            mark(document)
            collected.add(document)
        collected.to_disk(tmp_path / "train.spacy")
        return list(one_split(str(tmp_path / "train.spacy"), "train", registry.load("ner"), ()).rows)

    return written


def test_the_entities_of_documents(documents: Callable[..., list[RawRow]]) -> None:
    def mark(document: Any) -> None:
        document.ents = [document.char_span(0, 3, label="PER")]

    rows = documents("Ada slept.", "Per sings.", mark=mark)
    assert [row.values for row in rows] == [
        {"text": text, "entities": [{"start": 0, "end": 3, "label": "PER"}]}
        for text in ("Ada slept.", "Per sings.")
    ]
    assert registry.load("ner").prepare(rows[0].values)["tags"] == ["B-PER", "O", "O"]
    assert rows[0].notes == ("spaCy DocBin",)


def test_the_categories_of_documents(documents: Callable[..., list[RawRow]]) -> None:
    def mark(document: Any) -> None:
        document.cats = {"calm": 1.0, "loud": 0.0}

    (row,) = documents("Ada slept.", mark=mark)
    assert registry.load("text-classification").prepare(row.values) == {"text": "Ada slept.", "label": "calm"}


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("spacy")
    (tmp_path / "train.spacy").write_bytes(b"no DocBin at all")
    with pytest.raises(DataError) as caught:
        list(one_split(str(tmp_path / "train.spacy"), "train", registry.load("ner"), ()).rows)
    assert caught.value.code == "unreadable-file"
