"""Arrow tables into raw rows: Parquet files and `datasets` data sets. Knows nothing of tasks.

pyarrow and datasets are imported only where such a source is really read.
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
    """The rows of a Parquet file; raises DataError if it is none, or damaged."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            yield from _rows(str(path), file.iter_batches(BATCH_ROWS), _features_of(file.schema_arrow))
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path}: cannot be read as Parquet: {error}",
            expected="a whole Parquet file",
            next_step="Write or download the file again",
        ) from error


def dataset_rows(source: str, dataset: Any) -> Iterator[RawRow]:
    """The rows of a `datasets.Dataset`; class numbers become class names, and a class of -1 None."""
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
    """What `datasets` wrote into a Parquet file about its columns; empty for anybody else's file."""
    if not schema.metadata or b"huggingface" not in schema.metadata:
        return {}
    import datasets

    features: Mapping[str, Any] = datasets.Features.from_arrow_schema(schema)
    return features


def _decoder(feature: Any) -> Decode | None:
    """Turns the class numbers in a feature's values into names; None where there are none."""
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
