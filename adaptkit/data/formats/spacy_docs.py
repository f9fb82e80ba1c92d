"""spaCy's binary training data, ``.spacy``: a DocBin, read by spaCy itself, which is an optional extra."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from adaptkit.data.formats.annotations import category_columns
from adaptkit.data.rows import RawRow
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def docbin_rows(path: Path) -> Iterator[RawRow]:
    """The documents of a ``.spacy`` file, with their entities and their categories.

    Raises DataError if spaCy is not installed, or cannot read the file.
    """
    try:
        import spacy
        from spacy.tokens import DocBin
    except ImportError:
        raise DataError(
            f"{path}: a .spacy file is read by spaCy, which is not installed",
            expected="spaCy, or the same data in another format, such as JSON Lines with text and entities",
            next_step="Install it: pip install 'adaptkit[spacy]'",
            code="extra-missing",
        ) from None
    vocabulary = spacy.blank("xx").vocab
    try:
        for number, document in enumerate(DocBin().from_disk(path).get_docs(vocabulary), start=1):
            yield RawRow(f"{path} document {number}", _row(document), notes=("spaCy DocBin",))
    except (ValueError, KeyError, TypeError, EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"{path}: cannot be read as spaCy's DocBin: {error}",
            expected="a file written by DocBin.to_disk",
            next_step="Write the file again, or export the documents as JSON Lines with text and entities",
            code="unreadable-file",
        ) from error


def _row(document: Any) -> dict[str, Any]:
    spans = document.ents or next(iter(document.spans.values()), ())
    marks = [{"start": one.start_char, "end": one.end_char, "label": one.label_} for one in spans]
    row: dict[str, Any] = {"text": document.text, "entities": marks}
    return row | category_columns(document.cats) if document.cats else row
