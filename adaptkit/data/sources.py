"""Finds the splits of a source that the user named: a file, a folder or a hub id. Reads no rows."""

from __future__ import annotations

import os.path
import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.data.columnar import dataset_rows
from adaptkit.data.compressed import SUFFIXES, plain_path
from adaptkit.data.hub import hub_splits, saved_splits
from adaptkit.data.in_memory import MemoryRows
from adaptkit.data.json_rows import element_row
from adaptkit.data.json_shapes import document_splits
from adaptkit.data.options import AS_FOUND, ReadOptions
from adaptkit.data.readers import USUAL_SUFFIXES, file_rows, is_readable, readable_suffixes, tool_rows
from adaptkit.data.rows import RawSplit, listed, shortened
from adaptkit.data.text import reading_as
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from adaptkit.data.rows import RawRow
    from adaptkit.task import Task

SPLIT_NAMES = {
    "train": ("train",),
    "dev": ("dev", "validation", "valid", "val", "devel"),
    "test": ("test",),
}
"""The names of each split in files and data sets."""

MAX_HUB_ID = 250
"""The most characters; the hub allows 96 for owner and name together, and a configuration may follow."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?(:[\w.-]+)?")


def splits_of(
    source: str | MemoryRows, task: Task, wanted: Collection[str], options: ReadOptions = AS_FOUND
) -> Mapping[str, RawSplit]:
    """The splits of a source, as "train", "dev" and "test"; a single file or data set is "train".

    ``wanted`` are the columns that the user named. Raises DataError if the source does not exist.
    """
    if isinstance(source, MemoryRows):
        return {"train": RawSplit(source.source, tool_rows(source.raw_rows(), task, options))}
    path = Path(source)
    if os.path.isfile(source):
        return _file_splits(path, task, wanted, options)
    if os.path.isdir(source):
        saved = (path / "dataset_dict.json").exists() or (path / "state.json").exists()
        if saved:
            return _dataset_splits(source, saved_splits(path), task, options)
        return _folder_splits(path, task, wanted, options)
    if _is_hub_id(source, readable_suffixes(task)):
        return _dataset_splits(source, hub_splits(source), task, options)
    raise _missing(source)


def refuse_missing(source: str) -> None:
    """Raise DataError if there is no such file or folder, and this is no hub id either.

    It needs no task, so that nothing is loaded before a mistyped name is refused.
    """
    if not os.path.exists(source) and not _is_hub_id(source, USUAL_SUFFIXES):
        raise _missing(source)


def one_split(
    source: str | MemoryRows, split: str, task: Task, wanted: Collection[str], options: ReadOptions = AS_FOUND
) -> RawSplit:
    """The split of this name in a source, or the source's only split."""
    splits = splits_of(source, task, wanted, options)
    if split in splits:
        return splits[split]
    if len(splits) == 1:
        return next(iter(splits.values()))
    raise DataError(
        f"{source}: no {split} split; it has {listed(splits)}",
        expected=f"a source with a {split} split, or with only one split",
        next_step="Name the file of the split itself",
        code="no-such-split",
    )


def _file_splits(
    path: Path, task: Task, wanted: Collection[str], options: ReadOptions
) -> Mapping[str, RawSplit]:
    """The file as one split, or the splits of a JSON document that names them."""
    with reading_as(options.encoding):
        named = document_splits(path, SPLIT_NAMES)
    if not named:
        return {"train": RawSplit(str(path), file_rows(path, task, wanted, options))}
    return {
        split: RawSplit(f"{path}/{split}", tool_rows(_elements(f"{path} {split}", rows), task, options))
        for split, rows in named.items()
    }


def _elements(source: str, rows: Sequence[Any]) -> Iterator[RawRow]:
    for number, row in enumerate(rows, start=1):
        yield element_row(f"{source} row {number}", row, notes=("splits by their keys",))


def _folder_splits(
    folder: Path, task: Task, wanted: Collection[str], options: ReadOptions
) -> Mapping[str, RawSplit]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    splits: dict[str, RawSplit] = {}
    for split, names in SPLIT_NAMES.items():
        found = [path for path in files if plain_path(path).stem.lower() in names and is_readable(path, task)]
        if len(found) > 1:
            raise DataError(
                f"{folder}: more than one {split} file: {listed(path.name for path in found)}",
                expected="one file per split",
                next_step="Name the files one by one with --train, --dev and --test",
                code="ambiguous-split",
            )
        if found:
            splits[split] = RawSplit(str(found[0]), file_rows(found[0], task, wanted, options))
    if not splits:
        raise DataError(
            f"{folder}: no data in this folder; its files: {listed(path.name for path in files) or 'none'}",
            expected="train.*, dev.* and test.* in one of the formats "
            f"{listed(readable_suffixes(task), most=20)}, or a folder written by datasets' save_to_disk",
            next_step="Choose another folder, or name the files one by one with --train, --dev and --test",
            code="no-data-in-folder",
        )
    return splits


def _dataset_splits(
    source: str, datasets: Mapping[str, object], task: Task, options: ReadOptions
) -> Mapping[str, RawSplit]:
    chosen = {
        split: name for split, names in SPLIT_NAMES.items() for name in reversed(names) if name in datasets
    }
    if not chosen:
        raise DataError(
            f"{source}: none of its splits {listed(datasets)} is known",
            expected="splits named train, validation and test",
            next_step="Save the splits under these names, or as files",
            code="unknown-splits",
        )
    return {
        split: RawSplit(
            f"{source}/{name}",
            tool_rows(dataset_rows(f"{source}/{name}", datasets[name]), task, options),
        )
        for split, name in chosen.items()
    }


def _is_hub_id(source: str, suffixes: Collection[str]) -> bool:
    """Whether a source that does not exist as a file is a hub id rather than a mistyped path.

    ``suffixes`` are those of files. A name without an owner has no suffix on the hub.
    """
    if len(source) > MAX_HUB_ID or not _HUB_ID.fullmatch(source):
        return False
    path = Path(source)
    if path.suffix.lower() in [*suffixes, *SUFFIXES, ".txt"]:
        return False
    if "/" not in source and Path(source.partition(":")[0]).suffix:
        return False
    if "/" in source:
        return not path.parent.is_dir()
    return not get_close_matches(path.name, _names_beside(path))


def _names_beside(path: Path) -> list[str]:
    """The names of the files and folders in the folder of the path."""
    try:
        return os.listdir(path.parent)
    except (OSError, ValueError):
        return []


def _near_names(path: Path) -> list[str]:
    """The files and folders beside the path whose names, without suffixes, are close to its own."""
    names = _names_beside(path)
    stems = {name: plain_path(Path(name)).stem for name in names}
    near = get_close_matches(plain_path(path).stem, set(stems.values()), n=3)
    return [name for stem in near for name in sorted(names) if stems[name] == stem][:3]


def _missing(source: str) -> DataError:
    path = Path(source)
    if os.path.exists(source):
        return DataError(
            f"{shortened(source, most=MAX_HUB_ID)} is neither a file nor a folder, but a pipe or a device",
            expected="a file, as its rows are read more than once",
            next_step="Save what it gives to a file, and name that file",
            code="not-a-file",
        )
    near = _near_names(path)
    if near:
        next_step = f"Did you mean {' or '.join(repr(str(path.with_name(name))) for name in near)}?"
    elif os.path.isdir(path.parent):
        next_step = f"Check the name; the folder {str(path.parent)!r} exists"
    else:
        next_step = (
            f"Check the path; the folder {shortened(str(path.parent), most=MAX_HUB_ID)} does not exist either"
        )
    return DataError(
        f"no file or folder {shortened(source, most=MAX_HUB_ID)}",
        expected="a file, a folder, or the id of a data set",
        next_step=next_step,
        code="no-such-source",
    )
