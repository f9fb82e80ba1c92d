"""Reads Parquet files and `datasets` data sets into raw rows.

pyarrow and datasets are imported only when such a source is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from adaptkit.data.rows import RawRow
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

BATCH_ROWS = 1000

Decode = Callable[[Any], Any]


def parquet_rows(path: Path) -> Iterator[RawRow]:
    """The rows of a Parquet file; raises DataError if it is damaged or not a Parquet file."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            yield from _rows(str(path), file.iter_batches(BATCH_ROWS), _features_of(file.schema_arrow))
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path}: cannot be read as Parquet: {error}",
            expected="a complete Parquet file",
            next_step="Write or download the file again",
            code="unreadable-file",
        ) from error


def dataset_rows(source: str, dataset: Any) -> Iterator[RawRow]:
    """The rows of a `datasets.Dataset`. Class numbers become class names; the class -1 becomes None."""
    return _rows(source, dataset.with_format("arrow").iter(BATCH_ROWS), dataset.features)


def _rows(source: str, batches: Iterable[Any], features: Mapping[str, Any]) -> Iterator[RawRow]:
    decoders = {name: decode for name in features if (decode := _decoder(features[name])) is not None}
    number = 0
    for batch in batches:
        for values in batch.to_pylist():
            number += 1
            origin = f"{source} row {number}"
            try:
                named = {name: decode(values[name]) for name, decode in decoders.items()}
            except IndexError:
                yield RawRow(origin, {}, f"a class number above the last class in {sorted(decoders)}")
            else:
                yield RawRow(origin, {**values, **named})


def _features_of(schema: Any) -> Mapping[str, Any]:
    """The column types that `datasets` wrote into a Parquet file; empty if another program wrote it."""
    if not schema.metadata or b"huggingface" not in schema.metadata:
        return {}
    import datasets

    features: Mapping[str, Any] = datasets.Features.from_arrow_schema(schema)
    return features


def _decoder(feature: Any) -> Decode | None:
    """A function that replaces class numbers in a feature's values by names; None if it has no classes."""
    import datasets

    if isinstance(feature, datasets.ClassLabel):
        names = feature.names
        return lambda number: None if number is None or number < 0 else names[number]
    if isinstance(feature, dict):
        return _fields_decoder(feature)
    inner = feature[0] if isinstance(feature, list) else getattr(feature, "feature", None)
    decode = None if inner is None or isinstance(inner, dict) else _decoder(inner)
    if decode is None:
        return None
    return lambda values: values if values is None else [decode(value) for value in values]


def _fields_decoder(fields: Mapping[str, Any]) -> Decode | None:
    decoders = {name: decode for name in fields if (decode := _decoder(fields[name])) is not None}
    if not decoders:
        return None
    return lambda values: (
        values if values is None
        else {**values, **{name: decode(values[name]) for name, decode in decoders.items()}}
    )  # fmt: skip
